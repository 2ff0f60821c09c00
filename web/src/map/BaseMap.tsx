/** The map itself: created once, filled by what its owner does with the instance. */

import { Map as LibreMap, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import { useEffect, useRef, useState } from "react";
import { useMode } from "../app/theme";
import { useLanguage } from "../i18n";
import { areas } from "./areas";
import { areaBounds, areaNames, type Bounds } from "./features";
import { styleOf } from "./style";

setWorkerUrl(workerUrl);

export function fill(map: LibreMap, source: string, features: GeoJSON.Feature[]): void {
  const found = map.getSource(source) as { setData?: (data: GeoJSON.GeoJSON) => void } | undefined;
  found?.setData?.({ type: "FeatureCollection", features });
}

interface Props {
  /** Called when the map is ready, and again when its style was changed: fill it anew. */
  onReady: (map: LibreMap) => void;
  label: string;
  centre?: [number, number];
  zoom?: number;
  padding?: { left: number; right: number; top: number; bottom: number };
}

export function BaseMap({ onReady, label, centre, zoom, padding }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<LibreMap>();
  const ready = useRef(onReady);
  ready.current = onReady;
  const mode = useMode();
  const { lang } = useLanguage();
  useEffect(() => {
    const made = new LibreMap({
      container: holder.current!,
      style: styleOf(mode, lang),
      center: centre ?? [116.4, 39.9],
      zoom: zoom ?? 9,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      locale: { "Map.Title": label },
      localIdeographFontFamily: "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif",
    });
    made.touchZoomRotate.disableRotation();
    made.on("style.load", async () => {
      const found = await areas();
      if (!made.getSource("areas")) return;
      fill(made, "areas", found.features);
      fill(made, "names", areaNames(found).features);
      ready.current(made);
    });
    if (!centre) void fitToAreas(made, padding);
    setMap(made);
    return () => made.remove();
  }, []);
  const drawn = useRef(`${mode}/${lang}`);
  useEffect(() => {
    if (!map || drawn.current === `${mode}/${lang}`) return;
    drawn.current = `${mode}/${lang}`;
    map.setStyle(styleOf(mode, lang), { diff: false });
  }, [map, mode, lang]);
  return <div ref={holder} className="map" data-testid="map" />;
}

async function fitToAreas(map: LibreMap, padding?: Props["padding"]): Promise<void> {
  const box: Bounds | null = areaBounds(await areas());
  if (!box) return;
  const room = padding ?? { left: 20, right: 20, top: 20, bottom: 20 };
  map.fitBounds(box, { padding: room, animate: false });
}
