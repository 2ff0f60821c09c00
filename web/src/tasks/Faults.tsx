/** What is wrong with tasks that were given, each with its row and column. */

import { Alert, Table } from "antd";
import type { Fault, Problem } from "../data/http";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";

export function Faults({ faults }: { faults: Fault[] }) {
  const { t } = useLanguage();
  return (
    <div data-testid="faults">
      <Alert type="error" showIcon title={t("tasks.faults", { count: faults.length })} />
      <Table<Fault>
        size="small"
        rowKey={(one) => `${one.row}.${one.column}.${one.why}`}
        dataSource={faults}
        pagination={faults.length > 20 ? { pageSize: 20 } : false}
        columns={[
          { title: t("tasks.row"), dataIndex: "row", width: 60 },
          { title: t("tasks.column"), dataIndex: "column_title", width: 110 },
          { title: t("tasks.value"), dataIndex: "value", width: 160 },
          { title: t("tasks.problem"), dataIndex: "text" },
        ]}
      />
    </div>
  );
}

/** The same for a form of one task: its only row goes without saying. */
export function FormFaults({ problem }: { problem?: Problem }) {
  if (!problem) return null;
  if (!problem.faults.length) return <ProblemBox problem={problem} />;
  return (
    <div data-testid="faults">
      {problem.faults.map((one) => (
        <p key={`${one.column}.${one.why}`} className="warn">
          {one.column_title}: {one.text}
        </p>
      ))}
    </div>
  );
}
