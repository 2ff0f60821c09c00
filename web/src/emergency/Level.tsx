import { useLanguage } from "../i18n";
import { cityNow, useTick } from "../parts/time";
import type { Incident } from "./types";

/** The level in words on its colour. */
export function LevelTag({ colour, title }: { colour: string; title: string }) {
  return <span className={`level ${colour}`}>{title}</span>;
}

/** How long an emergency has run, by the city's clock. */
export function Since({ one }: { one: Pick<Incident, "started_at" | "ended_at"> }) {
  const { t } = useLanguage();
  useTick();
  const end = one.ended_at ? Date.parse(one.ended_at) : cityNow();
  const minutes = Math.max(0, Math.floor((end - Date.parse(one.started_at)) / 60000));
  const hours = Math.floor(minutes / 60);
  return (
    <span className="since">
      {t("emergency.since", { hours, minutes: String(minutes % 60).padStart(2, "0") })}
    </span>
  );
}
