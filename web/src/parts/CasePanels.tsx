/** A pack's panels of what is open: findings of its rules, cases of one of its classes. */

import { Link } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { CaseSummary, MapPanel } from "../data/types";
import { usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { openOf, useCaseCounts } from "./caseCounts";
import { inLanguage } from "./feeds";
import type { PanelProps } from "./Panels";
import { raisedBy } from "./panelFigures";
import { SeverityMark, StateTag, useRuleTitle } from "./tags";
import { Countdown, TimeOfDay } from "./time";

const MOST = 4;

export function classOf(panel: MapPanel): string {
  const code = panel.case_class ?? "";
  return code && !code.includes(".") ? `${panel.pack}.${code}` : code;
}

export function FindingsPanel({ panel, findings }: PanelProps) {
  const { t } = useLanguage();
  const titleOf = useRuleTitle();
  if (!findings) return null;
  const rules = panel.rules ?? [];
  const found = raisedBy(findings.values(), panel.pack, rules);
  if (!found.length) return <div className="quiet">{t("panel.none")}</div>;
  const most = Math.min(panel.count ?? MOST, MOST);
  const rule = rules.length === 1 ? `${panel.pack}/${rules[0]}` : "";
  return (
    <>
      <ul className="feed">
        {found.slice(0, most).map((one) => (
          <li key={one.id}>
            <Link className="item" to={`/findings/${one.id}`}>
              <span className="line">
                <span className="title">{titleOf(one)}</span>
                <SeverityMark severity={one.severity} />
              </span>
              <span className="sub">
                <span>{one.place_name}</span>
                <TimeOfDay at={one.raised_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {found.length > most && (
        <Link to={withQuery("/findings", { state: "open", rule })}>
          {t("panel.all", { count: found.length })}
        </Link>
      )}
    </>
  );
}

export function CasesPanel({ panel }: PanelProps) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const case_class = classOf(panel);
  const most = Math.min(panel.count ?? MOST, MOST);
  const allowed = may("cases.report");
  const path = withQuery("/api/cases", { kind: "open", case_class });
  const list = usePages<CaseSummary>(allowed ? path : null, 20);
  const count = openOf(useCaseCounts(case_class));
  useLive<CaseSummary>("case", (raw) => {
    if (case_class && raw.case_class !== case_class) return;
    const one = inLanguage(raw, lang);
    const over = one.kind === "done" || one.kind === "void";
    list.change((items) => {
      const others = items.filter((item) => item.no !== one.no);
      return over ? others : [one, ...others].sort((a, b) => b.no - a.no);
    });
    if (over && list.items.length <= most) list.reload();
  });
  useLive("reset", () => list.reload());
  if (!allowed) return <div className="quiet">{t("panel.not_allowed")}</div>;
  if (!list.items.length)
    return list.loading ? null : <div className="quiet">{t("panel.none")}</div>;
  return (
    <>
      <ul className="feed">
        {list.items.slice(0, most).map((one) => (
          <li key={one.no}>
            <Link className="item" to={`/cases/${one.no}`}>
              <span className="line">
                <span className="title">
                  <span className="quiet">#{one.no}</span> {one.place_name || one.title}
                </span>
                <StateTag kind={one.kind} title={one.state_title} />
              </span>
              <span className="sub">
                <span>{one.organisation_name || one.grid_name}</span>
                <Countdown due={one.due_at} overdue={one.overdue} standing={one.kind === "waiting"} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {(count ?? list.items.length) > most && (
        <Link to={withQuery("/cases", { kind: "open", case_class })}>
          {t("panel.all", { count: count ?? list.items.length })}
        </Link>
      )}
    </>
  );
}
