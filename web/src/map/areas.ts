/** The outlines of the areas, asked for once by all maps of the page. */

import { get } from "../data/http";

let held: Promise<GeoJSON.FeatureCollection> | null = null;

export function areas(): Promise<GeoJSON.FeatureCollection> {
  held ??= get<GeoJSON.FeatureCollection>("/api/registry/areas.geojson").catch(() => {
    held = null;
    return { type: "FeatureCollection" as const, features: [] };
  });
  return held;
}

export function forgetAreas(): void {
  held = null;
}
