/** What the first rows of a job would become: those that go in, and those that do not with why. */

import { Alert, Table } from "antd";
import { useLanguage } from "../../i18n";
import { Nothing } from "../../parts/states";

export interface Tried {
  columns: { name: string; type: string }[];
  key: string[];
  items: Record<string, string | null>[];
  refused: { row: number; column: string; value: string; reason: string }[];
}

export function Preview({ of }: { of: Tried }) {
  const { t, known } = useLanguage();
  const { items, refused } = of;
  if (!items.length && !refused.length) return <Nothing>{t("job.preview_empty")}</Nothing>;
  return (
    <div data-testid="preview">
      <Alert
        type={refused.length ? "warning" : "success"}
        showIcon
        style={{ marginBottom: 12 }}
        title={t("job.previewed", { good: items.length, bad: refused.length })}
      />
      <Table
        rowKey={(one) => items.indexOf(one)}
        size="small"
        pagination={false}
        scroll={{ x: "max-content", y: 320 }}
        dataSource={items}
        columns={of.columns.map((one) => ({
          title: of.key.includes(one.name) ? `${one.name} *` : one.name,
          key: one.name,
          render: (_: unknown, row: Record<string, string | null>) => row[one.name] ?? <span className="quiet">∅</span>,
        }))}
      />
      {refused.length > 0 && (
        <>
          <h4>{t("exchange.rejects")}</h4>
          <Table
            rowKey={(one) => `${one.row}.${one.column}`}
            size="small"
            pagination={false}
            dataSource={refused}
            columns={[
              { title: t("job.row"), width: 80, render: (_, one) => one.row + 1 },
              { title: t("exchange.column"), dataIndex: "column", width: 160 },
              { title: t("exchange.value"), dataIndex: "value", ellipsis: true },
              {
                title: t("exchange.reason"),
                width: 200,
                render: (_, one) =>
                  one.reason.startsWith("rule:")
                    ? t("exchange.reason.rule", { rule: one.reason.slice(5) })
                    : (known(`exchange.reason.${one.reason}`) ?? one.reason),
              },
            ]}
          />
        </>
      )}
    </div>
  );
}
