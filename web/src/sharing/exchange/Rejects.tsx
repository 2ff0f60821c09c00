/** The rows that a run rejected: how many for what reason, each as the source had it, as a file. */

import { Button, Space, Table, Tag } from "antd";
import { useGet, usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import type { Reject, Run } from "./types";

interface Reasons {
  reasons: { column: string; reason: string; rows: number }[];
}

export function Rejects({ job, run }: { job: string; run: Run }) {
  const { t, known, lang } = useLanguage();
  const path = `/api/sharing/exchange/${encodeURIComponent(job)}/runs/${run.id}/rejects`;
  const some = run.tally.rejected > 0;
  const { items, problem, loading, more, reload } = usePages<Reject>(some ? path : null);
  const { data } = useGet<Reasons>(some ? `${path}?limit=1` : null);
  const reason = (code: string) =>
    code.startsWith("rule:")
      ? t("exchange.reason.rule", { rule: code.slice(5) })
      : (known(`exchange.reason.${code}`) ?? code);
  if (!some) return <Nothing>{t("exchange.no_rejects")}</Nothing>;
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (loading && !items.length) return <Busy />;
  return (
    <>
      <Space wrap style={{ marginBottom: 10 }}>
        {data?.reasons.map((one) => (
          <Tag key={`${one.column}.${one.reason}`}>
            {one.column} {reason(one.reason)} · {t("job.rows_count", { count: one.rows.toLocaleString(lang) })}
          </Tag>
        ))}
        <Button href={`${path}.csv`} download size="small">
          {t("job.download")}
        </Button>
      </Space>
      <Table<Reject>
        rowKey={(one) => `${one.batch}.${one.row}`}
        size="small"
        pagination={false}
        scroll={{ x: 800 }}
        dataSource={items}
        columns={[
          { title: t("exchange.reason"), width: 160, render: (_, one) => reason(one.reason) },
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
