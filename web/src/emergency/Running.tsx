/** The emergencies that run, above the live screen. */

import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { useLive, useLiveState } from "../data/live";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { LevelTag, Since } from "./Level";
import type { Incident } from "./types";

const AT_MOST_EVERY_MS = 2_000;
const WITHOUT_WORD_MS = 60_000;
const UNCONNECTED_MS = 10_000;

/** Ask again when the live stream tells of a case, and now and then for what no case tells. */
export function useAgainWithCases(reload: () => void): void {
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { open } = useLiveState();
  const soon = () => {
    waiting.current ??= setTimeout(() => {
      waiting.current = undefined;
      reload();
    }, AT_MOST_EVERY_MS);
  };
  useLive("case", soon);
  useLive("reset", soon);
  useEffect(() => () => clearTimeout(waiting.current), []);
  useEffect(() => {
    const timer = setInterval(reload, open ? WITHOUT_WORD_MS : UNCONNECTED_MS);
    return () => clearInterval(timer);
  }, [reload, open]);
}

export function Running() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { data, reload } = useGet<Page<Incident>>(
    may("cases.read") ? "/api/emergencies?running=1" : null,
  );
  useAgainWithCases(reload);
  if (!data?.items.length) return null;
  return (
    <div className="running" role="status" aria-label={t("emergency.running")}>
      {data.items.map((one) => (
        <Link key={one.no} to={`/emergencies/${one.no}`} className={one.colour}>
          <LevelTag colour={one.colour} title={one.level_title} />
          <b>{one.title}</b> {one.place_name} <Since one={one} />
          {one.counts.late > 0 && (
            <span className="warn">{t("emergency.late_n", { count: one.counts.late })}</span>
          )}
        </Link>
      ))}
    </div>
  );
}
