/** Rates of a period by class, grid, street, department, person or channel. */

import { Segmented } from "antd";
import { useState } from "react";
import { withQuery } from "../data/http";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { CasesDrawer, type Figure } from "./CasesDrawer";
import { FigureTable } from "./FigureTable";
import { PeriodChoice, usual } from "./period";
import { type Figures, percent, type RatesAnswer, ROW, whole } from "./types";

const BY = ["organisation", "class", "street", "grid", "person", "channel"] as const;
const HEADS = ["closing_rate", "on_time_closing_rate", "rework_rate", "satisfaction_rate"];

export function Heads({ figures }: { figures: Figures }) {
  const { t, lang } = useLanguage();
  return (
    <div className="figures" style={{ gridTemplateColumns: ROW, marginBottom: 14 }}>
      {["filed", "closed", "backlog", "late"].map((name) => (
        <div className="figure" key={name}>
          <div className="value" data-testid={`city-${name}`}>
            {whole(figures.counts[name], lang)}
          </div>
          <div className="label">{t(`assess.${name}` as Key)}</div>
        </div>
      ))}
      {HEADS.map((name) => (
        <div className="figure" key={name}>
          <div className="value">{percent(figures.rates[name])}</div>
          <div className="label">{t(`assess.${name}` as Key)}</div>
        </div>
      ))}
    </div>
  );
}

export function RatesPart() {
  const { t, lang } = useLanguage();
  const [by, setBy] = useState<string>("organisation");
  const [days, setDays] = useState(() => usual("month"));
  const [figure, setFigure] = useState<Figure | null>(null);
  const path = withQuery("/api/assessment/rates", { by, ...days });
  const { data, problem, loading, reload } = useGet<RatesAnswer>(path);
  return (
    <>
      <div className="filters">
        <Segmented
          value={by}
          onChange={setBy}
          options={BY.map((one) => ({ value: one, label: t(`assess.${one}` as Key) }))}
        />
        <PeriodChoice value={days} onChange={setDays} />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {data && (
        <section className="block">
          <h3>{t("assess.whole_city")}</h3>
          <Heads figures={data.city} />
        </section>
      )}
      <FigureTable
        by={by}
        items={data?.items ?? []}
        loading={loading}
        onOpen={(group, count) =>
          setFigure({ ...days, count, by, key: group.key, title: group.title[lang] ?? "" })
        }
      />
      <CasesDrawer figure={figure} onClose={() => setFigure(null)} />
    </>
  );
}
