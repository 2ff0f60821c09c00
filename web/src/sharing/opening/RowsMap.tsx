/** Rows with a longitude and a latitude on the map. */

import type { Map as LibreMap } from "maplibre-gl";
import { useEffect, useState } from "react";
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
  const points = rows
    .map((row) => [Number(row[lon]), Number(row[lat])] as [number, number])
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
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
      <BaseMap label={label} centre={points[0]} zoom={11} onReady={setMap} />
    </div>
  );
}
