/** A small chart of one series. */

import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../app/theme";
import { onClocks } from "../data/zone";
import { timeChart } from "./timeChart";

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
    const { chart, end } = timeChart(holder.current!, palette);
    chart.setOption({
      tooltip: {
        valueFormatter: (value: unknown) => `${value} ${unit === "1" ? "" : unit}`,
      },
      yAxis: { splitNumber: 3 },
      series: [
        {
          type: "line",
          data: points.map(([at, value]) => [onClocks(at), value]),
          showSymbol: points.length < 30,
          symbolSize: 5,
          step: false,
          lineStyle: { color: palette.accent, width: 1.8 },
          itemStyle: { color: palette.accent },
          areaStyle: { color: palette.accent, opacity: 0.1 },
        },
      ],
    });
    return end;
  }, [points, unit, mode]);
  return <div ref={holder} style={{ height }} role="img" aria-label={label} />;
}
