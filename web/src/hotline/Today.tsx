/** How the desk's day goes. */

import { Statistic } from "antd";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import type { Figures } from "./types";

function Counts({ title, items }: { title: string; items: [string, number][] }) {
  const most = Math.max(1, ...items.map(([, count]) => count));
  return (
    <div className="block">
      <h3>{title}</h3>
      {items.map(([name, count]) => (
        <div key={name} className="desk-bar">
          <span>{name}</span>
          <span>
            <i style={{ width: `${(100 * count) / most}%` }} />
          </span>
          <b>{count}</b>
        </div>
      ))}
    </div>
  );
}

export function Today() {
  const { t } = useLanguage();
  const found = useGet<Figures>("/api/hotline/figures");
  if (found.problem) return <ProblemBox problem={found.problem} retry={found.reload} />;
  if (!found.data) return <Busy />;
  const day = found.data;
  const share = (value: number | null) => (value === null ? "–" : `${Math.round(value * 100)}%`);
  const seconds = day.handling_s;
  const spent =
    seconds === null
      ? "–"
      : t("hotline.minutes", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
  const named = (group: string, values: Record<string, number>): [string, number][] =>
    Object.entries(values).map(([code, count]) => [t(`hotline.${group}.${code}` as Key), count]);
  const shown: [Key, string | number][] = [
    ["hotline.contacts", day.contacts],
    ["hotline.answered_share", share(day.answered_share)],
    ["hotline.handling", spent],
    ["hotline.repeated", share(day.repeated_share)],
    ["hotline.waiting_backs", day.call_backs],
    ["hotline.without_answer", day.missing],
  ];
  return (
    <>
      <div className="desk-figures" data-testid="figures">
        {shown.map(([key, value]) => (
          <div key={key} className="block">
            <Statistic title={t(key)} value={value} />
          </div>
        ))}
      </div>
      <div className="desk-halves">
        <Counts
          title={t("hotline.by_channel")}
          items={day.by_channel.map((one) => [one.title, one.count])}
        />
        <Counts title={t("hotline.by_line")} items={day.by_line.map((one) => [one.title, one.count])} />
        <Counts title={t("hotline.by_kind")} items={named("kind", day.by_kind)} />
        <Counts title={t("hotline.by_outcome")} items={named("outcome", day.by_outcome)} />
      </div>
    </>
  );
}
