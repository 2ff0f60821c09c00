/** The mean of each bucket as a line, in the band from its least to its greatest value. */

import { useEffect, useRef } from "react";
import { PALETTES, useMode } from "../app/theme";
import { onClocks, told } from "../data/zone";
import { useLanguage } from "../i18n";
import { figure } from "../parts/duration";
import { timeChart } from "../parts/timeChart";
import type { Bucket } from "./history";

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
    const { chart, end } = timeChart(holder.current!, palette, lang === "en" ? "EN" : "ZH");
    const shown = unit === "1" ? "" : ` ${unit}`;
    const moment = (at: number) =>
      told(at, lang, {
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
      grid: { right: 16, top: 12 },
      tooltip: {
        formatter: (points: { dataIndex: number }[]) => {
          const one = buckets[points[0]?.dataIndex ?? -1];
          return one && one.mean !== null ? said(one) : "";
        },
      },
      series: [
        { ...hidden, data: buckets.map((one) => [onClocks(one.at), one.least]) },
        {
          ...hidden,
          data: buckets.map((one) => [
            onClocks(one.at),
            one.most === null || one.least === null ? null : one.most - one.least,
          ]),
          areaStyle: { color: palette.accent, opacity: mode === "dark" ? 0.28 : 0.18 },
        },
        {
          type: "line",
          data: buckets.map((one) => [onClocks(one.at), one.mean]),
          showSymbol: buckets.length < FEW,
          symbolSize: 5,
          lineStyle: { color: palette.accent, width: 1.8 },
          itemStyle: { color: palette.accent },
        },
      ],
    });
    return end;
  }, [buckets, daily, unit, mode, lang, t]);
  return <div ref={holder} style={{ height: 280 }} role="img" aria-label={label} />;
}
