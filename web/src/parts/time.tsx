/** Times as people read them, by the city's clock (which a simulation moves). */

import { useEffect, useState } from "react";
import { useLive } from "../data/live";
import type { Pulse } from "../data/types";
import { dayOf, told } from "../data/zone";
import { useLanguage } from "../i18n";
import { remaining } from "./duration";

let read = 0;
let heard = 0;
let speed = 1;

/** Remember what time it is at the server; two readings give the clock's speed. */
export function rememberClock(iso: string): void {
  const now = performance.now();
  const instant = Date.parse(iso);
  if (read > 0 && now - heard > 800) {
    const measured = (instant - read) / (now - heard);
    speed = measured > 1.2 ? measured : 1;
  }
  read = instant;
  heard = now;
}

/** The city's time in milliseconds. */
export function cityNow(): number {
  return read === 0 ? Date.now() : read + (performance.now() - heard) * speed;
}

export function useTick(ms = 1000): number {
  const [now, setNow] = useState(cityNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(cityNow()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

export function CityClock() {
  const { lang } = useLanguage();
  const now = useTick();
  useLive<Pulse>("ledger", (pulse) => rememberClock(pulse.at));
  const text = told(now, lang, {
    month: "2-digit",
    day: "2-digit",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return <time dateTime={new Date(now).toISOString()}>{text}</time>;
}

/** A whole instant. */
export function When({ at }: { at: string | null | undefined }) {
  const { lang } = useLanguage();
  if (!at) return <>–</>;
  const text = told(at, lang, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (
    <time dateTime={at} title={at}>
      {text}
    </time>
  );
}

/** Hour and minute; the day too when it is not today. */
export function TimeOfDay({ at }: { at: string | number | null | undefined }) {
  const { lang } = useLanguage();
  if (at === null || at === undefined) return null;
  const text = told(at, lang, {
    ...(dayOf(cityNow()) === dayOf(at) ? {} : { month: "2-digit", day: "2-digit" }),
    hour: "2-digit",
    minute: "2-digit",
  });
  return <time dateTime={new Date(at).toISOString()}>{text}</time>;
}

/** How long until a deadline, or how long past it. */
export function Countdown({
  due,
  overdue,
  large,
  standing,
}: {
  due: string | null;
  overdue: boolean;
  large?: boolean;
  /** The clock stands still: there is a limit, and no time at which it is over. */
  standing?: boolean;
}) {
  const { t } = useLanguage();
  const now = useTick(1000);
  if (!due) return <span className="quiet">{t(standing ? "case.standing" : "case.no_deadline")}</span>;
  const left = Date.parse(due) - now;
  const late = overdue || left < 0;
  const text = remaining(Math.abs(left), t);
  return (
    <span className={`${late ? "late" : ""} ${large ? "countdown" : ""}`}>
      {left < 0 ? t("case.late_by", { time: text }) : t("case.left", { time: text })}
    </span>
  );
}
