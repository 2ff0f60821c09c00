/** A map on which the area of an alert is drawn, corner by corner. */

import { Button, Space } from "antd";
import type { Map as LibreMap, MapMouseEvent } from "maplibre-gl";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../i18n";
import { BaseMap, fill } from "../map/BaseMap";

type Corner = [number, number];
const SOURCE = "alert-area";

function shape(corners: Corner[]): GeoJSON.Feature[] {
  const points = corners.map((one) => ({
    type: "Feature" as const,
    geometry: { type: "Point" as const, coordinates: one },
    properties: {},
  }));
  if (corners.length < 3) return points;
  const ring = [...corners, corners[0]!];
  return [
    { type: "Feature", geometry: { type: "Polygon", coordinates: [ring] }, properties: {} },
    ...points,
  ];
}

export default function AreaMap({
  at,
  value = [],
  onChange,
}: {
  at: Corner;
  value?: Corner[];
  onChange?: (value: Corner[]) => void;
}) {
  const { t } = useLanguage();
  const [map, setMap] = useState<LibreMap>();
  const [round, setRound] = useState(0);
  const held = useRef(value);
  held.current = value;
  const tell = useRef(onChange);
  tell.current = onChange;
  const [lon, lat] = at;
  useEffect(() => {
    if (!map) return;
    fill(map, "chosen", [
      { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: {} },
    ]);
    fill(map, SOURCE, shape(value));
  }, [map, round, lon, lat, value]);
  useEffect(() => {
    if (!map) return;
    const click = (event: MapMouseEvent) => {
      const corner: Corner = [event.lngLat.lng, event.lngLat.lat];
      tell.current?.([...held.current, corner.map((one) => Number(one.toFixed(6))) as Corner]);
    };
    map.on("click", click);
    map.getCanvas().style.cursor = "crosshair";
    return () => {
      map.off("click", click);
    };
  }, [map]);
  return (
    <>
      <div className="mini-map" style={{ height: 260 }} data-testid="alert-area">
        <BaseMap
          label={t("emergency.area")}
          centre={at}
          zoom={13}
          onReady={(made) => {
            if (!made.getSource(SOURCE)) {
              const data = { type: "FeatureCollection" as const, features: [] };
              made.addSource(SOURCE, { type: "geojson", data });
              made.addLayer({
                id: `${SOURCE}-inside`,
                type: "fill",
                source: SOURCE,
                filter: ["==", ["geometry-type"], "Polygon"],
                paint: { "fill-color": "#d6402b", "fill-opacity": 0.25 },
              });
              made.addLayer({
                id: `${SOURCE}-corners`,
                type: "circle",
                source: SOURCE,
                filter: ["==", ["geometry-type"], "Point"],
                paint: { "circle-radius": 4, "circle-color": "#d6402b" },
              });
            }
            setMap(made);
            setRound((one) => one + 1);
          }}
        />
      </div>
      <Space style={{ marginTop: 6 }}>
        <span className="quiet">{t("emergency.area_corners", { count: value.length })}</span>
        <Button size="small" disabled={!value.length} onClick={() => onChange?.(value.slice(0, -1))}>
          {t("emergency.area_back")}
        </Button>
        <Button size="small" disabled={!value.length} onClick={() => onChange?.([])}>
          {t("emergency.area_clear")}
        </Button>
      </Space>
    </>
  );
}
