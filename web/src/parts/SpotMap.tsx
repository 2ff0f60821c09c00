/** A small map with one point and the area around it, or one that takes a point. */

import type { Map as LibreMap, MapMouseEvent } from "maplibre-gl";
import { useEffect, useRef, useState } from "react";
import { areas } from "../map/areas";
import { BaseMap, fill } from "../map/BaseMap";
import { boundsAround } from "../map/features";

export default function SpotMap({
  at,
  onPick,
  label,
  height = 240,
}: {
  at: [number, number] | null;
  onPick?: (at: [number, number]) => void;
  label: string;
  height?: number;
}) {
  const [map, setMap] = useState<LibreMap>();
  const [round, setRound] = useState(0);
  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    if (!map) return;
    const features: GeoJSON.Feature[] = at
      ? [{ type: "Feature", geometry: { type: "Point", coordinates: at }, properties: {} }]
      : [];
    fill(map, "chosen", features);
  }, [map, at, round]);
  useEffect(() => {
    if (!map || !at || onPick) return;
    let current = true;
    void areas().then((known) => {
      const box = boundsAround(known, at);
      const zoom = box && map.cameraForBounds(box, { maxZoom: 15 })?.zoom;
      if (current && zoom) map.jumpTo({ center: at, zoom });
    });
    return () => {
      current = false;
    };
  }, [map]);
  useEffect(() => {
    if (!map) return;
    const click = (event: MapMouseEvent) => pick.current?.([event.lngLat.lng, event.lngLat.lat]);
    map.on("click", click);
    if (onPick) map.getCanvas().style.cursor = "crosshair";
    return () => {
      map.off("click", click);
    };
  }, [map, onPick]);
  return (
    <div className="mini-map" style={{ height }}>
      <BaseMap
        label={label}
        centre={at ?? undefined}
        zoom={13}
        onReady={(made) => {
          setMap(made);
          setRound((value) => value + 1);
        }}
      />
    </div>
  );
}
