/** The rows that one figure counts, and its formula. */

import { Drawer, Table, Tag } from "antd";
import { withQuery } from "../../data/http";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import type { Asked, Definitions } from "./types";

type Row = Record<string, unknown> & { id: number; counts: boolean; adds: number };

const HIDDEN = new Set(["id", "provider", "organisation", "counts", "adds"]);

function Value({ name, value }: { name: string; value: unknown }) {
  const { t, known } = useLanguage();
  if (value === null || value === undefined || value === "") return <>–</>;
  if (name.endsWith("_at") || name === "answer_by") return <When at={String(value)} />;
  if (typeof value === "boolean" || value === 0 || value === 1) {
    if (typeof value === "boolean" || FLAGS.has(name))
      return <>{t(value ? "evals.yes" : "evals.no")}</>;
  }
  return <>{known(`evals.value.${value}`) ?? String(value)}</>;
}

const FLAGS = new Set(["in_force", "with_data", "has_cycle", "fresh", "met"]);

export function RowsDrawer({
  told,
  asked,
  onClose,
}: {
  told: Definitions;
  asked: Asked | null;
  onClose: () => void;
}) {
  const { t } = useLanguage();
  const one = told.items.find((each) => each.figure === asked?.figure);
  const path = asked
    ? withQuery("/api/sharing/evaluation/rows", {
        figure: asked.figure,
        from: asked.from,
        until: asked.until,
        organisation: asked.key ? String(asked.key) : "",
      })
    : null;
  const { items, problem, loading, more, reload } = usePages<Row>(path, 100);
  const first = items[0];
  const names = first
    ? Object.keys(first).filter(
        (name) => !HIDDEN.has(name) && items.some((row) => row[name] !== null && row[name] !== ""),
      )
    : [];
  const rate = one?.sort === "rate";
  const weighs = items.some((row) => row.adds > 1);
  return (
    <Drawer
      open={asked !== null}
      onClose={onClose}
      size={980}
      title={asked ? `${asked.title} · ${one?.title ?? asked.figure}` : ""}
    >
      <div data-testid="evaluation-rows">
        <p className="quiet">
          {one?.how}
          {rate && ` ${t("evals.rate_rows")}`}
        </p>
        {problem && <ProblemBox problem={problem} retry={reload} />}
        <div className="table-scroll">
          <Table<Row>
            rowKey="id"
            size="small"
            pagination={false}
            dataSource={items}
            locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("evals.no_rows")}</Nothing> }}
            columns={[
              { title: t("evals.number"), dataIndex: "id" },
              ...(rate
                ? [
                    {
                      title: t("evals.counts"),
                      render: (_: unknown, row: Row) => (
                        <Tag color={row.counts ? "blue" : undefined}>
                          {t(row.counts ? "evals.yes" : "evals.no")}
                        </Tag>
                      ),
                    },
                  ]
                : []),
              ...names.map((name) => ({
                title: t(`evals.column.${name}` as Key),
                render: (_: unknown, row: Row) => <Value name={name} value={row[name]} />,
              })),
              ...(weighs
                ? [{ title: t("evals.adds"), dataIndex: "adds", align: "right" as const }]
                : []),
            ]}
          />
        </div>
        <More more={more} />
      </div>
    </Drawer>
  );
}
