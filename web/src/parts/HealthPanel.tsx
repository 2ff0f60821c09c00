/** How many devices of each kind of a pack report, are silent or have a wrong clock. */

import { Link } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { DeviceSummary, Pulse } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import type { PanelProps } from "./Panels";
import { useKindTitle } from "./tags";

const WATCHED = ["online", "silent", "skewed"] as const;

export function HealthPanel({ panel }: PanelProps) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const kindTitle = useKindTitle();
  const allowed = may("sensing.read_own");
  const { data, reload } = useGet<DeviceSummary>(allowed ? "/api/devices/summary" : null);
  useLive<Pulse>("ledger", (pulse) => {
    const changed = WATCHED.some(
      (name) => pulse[name] !== undefined && pulse[name] !== data?.total[name],
    );
    if (data && changed) reload();
  });
  useLive("reset", () => reload());
  if (!allowed) return <div className="quiet">{t("panel.not_allowed")}</div>;
  if (!data) return null;
  const wanted = panel.kinds?.map((kind) => `${panel.pack}.${kind}`);
  const lines = data.items.filter((one) =>
    wanted ? wanted.includes(one.kind) : one.kind.startsWith(`${panel.pack}.`),
  );
  if (!lines.length) return <div className="quiet">{t("thing.no_devices")}</div>;
  return (
    <table className="health">
      <thead>
        <tr>
          <th>
            <span className="quiet">{t("device.kind")}</span>
          </th>
          {WATCHED.map((name) => (
            <th key={name} className="num quiet">
              {t(`device.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.map((one) => (
          <tr key={one.kind}>
            <td>{kindTitle(one.kind)}</td>
            {WATCHED.map((state) => (
              <td key={state} className="num">
                {one[state] > 0 && state !== "online" ? (
                  <Link className="late" to={withQuery("/devices", { state, kind: one.kind })}>
                    {one[state].toLocaleString(lang)}
                  </Link>
                ) : (
                  one[state].toLocaleString(lang)
                )}
                {state === "online" && (
                  <span className="quiet"> / {one.total.toLocaleString(lang)}</span>
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
