/** A run in figures: its state, its rows and its reconciliation. */

import { Alert, Table, Tag } from "antd";
import { type Key, useLanguage } from "../../i18n";
import type { Run } from "./types";

const COLOURS = {
  running: "processing",
  waiting: "warning",
  done: "success",
  differs: "error",
  failed: "error",
  stopped: "default",
};

export function isOpen(run: Run | null | undefined): boolean {
  return run?.state === "running" || run?.state === "waiting";
}

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

export function Count({ value }: { value: number | undefined }) {
  const { lang } = useLanguage();
  return <>{value === undefined ? "—" : value.toLocaleString(lang)}</>;
}

/** Both sides of a run in figures, and the sum that must come out. */
export function Reconciled({ run }: { run: Run }) {
  const { t, lang } = useLanguage();
  const count = (value: number) => value.toLocaleString(lang);
  const { read, written, unchanged, rejected } = run.tally;
  const found = run.compared;
  const figures = { read: count(read), written: count(written), unchanged: count(unchanged), rejected: count(rejected) };
  return (
    <>
      <h3>{t("job.figures")}</h3>
      <p>
        {t("job.read_sum", figures)}{" "}
        {read === written + unchanged + rejected ? <Tag color="success">✓</Tag> : <Tag color="error">✗</Tag>}
      </p>
      {found && (
        <Table
          rowKey="side"
          size="small"
          pagination={false}
          style={{ maxWidth: 560 }}
          dataSource={[
            { side: t("job.side_source"), rows: found.source, sum: found.source_sum },
            { side: t("job.side_target"), rows: found.target, sum: found.target_sum },
          ]}
          columns={[
            { title: "", dataIndex: "side", width: 120 },
            { title: t("job.rows"), align: "right", render: (_, one) => count(one.rows) },
            { title: t("job.sum"), render: (_, one) => <code>{one.sum}</code> },
          ]}
        />
      )}
    </>
  );
}
