/** From columns as the server sends them to what the map draws. */

import { LEVEL_COLOUR } from "../app/theme";
import type { CellColumns, Columns, MapLayer } from "../data/types";

export interface PointProperties {
  key: string;
  of: "place" | "thing";
  id: number;
  layer: string;
  stream: number;
  colour: string;
  level: number;
  known: boolean;
  /** One of many, and nothing is wrong with it: drawn small. */
  quiet: boolean;
  name: string;
  label: string;
  value: number | null;
  divisor: number | null;
}

export type PointFeature = GeoJSON.Feature<GeoJSON.Point, PointProperties>;

/** The colour of a value: that of the highest step that it reaches. */
export function colourOf(
  layer: MapLayer,
  value: number | null,
  divisor: number | null,
  level: number,
): string {
  if (value === null) return LEVEL_COLOUR[Math.max(level, 0)]!;
  if (!layer.steps.length) return LEVEL_COLOUR[level]!;
  const shown = layer.of && divisor ? value / divisor : value;
  let colour = layer.steps[0]![1];
  for (const [least, next] of layer.steps) if (shown >= least) colour = next;
  return colour;
}

export function quietOf(
  layer: MapLayer,
  value: number | null,
  divisor: number | null,
  level: number,
): boolean {
  if (level > 0 || !layer.cluster) return false;
  return !layer.steps.length || colourOf(layer, value, divisor, level) === layer.steps[0]![1];
}

export function labelOf(name: string, value: number | null, unit: string): string {
  const shown =
    value === null ? "" : `${Math.round(value * 10) / 10}${unit && unit !== "1" ? ` ${unit}` : ""}`;
  return [name, shown].filter(Boolean).join("\n");
}

export function pointFeatures(layer: MapLayer, columns: Columns): PointFeature[] {
  const of = layer.places ? "place" : "thing";
  return columns.id.map((id, row) => {
    const value = columns.value[row] ?? null;
    const divisor = columns.of?.[row] ?? null;
    const level = columns.level[row] ?? 0;
    const name = columns.name?.[row] ?? "";
    return {
      type: "Feature",
      geometry: { type: "Point", coordinates: [columns.lon[row]!, columns.lat[row]!] },
      properties: {
        key: `${of}:${id}`,
        of,
        id,
        layer: layer.id,
        stream: columns.stream[row] ?? 0,
        colour: colourOf(layer, value, divisor, level),
        level,
        known: value !== null || !layer.property,
        quiet: quietOf(layer, value, divisor, level),
        name,
        label: labelOf(name, value, layer.unit),
        value,
        divisor,
      },
    };
  });
}

export function cellFeatures(columns: CellColumns): GeoJSON.Feature[] {
  return columns.lon.map((lon, row) => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: [lon, columns.lat[row]!] },
    properties: { count: columns.count[row], level: columns.level[row] },
  }));
}

type Ring = GeoJSON.Position[];

function rings(geometry: GeoJSON.Geometry): Ring[] {
  if (geometry.type === "Polygon") return [geometry.coordinates[0]!];
  if (geometry.type === "MultiPolygon") return geometry.coordinates.map((part) => part[0]!);
  return [];
}

function middle(ring: Ring): { at: [number, number]; size: number } {
  let doubled = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i < ring.length - 1; i++) {
    const [ax, ay] = ring[i]! as [number, number];
    const [bx, by] = ring[i + 1]! as [number, number];
    const cross = ax * by - bx * ay;
    doubled += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  if (doubled === 0) return { at: ring[0] as [number, number], size: 0 };
  return { at: [x / (3 * doubled), y / (3 * doubled)], size: Math.abs(doubled) };
}

interface AreaProperties {
  id: number;
  level: string;
  name_zh: string;
  name_en: string;
}

/** A point in each area to write its name on. */
export function areaNames(areas: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const features = areas.features.flatMap((area): GeoJSON.Feature[] => {
    const parts = rings(area.geometry).map(middle);
    const largest = parts.sort((a, b) => b.size - a.size)[0];
    if (!largest) return [];
    const { level, name_zh, name_en } = area.properties as AreaProperties;
    return [
      {
        type: "Feature",
        geometry: { type: "Point", coordinates: largest.at },
        properties: { level, zh: name_zh || name_en, en: name_en || name_zh },
      },
    ];
  });
  return { type: "FeatureCollection", features };
}

export type Bounds = [number, number, number, number];

export function boundsOf(positions: Iterable<GeoJSON.Position>): Bounds | null {
  let box: Bounds | null = null;
  for (const [lon, lat] of positions as Iterable<[number, number]>) {
    if (!box) box = [lon, lat, lon, lat];
    else
      box = [
        Math.min(box[0], lon),
        Math.min(box[1], lat),
        Math.max(box[2], lon),
        Math.max(box[3], lat),
      ];
  }
  return box;
}

export function areaBounds(areas: GeoJSON.FeatureCollection): Bounds | null {
  return boundsOf(areas.features.flatMap((area) => rings(area.geometry).flat()));
}

/** The bounds of the smallest area around a point; null where none is. */
export function boundsAround(
  areas: GeoJSON.FeatureCollection,
  [lon, lat]: [number, number],
): Bounds | null {
  const sizeOf = ([west, south, east, north]: Bounds) => (east - west) * (north - south);
  const holding = areas.features
    .map((one) => boundsOf(rings(one.geometry).flat()))
    .filter((one) => one !== null)
    .filter(
      ([west, south, east, north]) => west <= lon && lon <= east && south <= lat && lat <= north,
    );
  return holding.sort((one, other) => sizeOf(one) - sizeOf(other))[0] ?? null;
}
