/** What was found and which cases there are, newest first, as it happens. */

import { useRef } from "react";
import { Link } from "react-router";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { CaseSummary, Finding } from "../data/types";
import { usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Nothing, ProblemBox } from "./states";
import type { Chosen } from "./ThingCard";
import { SeverityMark, StateTag, useRuleTitle } from "./tags";
import { Countdown, TimeOfDay } from "./time";

const MOST = 60;

/** An event as the reader's language shows it. */
export function inLanguage<T extends { en?: Partial<T> }>(one: T, lang: string): T {
  return lang === "en" && one.en ? { ...one, ...one.en } : one;
}

export function FindingFeed({
  onChoose,
}: {
  onChoose: (lon: number | null, lat: number | null, chosen: Chosen | null) => void;
}) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const titleOf = useRuleTitle();
  const list = usePages<Finding>(may("rules.read") ? "/api/findings?state=all" : null, 40);
  const fresh = useRef(new Set<number>());
  useLive<Finding & { en?: Partial<Finding> }>("finding", (raw) => {
    const one = inLanguage(raw, lang) as Finding;
    list.change((items) => {
      if (items.some((item) => item.id === one.id))
        return items.map((item) => (item.id === one.id ? { ...item, ...one } : item));
      if (one.state !== "open" || !one.rule) return items;
      fresh.current.add(one.id);
      return [one, ...items].slice(0, MOST);
    });
  });
  useLive("reset", () => list.reload());
  return (
    <>
      <h3 id="findings-title">
        {t("live.findings")}
        <Link to="/findings">{t("list.all")}</Link>
      </h3>
      <div className="scroll">
        {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
        {!list.loading && !list.problem && list.items.length === 0 && (
          <Nothing>{t("live.no_findings")}</Nothing>
        )}
        <ul className="feed" data-testid="finding-feed">
          {list.items.slice(0, MOST).map((one) => (
            <li
              key={one.id}
              className={`${one.state === "open" ? "" : "cleared"} ${fresh.current.has(one.id) ? "fresh" : ""}`}
            >
              <button
                type="button"
                className="item"
                onClick={() =>
                  onChoose(
                    one.lon,
                    one.lat,
                    one.place ? { of: "place", id: one.place } : { of: "thing", id: one.thing },
                  )
                }
              >
                <span className="line">
                  <span className="title">{titleOf(one)}</span>
                  {one.state === "open" ? (
                    <SeverityMark severity={one.severity} />
                  ) : (
                    <span className="quiet">{t(`finding.${one.state}`)}</span>
                  )}
                </span>
                <span className="sub">
                  <span>{one.place_name}</span>
                  <TimeOfDay at={one.raised_at} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

export function CaseFeed() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const list = usePages<CaseSummary>(may("cases.report") ? "/api/cases" : null, 30);
  const fresh = useRef(new Set<number>());
  useLive<CaseSummary>("case", (raw) => {
    const one = inLanguage(raw, lang);
    list.change((items) => {
      if (items.some((item) => item.no === one.no))
        return items.map((item) => (item.no === one.no ? one : item));
      fresh.current.add(one.no);
      return [one, ...items].sort((a, b) => b.no - a.no).slice(0, MOST);
    });
  });
  useLive("reset", () => list.reload());
  return (
    <>
      <h3 id="cases-title">
        {t("live.cases")}
        <Link to="/cases">{t("list.all")}</Link>
      </h3>
      <div className="scroll">
        {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
        {!list.loading && !list.problem && list.items.length === 0 && (
          <Nothing>{t("live.no_cases")}</Nothing>
        )}
        <ul className="feed" data-testid="case-feed">
          {list.items.map((one) => (
            <li key={one.no} className={fresh.current.has(one.no) ? "fresh" : ""}>
              <Link className="item" to={`/cases/${one.no}`}>
                <span className="line">
                  <span className="title">
                    <span className="quiet">#{one.no}</span> {one.title}
                  </span>
                  <StateTag kind={one.kind} title={one.state_title} />
                </span>
                <span className="sub">
                  <span>{one.organisation_name || one.grid_name}</span>
                  {one.kind === "done" || one.kind === "void" ? (
                    <TimeOfDay at={one.opened_at} />
                  ) : (
                    <Countdown due={one.due_at} overdue={one.overdue} standing={one.kind === "waiting"} />
                  )}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}
