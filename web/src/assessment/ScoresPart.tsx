/** Scores by a scheme: ranks, and every summand with its figures. */

import { Alert, Select, Table } from "antd";
import { useState } from "react";
import { withQuery } from "../data/http";
import { useGet } from "../data/use";
import type { Page } from "../data/types";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { PeriodChoice, usual } from "./period";
import { type Scheme, type Score, type ScoresAnswer, type Summand, whole } from "./types";

function points(value: number): string {
  return value.toFixed(2);
}

function Summands({ summands }: { summands: Summand[] }) {
  const { t, known } = useLanguage();
  const name = (one: Summand) => known(`assess.${one.of ?? one.kind}`) ?? one.of ?? one.kind;
  const how = (one: Summand) => {
    if (one.denominator === 0) return t("assess.nothing_counted");
    if (one.denominator !== undefined)
      return t("assess.of_weight", {
        numerator: one.numerator ?? 0,
        denominator: one.denominator,
        weight: one.weight ?? 0,
      });
    if (one.count !== undefined)
      return `${one.count} × ${one.each}${one.most ? t("assess.at_most", { most: one.most }) : ""}`;
    return "";
  };
  return (
    <Table<Summand>
      rowKey={(one) => `${one.kind}${one.of ?? ""}`}
      size="small"
      pagination={false}
      dataSource={summands}
      columns={[
        { title: t("assess.summand"), render: (_, one) => name(one) },
        { title: t("assess.kind"), render: (_, one) => t(`assess.kind_${one.kind}` as Key) },
        { title: t("assess.how"), render: (_, one) => how(one) },
        { title: t("assess.points"), align: "right", render: (_, one) => points(one.points) },
      ]}
    />
  );
}

export function ScoreTable({ answer }: { answer: ScoresAnswer }) {
  const { t, lang } = useLanguage();
  const { scheme } = answer;
  return (
    <>
      {scheme.example && <Alert type="info" showIcon title={t("assess.example")} />}
      <p className="quiet">
        {t("assess.version", { from: scheme.from, digest: scheme.digest.slice(0, 12) })}
      </p>
      <div className="table-scroll">
        <Table<Score>
          rowKey="key"
          size="middle"
          pagination={answer.items.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
          dataSource={answer.items}
          locale={{ emptyText: <Nothing>{t("assess.no_figures")}</Nothing> }}
          expandable={{ expandedRowRender: (one) => <Summands summands={one.summands} /> }}
          columns={[
            {
              title: t("assess.rank"),
              width: 90,
              render: (_, one) => one.rank ?? t("assess.too_few"),
            },
            { title: t(`assess.${scheme.of}` as Key), render: (_, one) => one.title[lang] },
            {
              title: t("assess.points"),
              align: "right",
              render: (_, one) => <b>{points(one.points)}</b>,
            },
            { title: t("assess.cases"), align: "right", render: (_, one) => whole(one.cases, lang) },
            {
              title: t("assess.excused"),
              align: "right",
              render: (_, one) => whole(one.excused, lang),
            },
          ]}
        />
      </div>
    </>
  );
}

export function ScoresPart() {
  const { t, lang } = useLanguage();
  const [days, setDays] = useState(() => usual("month"));
  const [code, setCode] = useState<string>();
  const { data: schemes } = useGet<Page<Scheme>>("/api/assessment/schemes");
  const known = [...new Map((schemes?.items ?? []).map((one) => [one.code, one])).values()];
  const chosen = code ?? known[0]?.code;
  const { data, problem, loading, reload } = useGet<ScoresAnswer>(
    chosen ? withQuery("/api/assessment/scores", { scheme: chosen, ...days }) : null,
  );
  return (
    <>
      <div className="filters">
        <Select
          style={{ minWidth: 220 }}
          value={chosen}
          onChange={setCode}
          aria-label={t("assess.scheme")}
          options={known.map((one) => ({ value: one.code, label: one.title[lang] ?? one.code }))}
        />
        <PeriodChoice value={days} onChange={setDays} />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {loading && !data ? <Busy /> : data && <ScoreTable answer={data} />}
    </>
  );
}
