/** Cases opened, closed and late, hour by hour or day by day. */

import { LegendComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../app/theme";
import { onClocks } from "../data/zone";
import { type Key, useLanguage } from "../i18n";
import { timeChart } from "../parts/timeChart";
import type { Span } from "./types";

echarts.use([LegendComponent]);

const LINES = ["filed", "closed", "late"] as const;

export default function TrendChart({
  spans,
  label,
  height = 200,
}: {
  spans: Span[];
  label: string;
  height?: number;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const mode = useMode();
  const { t, lang } = useLanguage();
  useEffect(() => {
    const palette = PALETTES[mode];
    const { chart, end } = timeChart(holder.current!, palette, lang === "en" ? "EN" : "ZH");
    chart.setOption({
      grid: { top: 34 },
      legend: { top: 2, textStyle: { color: palette.text, fontSize: 12 } },
      yAxis: { minInterval: 1, scale: false },
      series: LINES.map((name, place) => ({
        name: t(`assess.${name}` as Key),
        type: "line",
        showSymbol: false,
        data: spans.map((one) => [onClocks(one.at), one[name]]),
        color: [palette.accent, "#3ba272", "#e5604d"][place],
        lineStyle: { width: place === 0 ? 2.2 : 1.6 },
      })),
    });
    return end;
  }, [spans, mode, lang, t]);
  return <div ref={holder} style={{ height }} role="img" aria-label={label} />;
}
