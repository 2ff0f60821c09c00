/** Rows with a longitude and a latitude on the map. */

import type { Map as LibreMap } from "maplibre-gl";
import { useEffect, useMemo, useState } from "react";
import { BaseMap, fill } from "../../map/BaseMap";
import type { Row } from "./types";

export default function RowsMap({
  rows,
  lon,
  lat,
  label,
}: {
  rows: Row[];
  lon: string;
  lat: string;
  label: string;
}) {
  const [map, setMap] = useState<LibreMap>();
  const points = useMemo(
    () =>
      rows
        .filter((row) => row[lon] != null && row[lat] != null)
        .map((row) => [Number(row[lon]), Number(row[lat])] as [number, number])
        .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
    [rows, lon, lat],
  );
  const middle = (place: 0 | 1) => points.reduce((sum, one) => sum + one[place], 0) / points.length;
  const centre: [number, number] | undefined = points.length ? [middle(0), middle(1)] : undefined;
  useEffect(() => {
    if (!map) return;
    fill(
      map,
      "chosen",
      points.map((coordinates) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates },
        properties: {},
      })),
    );
  }, [map, points]);
  return (
    <div className="mini-map" style={{ height: 260 }}>
      <BaseMap label={label} centre={centre} zoom={10} onReady={setMap} />
    </div>
  );
}
