/** How scores went over time, between 0 and 100. */

import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../../app/theme";
import { onClocks } from "../../data/zone";
import { useLanguage } from "../../i18n";
import { timeChart } from "../../parts/timeChart";

export default function ScoreChart({
  points,
  label,
  height = 150,
}: {
  points: { at: string; score: number | null }[];
  label: string;
  height?: number;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const mode = useMode();
  const { lang } = useLanguage();
  useEffect(() => {
    const palette = PALETTES[mode];
    const { chart, end } = timeChart(holder.current!, palette, lang === "en" ? "EN" : "ZH");
    chart.setOption({
      yAxis: { max: 100, min: (seen: { min: number }) => Math.max(0, Math.floor(seen.min - 5)) },
      series: [
        {
          name: label,
          type: "line",
          symbolSize: 6,
          data: points.map((one) => [onClocks(one.at), one.score]),
          color: palette.accent,
          lineStyle: { width: 2 },
        },
      ],
    });
    return end;
  }, [points, label, mode, lang]);
  return <div ref={holder} style={{ height }} role="img" aria-label={label} />;
}
