/** How the city runs now: today beside yesterday, departments, trends, the worst classes. */

import { Table } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { CasesDrawer, type Figure } from "./CasesDrawer";
import { rememberToday, usual } from "./period";
import { type OperationsAnswer, percent, ROW, type Standing, whole } from "./types";

const TrendChart = lazy(() => import("./TrendChart"));
const EVERY_MS = 10_000;

export function Operations() {
  const { t, lang } = useLanguage();
  const [figure, setFigure] = useState<Figure | null>(null);
  const { data, problem, reload } = useGet<OperationsAnswer>("/api/assessment/operations");
  useEffect(() => {
    const timer = setInterval(reload, EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  rememberToday(data.day);
  const show = (count: string, by?: string, key?: string | number, title = "") =>
    setFigure({ ...usual("today"), count, by, key, title: title || t("assess.today") });
  const heads = [
    ["filed", true],
    ["closed", true],
    ["late", true],
    ["open_now", false],
    ["overdue_now", false],
  ] as const;
  const rate = percent(data.today.rates.on_time_closing_rate);
  const before = percent(data.yesterday.rates.on_time_closing_rate);
  return (
    <>
      {data.own && <p className="quiet">{t("assess.own_only")}</p>}
      <section className="block" aria-label={t("assess.today")}>
        <div className="figures" style={{ gridTemplateColumns: ROW }}>
          {heads.map(([name, compared]) => (
            <div className="figure" key={name}>
              <button
                type="button"
                className="value bare"
                data-testid={`now-${name}`}
                onClick={() => show(name)}
              >
                {whole(data.today.counts[name], lang)}
              </button>
              <div className="label">
                {t(`assess.${name}` as Key)}
                {compared && (
                  <span className="quiet">
                    {" · "}
                    {t("assess.yesterday_so_far", {
                      count: whole(data.yesterday_so_far.counts[name], lang),
                    })}
                  </span>
                )}
              </div>
            </div>
          ))}
          <div className="figure">
            <div className="value">{rate}</div>
            <div className="label">
              {t("assess.on_time_closing_rate")}
              <span className="quiet"> · {t("assess.yesterday_so_far", { count: before })}</span>
            </div>
          </div>
        </div>
      </section>
      <div style={{ display: "grid", gridTemplateColumns: "1fr 1fr", gap: 16 }}>
        {(["hours", "days"] as const).map((name) => (
          <section className="block" key={name}>
            <h3>{t(`assess.last_${name}` as Key)}</h3>
            <Suspense fallback={<Busy />}>
              <TrendChart spans={data[name]} label={t(`assess.last_${name}` as Key)} />
            </Suspense>
          </section>
        ))}
        <section className="block">
          <h3>{t("assess.by_department")}</h3>
          <Departments items={data.departments} onOpen={show} />
        </section>
        <section className="block">
          <h3>{t("assess.worst_classes")}</h3>
          {data.worst_classes.length === 0 ? (
            <Nothing>{t("assess.none_late")}</Nothing>
          ) : (
            <div className="rank">
              {data.worst_classes.map((one) => (
                <div key={one.key} style={{ display: "contents" }}>
                  <button
                    type="button"
                    onClick={() => show("overdue_now", "class", one.key, one.title[lang])}
                  >
                    {one.title[lang]}
                  </button>
                  <span>{t("assess.late_of", { late: one.late, judged: one.judged })}</span>
                </div>
              ))}
            </div>
          )}
        </section>
      </div>
      <CasesDrawer figure={figure} onClose={() => setFigure(null)} />
    </>
  );
}

function Departments({
  items,
  onOpen,
}: {
  items: Standing[];
  onOpen: (count: string, by: string, key: string | number, title?: string) => void;
}) {
  const { t, lang } = useLanguage();
  const names = ["filed", "closed", "open_now", "overdue_now"] as const;
  return (
    <Table<Standing>
      rowKey="key"
      size="small"
      pagination={items.length > 12 ? { pageSize: 12, showSizeChanger: false } : false}
      dataSource={[...items].sort((one, other) => other.open_now - one.open_now)}
      locale={{ emptyText: <Nothing>{t("assess.no_figures")}</Nothing> }}
      columns={[
        { title: t("assess.organisation"), render: (_, one) => one.title[lang] },
        ...names.map((name) => ({
          title: t(`assess.${name}` as Key),
          align: "right" as const,
          render: (_: unknown, one: Standing) => (
            <button
              type="button"
              className="bare"
              onClick={() => onOpen(name, "organisation", one.key, one.title[lang])}
            >
              {whole(one[name], lang)}
            </button>
          ),
        })),
        {
          title: t("assess.on_time_closing_rate"),
          align: "right",
          render: (_, one) => percent(one.judged ? one.in_time / one.judged : null),
        },
      ]}
    />
  );
}
