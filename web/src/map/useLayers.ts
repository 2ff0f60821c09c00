/** The points of the chosen layers in the current view, kept up to date by the live stream. */

import type { Map as LibreMap } from "maplibre-gl";
import { useCallback, useEffect, useRef, useState } from "react";
import { get, withQuery } from "../data/http";
import { useLive } from "../data/live";
import type { CellColumns, Columns, Finding, MapLayer } from "../data/types";
import { fill } from "./BaseMap";
import {
  cellFeatures,
  colourOf,
  labelOf,
  type PointFeature,
  pointFeatures,
  quietOf,
} from "./features";

interface LatestEvent {
  t: [stream: number, time_us: number, value: number | null][];
  more: number;
}

export const ANY_DEVICE: MapLayer = {
  id: "devices",
  pack: "",
  title: "",
  places: "",
  kind: "",
  icon: "",
  cluster: true,
  property: "",
  unit: "",
  of: "",
  steps: [],
};

function address(layer: MapLayer, bbox: string): string {
  return layer.places
    ? withQuery("/api/map/places", {
        bbox,
        kind: layer.places,
        property: layer.property,
        of: layer.of,
      })
    : withQuery("/api/map/things", { bbox, kind: layer.kind, property: layer.property });
}

function view(map: LibreMap): string {
  const box = map.getBounds();
  const wide = (box.getEast() - box.getWest()) * 0.08;
  const high = (box.getNorth() - box.getSouth()) * 0.08;
  const clamp = (value: number, most: number) => Math.max(-most, Math.min(most, value));
  return [
    clamp(box.getWest() - wide, 180),
    clamp(box.getSouth() - high, 90),
    clamp(box.getEast() + wide, 180),
    clamp(box.getNorth() + high, 90),
  ]
    .map((edge) => edge.toFixed(5))
    .join(",");
}

export function useLayers(map: LibreMap | undefined, round: number, layers: MapLayer[]) {
  const points = useRef<PointFeature[]>([]);
  const byStream = useRef(new Map<number, PointFeature[]>());
  const asked = useRef(0);
  const drawing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [total, setTotal] = useState<number>();
  const layerOf = useRef(new Map<string, MapLayer>());
  layerOf.current = new Map(layers.map((layer) => [layer.id, layer]));

  const load = useCallback(async () => {
    if (!map) return;
    asked.current += 1;
    const number = asked.current;
    const bbox = view(map);
    const answers = await Promise.all(
      layers.map((layer) =>
        get<Columns | CellColumns>(address(layer, bbox)).then(
          (columns) => ({ layer, columns }),
          () => null,
        ),
      ),
    );
    if (number !== asked.current || !map.getSource("points")) return;
    const drawn: PointFeature[] = [];
    const cells: GeoJSON.Feature[] = [];
    let count = 0;
    for (const answer of answers) {
      if (!answer) continue;
      count += answer.columns.total;
      if (answer.columns.clustered) cells.push(...cellFeatures(answer.columns));
      else drawn.push(...pointFeatures(answer.layer, answer.columns));
    }
    points.current = drawn;
    const index = new Map<number, PointFeature[]>();
    for (const point of drawn) {
      const { stream } = point.properties;
      if (stream) index.set(stream, [...(index.get(stream) ?? []), point]);
    }
    byStream.current = index;
    setTotal(count);
    fill(map, "points", drawn);
    fill(map, "cells", cells);
  }, [map, layers]);

  const soon = useCallback(
    (ms: number) => {
      clearTimeout(waiting.current);
      waiting.current = setTimeout(() => void load(), ms);
    },
    [load],
  );

  useEffect(() => {
    if (!map) return;
    void load();
    const moved = () => soon(150);
    map.on("moveend", moved);
    return () => {
      map.off("moveend", moved);
      clearTimeout(waiting.current);
    };
  }, [map, load, soon, round]);

  const draw = useCallback(() => {
    if (drawing.current || !map) return;
    drawing.current = setTimeout(() => {
      drawing.current = undefined;
      fill(map, "points", points.current);
    }, 120);
  }, [map]);

  useLive<LatestEvent>("latest", (event) => {
    let changed = false;
    for (const [stream, , value] of event.t) {
      for (const point of byStream.current.get(stream) ?? []) {
        const own = point.properties;
        const layer = layerOf.current.get(own.layer);
        if (!layer) continue;
        own.value = value;
        own.known = value !== null || !layer.property;
        own.colour = colourOf(layer, value, own.divisor, own.level);
        own.quiet = quietOf(layer, value, own.divisor, own.level);
        own.label = labelOf(own.name, value, layer.unit);
        changed = true;
      }
    }
    if (changed) draw();
    if (event.more > 0) soon(2000);
  });
  useLive<Finding>("finding", () => soon(400));
  useLive("changed", () => soon(1500));
  useLive("reset", () => soon(200));
  return { total, points };
}
