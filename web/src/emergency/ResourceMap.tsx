/** A map with the place of an emergency and the resources around it. */

import type { Map as LibreMap } from "maplibre-gl";
import { useEffect, useState } from "react";
import { BaseMap, fill } from "../map/BaseMap";
import type { Resource } from "./types";

function point(lon: number, lat: number): GeoJSON.Feature {
  return { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: {} };
}

export default function ResourceMap({
  at,
  resources,
  label,
}: {
  at: [number, number];
  resources: Resource[];
  label: string;
}) {
  const [map, setMap] = useState<LibreMap>();
  const [round, setRound] = useState(0);
  const [lon, lat] = at;
  useEffect(() => {
    if (!map) return;
    const places = resources.flatMap((one) => one.places);
    fill(map, "chosen", [point(lon, lat)]);
    fill(map, "resources", places.map((one) => point(one.lon, one.lat)));
    if (!places.length) return;
    const lons = [lon, ...places.map((one) => one.lon)];
    const lats = [lat, ...places.map((one) => one.lat)];
    map.fitBounds(
      [
        [Math.min(...lons), Math.min(...lats)],
        [Math.max(...lons), Math.max(...lats)],
      ],
      { padding: 40, maxZoom: 14, animate: false },
    );
  }, [map, lon, lat, resources, round]);
  return (
    <div className="mini-map" style={{ height: 260 }}>
      <BaseMap
        label={label}
        centre={at}
        zoom={12}
        onReady={(made) => {
          if (!made.getSource("resources")) {
            made.addSource("resources", {
              type: "geojson",
              data: { type: "FeatureCollection", features: [] },
            });
            made.addLayer({
              id: "resources",
              type: "circle",
              source: "resources",
              paint: {
                "circle-radius": 6,
                "circle-color": "#2fa36b",
                "circle-stroke-color": "#ffffff",
                "circle-stroke-width": 1.5,
              },
            });
          }
          setMap(made);
          setRound((value) => value + 1);
        }}
      />
    </div>
  );
}
