/** A pack's ranking: the places or things with the highest (or lowest) latest values. */

import { useEffect, useState } from "react";
import { get, withQuery } from "../data/http";
import { useLive } from "../data/live";
import type { CellColumns, Columns, MapLayer, MapPanel } from "../data/types";
import { useLanguage } from "../i18n";
import { figure } from "./duration";
import type { Chosen } from "./ThingCard";

interface Row {
  key: string;
  name: string;
  value: number;
  lon: number;
  lat: number;
  chosen: Chosen;
  stream: number;
}

function rowsOf(columns: Columns, of: "place" | "thing"): Row[] {
  return columns.id.flatMap((id, row) => {
    const value = columns.value[row];
    if (value === null || value === undefined) return [];
    return [
      {
        key: `${of}:${id}`,
        name: columns.name?.[row] ?? `#${id}`,
        value,
        lon: columns.lon[row]!,
        lat: columns.lat[row]!,
        chosen: { of, id },
        stream: columns.stream[row]!,
      },
    ];
  });
}

export function Ranking({
  panel,
  layers,
  onChoose,
}: {
  panel: MapPanel;
  layers: MapLayer[];
  onChoose: (lon: number, lat: number, chosen: Chosen) => void;
}) {
  const { lang, t } = useLanguage();
  const [rows, setRows] = useState<Row[]>([]);
  const [round, setRound] = useState(0);
  const places =
    panel.places ||
    layers.find((one) => one.pack === panel.pack && one.property === panel.property)?.places;
  useEffect(() => {
    let current = true;
    const path = places
      ? withQuery("/api/map/places", { kind: places, property: panel.property })
      : withQuery("/api/map/things", {
          kind: `${panel.pack}.${panel.kind}`,
          property: panel.property,
        });
    get<Columns | CellColumns>(path).then(
      (found) => {
        if (current && !found.clustered) setRows(rowsOf(found, places ? "place" : "thing"));
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [places, panel, lang, round]);
  useLive("changed", () => setRound((value) => value + 1));
  useLive<{ t: [number, number, number | null][] }>("latest", (event) => {
    const values = new Map(event.t.map(([stream, , value]) => [stream, value]));
    setRows((held) =>
      held.some((row) => values.has(row.stream))
        ? held.map((row) => ({ ...row, value: values.get(row.stream) ?? row.value }))
        : held,
    );
  });
  const sign = panel.order === "ascending" ? 1 : -1;
  const shown = [...rows]
    .sort((a, b) => sign * (a.value - b.value))
    .slice(0, Math.min(panel.count ?? 5, 5));
  const unit = panel.unit && panel.unit !== "1" ? ` ${panel.unit}` : "";
  return (
    <div style={{ marginBottom: 12 }}>
      <h3>{panel.title}</h3>
      {shown.length === 0 && <div className="quiet">{t("state.no_values")}</div>}
      <div className="rank">
        {shown.map((row) => (
          <div key={row.key} style={{ display: "contents" }}>
            <button type="button" onClick={() => onChoose(row.lon, row.lat, row.chosen)}>
              {row.name}
            </button>
            <span>
              {figure(row.value, lang)}
              {unit}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
