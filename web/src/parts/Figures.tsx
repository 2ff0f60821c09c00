/** The key figures, kept by the live stream. */

import { useState } from "react";
import { Link } from "react-router";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { DeviceSummary, Pulse } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { openOf, useCaseCounts } from "./caseCounts";

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

export function Figures({ findings }: { findings: number | undefined }) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const devices = useGet<DeviceSummary>(may("sensing.read_own") ? "/api/devices/summary" : null);
  const cases = useCaseCounts();
  const [pulse, setPulse] = useState<Pulse>();
  useLive<Pulse>("ledger", (next) => setPulse((held) => ({ ...held, ...next })));
  const number = (value: number | undefined) =>
    value === undefined ? "–" : Math.round(value).toLocaleString(lang);
  const online = pulse?.online ?? devices.data?.total.online;
  const all = pulse?.total ?? devices.data?.total.total;
  return (
    <div className="figures">
      <Figure
        label={t("figure.online")}
        value={number(online)}
        small={all === undefined ? undefined : `/ ${number(all)}`}
        to="/devices"
      />
      <Figure label={t("figure.rate")} value={number(pulse?.per_s)} to="/ledger" />
      <Figure label={t("figure.findings")} value={number(findings)} to="/findings?state=open" />
      <Figure label={t("figure.cases")} value={number(openOf(cases))} to="/cases?kind=open" />
      <div className="figure" style={{ gridColumn: "1 / 3" }}>
        <Link to="/cases?overdue=1">
          <span className={cases?.overdue ? "late" : "quiet"}>
            {t("figure.overdue", { count: cases?.overdue ?? 0 })}
          </span>
        </Link>
      </div>
    </div>
  );
}
