/** A run in figures: its state, its rows, its reconciliation, and what it rejected. */

import { Alert, Table, Tag } from "antd";
import { usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import type { Reject, Run } from "./exchangeTypes";

const COLOURS = {
  running: "processing",
  waiting: "warning",
  done: "success",
  differs: "error",
  failed: "error",
  stopped: "default",
};

export function RunState({ run }: { run: Run }) {
  const { t } = useLanguage();
  return <Tag color={COLOURS[run.state]}>{t(`exchange.state.${run.state}` as Key)}</Tag>;
}

export function Compared({ run }: { run: Run }) {
  const { t, lang } = useLanguage();
  const found = run.compared;
  if (!found) return run.error ? <>{run.error.what}</> : <>—</>;
  const count = (value: number) => value.toLocaleString(lang);
  if (found.same)
    return <>{t("exchange.same", { count: count(found.target), sum: found.source_sum })}</>;
  if (found.same === null) return <>{t(`exchange.why.${found.why}` as Key)}</>;
  return (
    <>
      {t("exchange.not_same", { source: count(found.source), target: count(found.target) })}
    </>
  );
}

export function Trouble({ run }: { run: Run }) {
  if (!run.error) return null;
  const type = run.state === "failed" ? "error" : "warning";
  return <Alert type={type} showIcon title={run.error.what} description={run.error.todo} />;
}

export function Rejects({ job, run }: { job: string; run: Run }) {
  const { t, known } = useLanguage();
  const path = `/api/sharing/exchange/${job}/runs/${run.id}/rejects`;
  const { items, problem, loading, more, reload } = usePages<Reject>(path);
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (loading && !items.length) return <Busy />;
  if (!items.length) return <Nothing>{t("exchange.no_rejects")}</Nothing>;
  return (
    <>
      <Table<Reject>
        rowKey={(one) => `${one.batch}.${one.row}`}
        size="small"
        pagination={false}
        scroll={{ x: 800 }}
        dataSource={items}
        columns={[
          {
            title: t("exchange.reason"),
            width: 160,
            render: (_, one) => known(`exchange.reason.${one.reason}`) ?? one.reason,
          },
          { title: t("exchange.column"), dataIndex: "column", width: 120 },
          { title: t("exchange.value"), dataIndex: "value", width: 200, ellipsis: true },
          {
            title: t("exchange.raw"),
            render: (_, one) => (
              <code className="quiet">
                {Object.entries(one.raw)
                  .map(([name, value]) => `${name}=${value ?? "∅"}`)
                  .join("  ")}
              </code>
            ),
          },
        ]}
      />
      <More more={more} />
    </>
  );
}
