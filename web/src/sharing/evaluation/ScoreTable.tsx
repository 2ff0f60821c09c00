/** Points and ranks by a scheme; who may see it, every summand with its figures. */

import { Table } from "antd";
import { type Key, useLanguage } from "../../i18n";
import { Nothing } from "../../parts/states";
import type { Definitions, Score, Scored, Summand } from "./types";

function Summands({ told, summands }: { told: Definitions; summands: Summand[] }) {
  const { t } = useLanguage();
  const name = (one: Summand) =>
    told.items.find((each) => each.figure === one.of)?.title ??
    t(`evals.kind.${one.kind}` as Key);
  const how = (one: Summand) => {
    if (one.denominator === 0) return t("evals.uncounted");
    if (one.denominator !== undefined)
      return t("evals.weighed", {
        numerator: one.numerator ?? 0,
        denominator: one.denominator,
        weight: one.counted_weight ?? 0,
      });
    if (one.count === undefined) return "";
    const most = one.most ? t("evals.at_most", { most: one.most }) : "";
    return `${one.count} × ${one.each}${most}`;
  };
  return (
    <Table<Summand>
      rowKey={(one) => `${one.kind} ${one.of ?? ""}`}
      size="small"
      pagination={false}
      dataSource={summands}
      columns={[
        { title: t("evals.summand"), render: (_, one) => name(one) },
        { title: t("evals.kind"), render: (_, one) => t(`evals.kind.${one.kind}` as Key) },
        { title: t("evals.how"), render: (_, one) => how(one) },
        { title: t("evals.points"), align: "right", render: (_, one) => one.points.toFixed(2) },
      ]}
    />
  );
}

export function ScoreTable({ told, scored }: { told: Definitions; scored: Scored }) {
  const { t, lang } = useLanguage();
  const { scheme } = scored;
  return (
    <section data-testid="evaluation-scores" style={{ marginBottom: 18 }}>
      <h3>{scheme.title[lang] ?? scheme.code}</h3>
      <p className="quiet">
        {t("evals.version", { from: scheme.from, digest: scheme.digest.slice(0, 12) })}
      </p>
      <div className="table-scroll">
        <Table<Score>
          rowKey="key"
          size="small"
          pagination={scored.items.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
          dataSource={scored.items}
          locale={{ emptyText: <Nothing>{t("evals.nothing")}</Nothing> }}
          expandable={{
            rowExpandable: (one) => one.summands !== undefined,
            expandedRowRender: (one) => <Summands told={told} summands={one.summands ?? []} />,
          }}
          columns={[
            {
              title: t("evals.rank"),
              width: 110,
              render: (_, one) => one.rank ?? t("evals.unranked"),
            },
            { title: t("evals.department"), render: (_, one) => one.title[lang] },
            {
              title: t("evals.points"),
              align: "right",
              render: (_, one) => <b>{one.points.toFixed(2)}</b>,
            },
          ]}
        />
      </div>
    </section>
  );
}
