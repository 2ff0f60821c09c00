/** Daily online rates: one line a group, the total thicker. */

import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../app/theme";

echarts.use([LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

export interface Line {
  name: string;
  values: (number | null)[];
}

export default function RateChart({
  days,
  lines,
  label,
}: {
  days: string[];
  lines: Line[];
  label: string;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const mode = useMode();
  useEffect(() => {
    const palette = PALETTES[mode];
    const chart = echarts.init(holder.current!);
    chart.setOption({
      animation: false,
      grid: { left: 4, right: 16, top: 40, bottom: 2, containLabel: true },
      legend: { top: 4, type: "scroll", textStyle: { color: palette.text, fontSize: 12 } },
      tooltip: {
        trigger: "axis",
        valueFormatter: (value: unknown) =>
          value === null || value === undefined ? "–" : `${value} %`,
        backgroundColor: palette.panel,
        borderColor: palette.line,
        textStyle: { color: palette.text, fontSize: 12 },
      },
      xAxis: {
        type: "category",
        data: days,
        axisLabel: { color: palette.quiet, fontSize: 11, hideOverlap: true },
        axisLine: { lineStyle: { color: palette.line } },
      },
      yAxis: {
        type: "value",
        max: 100,
        scale: true,
        axisLabel: { color: palette.quiet, fontSize: 11, formatter: "{value} %" },
        splitLine: { lineStyle: { color: palette.line } },
      },
      series: lines.map((line, place) => ({
        name: line.name,
        type: "line",
        data: line.values.map((one) => (one === null ? null : Math.round(one * 1000) / 10)),
        showSymbol: days.length < 32,
        symbolSize: 5,
        lineStyle: { width: place === 0 ? 3 : 1.5 },
        ...(place === 0 ? { color: palette.accent } : {}),
      })),
    });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(holder.current!);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [days, lines, mode]);
  return <div ref={holder} style={{ height: 280 }} role="img" aria-label={label} />;
}
