/** A pack's panels of values: one figure, and a value over time. */

import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { get, withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useLanguage } from "../i18n";
import { classOf } from "./CasePanels";
import { openOf, useCaseCounts } from "./caseCounts";
import { figure, remaining } from "./duration";
import type { PanelProps } from "./Panels";
import { aggregate, type Point, perInterval, raisedBy } from "./panelFigures";
import { unitOf } from "./Ranking";
import { cityNow } from "./time";
import { isValued, useValues } from "./values";

const Chart = lazy(() => import("./Chart"));

function Big({ value, unit, to }: { value: string; unit: string; to?: string }) {
  const shown = (
    <div className="value">
      {value}
      <small>{unit}</small>
    </div>
  );
  return <div className="figure">{to ? <Link to={to}>{shown}</Link> : shown}</div>;
}

export function NumberPanel(props: PanelProps) {
  const { panel, findings } = props;
  const { lang } = useLanguage();
  const case_class = classOf(panel);
  const counts = useCaseCounts(case_class, case_class !== "");
  const unit = unitOf(panel);
  if (case_class) {
    const to = withQuery("/cases", { kind: "open", case_class });
    return <Big value={figure(openOf(counts), lang)} unit={unit} to={to} />;
  }
  if (panel.rules) {
    const count = findings && raisedBy(findings.values(), panel.pack, panel.rules).length;
    const rule = panel.rules.length === 1 ? `${panel.pack}/${panel.rules[0]}` : "";
    const to = withQuery("/findings", { state: "open", rule });
    return <Big value={figure(count, lang)} unit={unit} to={to} />;
  }
  return <ValueNumber {...props} />;
}

function ValueNumber({ panel, layers }: PanelProps) {
  const { t, lang } = useLanguage();
  const { rows, many, total } = useValues(panel, layers);
  const counted = panel.show === "count" && !panel.property;
  if (many && !counted) return <div className="quiet">{t("panel.too_many")}</div>;
  const values = rows?.filter(isValued).map((row) => row.value);
  const value = counted ? total : values && aggregate(values, panel.show ?? "sum");
  return <Big value={figure(value, lang)} unit={unitOf(panel)} />;
}

const MOST_STREAMS = 20;
const PAGES = 5;
const SPAN_S = 86_400;
const DRAW_MS = 2000;

interface Observed {
  value: { phenomenonTime: string; result: unknown }[];
  "@iot.nextLink"?: string;
}

async function observed(stream: number, since: number): Promise<Point[]> {
  const found: Point[] = [];
  let path = withQuery(`/v1.1/Datastreams(${stream})/Observations`, {
    $top: 1000,
    $orderby: "phenomenonTime desc",
    $select: "phenomenonTime,result",
    $filter: `phenomenonTime ge ${new Date(since).toISOString()}`,
  });
  for (let page = 0; page < PAGES; page++) {
    const answer: Observed = await get(path);
    for (const one of answer.value)
      if (typeof one.result === "number")
        found.push([Date.parse(one.phenomenonTime.split("/")[0]!), one.result]);
    const next = answer["@iot.nextLink"];
    if (!next) break;
    const { pathname, search } = new URL(next, location.origin);
    path = pathname + search;
  }
  return found;
}

/** The observations of the last `span` milliseconds of some datastreams, newest ones added as
 * they come. */
function useSeries(streams: readonly number[], span: number): Point[][] | undefined {
  const [series, setSeries] = useState<Map<number, Point[]>>();
  const [round, setRound] = useState(0);
  const fresh = useRef<[number, Point][]>([]);
  const key = streams.join();
  useEffect(() => {
    const wanted = key ? key.split(",").map(Number) : [];
    let current = true;
    fresh.current = [];
    const since = cityNow() - span;
    Promise.all(wanted.map(async (id) => [id, await observed(id, since)] as const)).then(
      (found) => current && setSeries(new Map(found)),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [key, span, round]);
  useLive("reset", () => setRound((value) => value + 1));
  useLive<{ t: [number, number, number | null][] }>("latest", (event) => {
    for (const [stream, time, value] of event.t)
      if (value !== null && streams.includes(stream))
        fresh.current.push([stream, [time / 1000, value]]);
  });
  useEffect(() => {
    const timer = setInterval(() => {
      setSeries((held) => {
        const added = fresh.current;
        if (!held || !added.length) return held;
        fresh.current = [];
        const since = cityNow() - span;
        const next = new Map<number, Point[]>();
        for (const [id, points] of held) {
          const own = added.filter(([stream]) => stream === id).map(([, point]) => point);
          next.set(id, [...points, ...own].filter(([time]) => time >= since));
        }
        return next;
      });
    }, DRAW_MS);
    return () => clearInterval(timer);
  }, [span]);
  return useMemo(() => series && [...series.values()], [series]);
}

export function ChartPanel(props: PanelProps) {
  const { t } = useLanguage();
  const { rows, many, total } = useValues(props.panel, props.layers);
  if (!rows) return null;
  const streams = rows.map((row) => row.stream).filter((id) => id > 0);
  if (many || streams.length > MOST_STREAMS) {
    const count = many ? total : streams.length;
    return (
      <div className="quiet">
        {t("panel.too_many_streams", { count: count ?? 0, most: MOST_STREAMS })}
      </div>
    );
  }
  return <Drawn {...props} streams={streams} />;
}

function Drawn({ panel, streams }: PanelProps & { streams: number[] }) {
  const { t } = useLanguage();
  const span = (panel.span ?? SPAN_S) * 1000;
  const every = panel.every ? panel.every * 1000 : Math.max(span / 96, 1000);
  const series = useSeries(streams, span);
  const show = panel.show ?? "average";
  const points = useMemo(() => series && perInterval(series, every, show), [series, every, show]);
  if (!points) return null;
  if (!points.length) return <div className="quiet">{t("state.no_values")}</div>;
  const time = remaining(span, t).replace(/ 0\D+$/, "");
  return (
    <Suspense fallback={null}>
      <div className="quiet">{t("panel.span", { time })}</div>
      <Chart points={points} unit={panel.unit ?? "1"} height={96} label={panel.title} />
    </Suspense>
  );
}
