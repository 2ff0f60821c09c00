/** The mean of each bucket as a line, in the band from its least to its greatest value. */

import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../app/theme";
import { useLanguage } from "../i18n";
import { figure } from "../parts/duration";
import type { Bucket } from "./history";

echarts.use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

const FEW = 60;

export default function BandChart({
  buckets,
  daily,
  unit,
  label,
}: {
  buckets: Bucket[];
  daily: boolean;
  unit: string;
  label: string;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const mode = useMode();
  const { t, lang } = useLanguage();
  useEffect(() => {
    const palette = PALETTES[mode];
    const chart = echarts.init(holder.current!, null, { locale: lang === "en" ? "EN" : "ZH" });
    const shown = unit === "1" ? "" : ` ${unit}`;
    const moment = (at: number) =>
      new Date(at).toLocaleString(lang === "en" ? "en-GB" : "zh-CN", {
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
        ...(daily ? {} : { hour: "2-digit", minute: "2-digit" }),
      });
    const said = (one: Bucket) =>
      [
        `<b>${moment(one.at)}</b>`,
        ...(["most", "mean", "least"] as const).map(
          (name) => `${t(`fleet.${name}`)} ${figure(one[name], lang)}${shown}`,
        ),
        t("fleet.count_of", { count: one.count.toLocaleString(lang) }),
      ].join("<br>");
    const band = { type: "line", stack: "band", stackStrategy: "all", silent: true } as const;
    const hidden = { ...band, symbol: "none", lineStyle: { opacity: 0 } } as const;
    chart.setOption({
      animation: false,
      grid: { left: 4, right: 16, top: 12, bottom: 2, containLabel: true },
      tooltip: {
        trigger: "axis",
        formatter: (points: { dataIndex: number }[]) => {
          const one = buckets[points[0]?.dataIndex ?? -1];
          return one && one.mean !== null ? said(one) : "";
        },
        backgroundColor: palette.panel,
        borderColor: palette.line,
        textStyle: { color: palette.text, fontSize: 12 },
      },
      xAxis: {
        type: "time",
        axisLabel: { color: palette.quiet, fontSize: 11, hideOverlap: true },
        axisLine: { lineStyle: { color: palette.line } },
      },
      yAxis: {
        type: "value",
        scale: true,
        axisLabel: { color: palette.quiet, fontSize: 11 },
        splitLine: { lineStyle: { color: palette.line } },
      },
      series: [
        { ...hidden, data: buckets.map((one) => [one.at, one.least]) },
        {
          ...hidden,
          data: buckets.map((one) => [
            one.at,
            one.most === null || one.least === null ? null : one.most - one.least,
          ]),
          areaStyle: { color: palette.accent, opacity: mode === "dark" ? 0.28 : 0.18 },
        },
        {
          type: "line",
          data: buckets.map((one) => [one.at, one.mean]),
          showSymbol: buckets.length < FEW,
          symbolSize: 5,
          lineStyle: { color: palette.accent, width: 1.8 },
          itemStyle: { color: palette.accent },
        },
      ],
    });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(holder.current!);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [buckets, daily, unit, mode, lang, t]);
  return <div ref={holder} style={{ height: 280 }} role="img" aria-label={label} />;
}
