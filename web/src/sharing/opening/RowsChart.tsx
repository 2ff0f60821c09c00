/** One number of some rows as bars. */

import { BarChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../../app/theme";
import type { Row } from "./types";

echarts.use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

export default function RowsChart({
  rows,
  by,
  of,
  label,
}: {
  rows: Row[];
  by: string;
  of: string;
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
        backgroundColor: palette.panel,
        borderColor: palette.line,
        textStyle: { color: palette.text, fontSize: 12 },
      },
      xAxis: {
        type: "category",
        data: rows.map((row) => String(row[by] ?? "")),
        axisLabel: { color: palette.quiet, fontSize: 11, hideOverlap: true },
        axisLine: { lineStyle: { color: palette.line } },
      },
      yAxis: {
        type: "value",
        axisLabel: { color: palette.quiet, fontSize: 11 },
        splitLine: { lineStyle: { color: palette.line } },
      },
      series: [
        {
          type: "bar",
          name: label,
          data: rows.map((row) => (row[of] === null ? null : Number(row[of]))),
          itemStyle: { color: palette.accent },
          barMaxWidth: 28,
        },
      ],
    });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(holder.current!);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [rows, by, of, label, mode]);
  return <div ref={holder} style={{ height: 260 }} role="img" aria-label={label} />;
}
