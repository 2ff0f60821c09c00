/** Where there is room near the places that a rule found full. */

import { useLanguage } from "../i18n";
import { figure } from "./duration";
import type { PanelProps } from "./Panels";
import { raisedBy, roomNear } from "./panelFigures";
import { useRuleTitle } from "./tags";
import { isValued, useValues } from "./values";

const RADIUS_M = 1000;
const NEIGHBOURS = 3;
const MOST_FULL = 8;

function distance(metres: number, lang: string): string {
  return metres < 1000
    ? `${(Math.round(metres / 10) * 10).toLocaleString(lang)} m`
    : `${figure(metres / 1000, lang)} km`;
}

export function GuidancePanel({ panel, layers, findings, onChoose }: PanelProps) {
  const { t, lang } = useLanguage();
  const titleOf = useRuleTitle();
  const { rows, many } = useValues(panel, layers);
  if (!findings || !rows) return null;
  if (many) return <div className="quiet">{t("panel.too_many")}</div>;
  const rules = panel.when_rules ?? [];
  const newest = new Map(
    raisedBy(findings.values(), panel.pack, rules)
      .reverse()
      .flatMap((one) => (one.place === null ? [] : [[one.place, one] as const])),
  );
  const full = new Set(newest.keys());
  // Those that the first of the rules found come first: a full car park before a nearly full one.
  const rank = (id: number) => rules.indexOf(newest.get(id)!.rule);
  const places = rows.filter((row) => full.has(row.id)).sort((a, b) => rank(a.id) - rank(b.id));
  if (!places.length) return <div className="quiet">{t("panel.none_full")}</div>;
  // Nobody is sent where the pack found anything: full too, or a counter that is not to be trusted.
  const found = new Set<number>();
  for (const one of findings.values())
    if (one.pack === panel.pack && one.place !== null) found.add(one.place);
  const sites = rows.filter(isValued);
  const radius = panel.radius ?? RADIUS_M;
  const go = (row: (typeof rows)[number]) => () => onChoose(row.lon, row.lat, row.chosen);
  return (
    <>
      {places.slice(0, MOST_FULL).map((place) => {
        const near = roomNear(place, sites, found, radius, panel.count ?? NEIGHBOURS);
        return (
          <div className="guide" key={place.key}>
            <div className="rank">
              <button type="button" onClick={go(place)}>
                <b>{place.name}</b>
              </button>
              <span className="quiet">{titleOf(newest.get(place.id)!)}</span>
            </div>
            {near.length === 0 && (
              <div className="quiet">{t("panel.no_room", { metres: Math.round(radius) })}</div>
            )}
            {near.map(({ site, metres }) => (
              <div className="rank near" key={site.key}>
                <button type="button" onClick={go(site)}>
                  {site.name}
                </button>
                <span>
                  <span className="quiet">{distance(metres, lang)}</span>{" "}
                  {t("panel.free", { count: figure(site.value, lang) })}
                </span>
              </div>
            ))}
          </div>
        );
      })}
      {places.length > MOST_FULL && (
        <div className="quiet">{t("panel.more_full", { count: places.length - MOST_FULL })}</div>
      )}
    </>
  );
}
