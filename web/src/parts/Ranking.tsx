/** A pack's ranking: the places or things with the highest (or lowest) latest values. */

import type { MapLayer, MapPanel } from "../data/types";
import { useLanguage } from "../i18n";
import { figure } from "./duration";
import type { Chosen } from "./ThingCard";
import { isValued, useValues } from "./values";

export type GoTo = (lon: number | null, lat: number | null, chosen: Chosen | null) => void;

export function unitOf(panel: MapPanel): string {
  return panel.unit && panel.unit !== "1" ? ` ${panel.unit}` : "";
}

export function Ranking({
  panel,
  layers,
  onChoose,
}: {
  panel: MapPanel;
  layers: MapLayer[];
  onChoose: GoTo;
}) {
  const { lang, t } = useLanguage();
  const { rows, many } = useValues(panel, layers);
  const sign = panel.order === "ascending" ? 1 : -1;
  const shown = (rows ?? [])
    .filter(isValued)
    .sort((a, b) => sign * (a.value - b.value))
    .slice(0, Math.min(panel.count ?? 5, 5));
  return (
    <>
      {rows && shown.length === 0 && (
        <div className="quiet">{t(many ? "panel.too_many" : "state.no_values")}</div>
      )}
      <div className="rank">
        {shown.map((row) => (
          <div key={row.key} style={{ display: "contents" }}>
            <button type="button" onClick={() => onChoose(row.lon, row.lat, row.chosen)}>
              {row.name}
            </button>
            <span>
              {figure(row.value, lang)}
              {unitOf(panel)}
            </span>
          </div>
        ))}
      </div>
    </>
  );
}
