/** A small chart of one series. */

import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../app/theme";

echarts.use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

export default function Chart({
  points,
  unit,
  height = 120,
  label,
}: {
  points: [number, number][];
  unit: string;
  height?: number;
  label: string;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const mode = useMode();
  useEffect(() => {
    const palette = PALETTES[mode];
    const chart = echarts.init(holder.current!);
    chart.setOption({
      animation: false,
      grid: { left: 4, right: 10, top: 10, bottom: 2, containLabel: true },
      tooltip: {
        trigger: "axis",
        valueFormatter: (value: unknown) => `${value} ${unit === "1" ? "" : unit}`,
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
        splitNumber: 3,
        axisLabel: { color: palette.quiet, fontSize: 11 },
        splitLine: { lineStyle: { color: palette.line } },
      },
      series: [
        {
          type: "line",
          data: points,
          showSymbol: points.length < 30,
          symbolSize: 5,
          step: false,
          lineStyle: { color: palette.accent, width: 1.8 },
          itemStyle: { color: palette.accent },
          areaStyle: { color: palette.accent, opacity: 0.1 },
        },
      ],
    });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(holder.current!);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [points, unit, mode]);
  return <div ref={holder} style={{ height }} role="img" aria-label={label} />;
}
