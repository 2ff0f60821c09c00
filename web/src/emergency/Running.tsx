/** The emergencies that run, above the live screen. */

import { useEffect } from "react";
import { Link } from "react-router";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { LevelTag, Since } from "./Level";
import type { Incident } from "./types";

const EVERY_MS = 10_000;

/** Ask again every few seconds while the page is there. */
export function useAgain(reload: () => void): void {
  useEffect(() => {
    const timer = setInterval(reload, EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
}

export function Running() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { data, reload } = useGet<Page<Incident>>(
    may("cases.read") ? "/api/emergencies?running=1" : null,
  );
  useAgain(reload);
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
