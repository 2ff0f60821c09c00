/** The key figures, kept by the live stream. */

import { useEffect, useState } from "react";
import { Link } from "react-router";
import { get } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { CaseCounts, DeviceSummary, Finding, Pulse } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { openFindings } from "./openFindings";

function Figure({
  label,
  value,
  small,
  to,
}: {
  label: string;
  value: string;
  small?: string;
  to: string;
}) {
  return (
    <div className="figure">
      <Link to={to}>
        <div className="value">
          {value} {small && <small>{small}</small>}
        </div>
        <div className="label">{label}</div>
      </Link>
    </div>
  );
}

export function Figures() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const devices = useGet<DeviceSummary>(may("sensing.read") ? "/api/devices/summary" : null);
  const cases = useGet<CaseCounts>(may("cases.report") ? "/api/cases/summary" : null);
  const [pulse, setPulse] = useState<Pulse>();
  const [findings, setFindings] = useState<Set<number>>();
  const [rounds, setRounds] = useState(0);
  useEffect(() => {
    let current = true;
    openFindings(get).then(
      (found) => current && setFindings(new Set(found)),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [rounds]);
  useLive<Pulse>("ledger", (next) => setPulse((held) => ({ ...held, ...next })));
  useLive<Finding>("finding", (one) =>
    setFindings((held) => {
      const next = new Set(held);
      if (one.state === "open") next.add(one.id);
      else next.delete(one.id);
      return next;
    }),
  );
  const [dirty, setDirty] = useState(false);
  useLive("case", () => setDirty(true));
  const { reload } = cases;
  useEffect(() => {
    if (!dirty) return;
    const timer = setTimeout(() => {
      setDirty(false);
      reload();
    }, 800);
    return () => clearTimeout(timer);
  }, [dirty, reload]);
  useLive("reset", () => {
    setRounds((value) => value + 1);
    setDirty(true);
  });
  const number = (value: number | undefined) =>
    value === undefined ? "–" : Math.round(value).toLocaleString(lang);
  const online = pulse?.online ?? devices.data?.total.online;
  const all = pulse?.total ?? devices.data?.total.total;
  const kinds = cases.data?.kinds;
  const open = kinds && kinds.new + kinds.working + kinds.waiting;
  return (
    <div className="figures">
      <Figure
        label={t("figure.online")}
        value={number(online)}
        small={all === undefined ? undefined : `/ ${number(all)}`}
        to="/devices"
      />
      <Figure label={t("figure.rate")} value={number(pulse?.per_s)} to="/ledger" />
      <Figure
        label={t("figure.findings")}
        value={number(findings?.size)}
        to="/findings?state=open"
      />
      <Figure label={t("figure.cases")} value={number(open)} to="/cases?kind=open" />
      <div className="figure" style={{ gridColumn: "1 / 3" }}>
        <Link to="/cases?overdue=1">
          <span className={cases.data?.overdue ? "late" : "quiet"}>
            {t("figure.overdue", { count: cases.data?.overdue ?? 0 })}
          </span>
        </Link>
      </div>
    </div>
  );
}
