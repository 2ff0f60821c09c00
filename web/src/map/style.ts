/** The base map: background, areas and their names. Everything is drawn from our own data and
 * the fonts of the computer; nothing is fetched from anywhere else. */

import type { StyleSpecification } from "maplibre-gl";
import { LEVEL_COLOUR, type Mode, PALETTES } from "../app/theme";

export const FONT = [
  "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif",
];
const EMPTY = { type: "FeatureCollection" as const, features: [] };

const LEVEL_MATCH = [
  "match",
  ["get", "level"],
  4,
  LEVEL_COLOUR[4],
  3,
  LEVEL_COLOUR[3],
  2,
  LEVEL_COLOUR[2],
  1,
  LEVEL_COLOUR[1],
  LEVEL_COLOUR[0],
] as unknown as string;

export function styleOf(mode: Mode, lang: string): StyleSpecification {
  const colours = PALETTES[mode].map;
  const ring = mode === "dark" ? "#0b131d" : "#ffffff";
  const name = lang === "en" ? ["coalesce", ["get", "en"], ["get", "zh"]] : ["get", "zh"];
  const text = (size: unknown, extra: object) => ({
    "text-field": name as never,
    "text-font": FONT,
    "text-size": size as never,
    "text-max-width": 8,
    ...extra,
  });
  const halo = {
    "text-color": colours.label,
    "text-halo-color": colours.district,
    "text-halo-width": 1.6,
  };
  return {
    version: 8,
    sources: {
      areas: { type: "geojson", data: EMPTY },
      names: { type: "geojson", data: EMPTY },
      cells: { type: "geojson", data: EMPTY },
      points: { type: "geojson", data: EMPTY },
      chosen: { type: "geojson", data: EMPTY },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colours.ground } },
      {
        id: "district",
        type: "fill",
        source: "areas",
        filter: ["==", ["get", "level"], "district"],
        paint: { "fill-color": colours.district },
      },
      {
        id: "street",
        type: "fill",
        source: "areas",
        filter: ["==", ["get", "level"], "street"],
        paint: {
          "fill-color": [
            "case",
            ["==", ["%", ["get", "id"], 2], 0],
            colours.street,
            colours.district,
          ],
        },
      },
      {
        id: "grid-line",
        type: "line",
        source: "areas",
        minzoom: 11,
        filter: ["==", ["get", "level"], "grid"],
        paint: {
          "line-color": colours.line,
          "line-width": 0.6,
          "line-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0, 12.5, 0.65],
        },
      },
      {
        id: "street-line",
        type: "line",
        source: "areas",
        filter: ["==", ["get", "level"], "street"],
        paint: { "line-color": colours.line, "line-width": 1.1, "line-dasharray": [4, 2] },
      },
      {
        id: "district-line",
        type: "line",
        source: "areas",
        filter: ["==", ["get", "level"], "district"],
        paint: { "line-color": colours.line, "line-width": 2.2 },
      },
      {
        id: "cells",
        type: "circle",
        source: "cells",
        paint: {
          "circle-color": LEVEL_MATCH,
          "circle-opacity": 0.82,
          "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "count"]], 0, 4, 4, 26],
          "circle-stroke-color": ring,
          "circle-stroke-width": 1,
        },
      },
      {
        id: "cell-count",
        type: "symbol",
        source: "cells",
        filter: [">", ["get", "count"], 9],
        layout: {
          "text-field": ["to-string", ["get", "count"]],
          "text-font": FONT,
          "text-size": 11,
        },
        paint: { "text-color": "#ffffff", "text-halo-color": "#22384d", "text-halo-width": 1 },
      },
      {
        id: "glow",
        type: "circle",
        source: "points",
        filter: [">", ["get", "level"], 0],
        paint: {
          "circle-color": LEVEL_MATCH,
          "circle-opacity": 0.24,
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 9, 15, 22],
          "circle-stroke-color": LEVEL_MATCH,
          "circle-stroke-width": 1,
          "circle-stroke-opacity": 0.7,
        },
      },
      {
        id: "points",
        type: "circle",
        source: "points",
        layout: {
          "circle-sort-key": ["+", ["*", 2, ["get", "level"]], ["case", ["get", "quiet"], 0, 1]],
        },
        paint: {
          "circle-color": ["get", "colour"],
          "circle-radius": [
            "interpolate",
            ["linear"],
            ["zoom"],
            9,
            ["case", ["get", "quiet"], 1.4, ["==", ["get", "of"], "place"], 4, 3],
            12,
            ["case", ["get", "quiet"], 2.2, ["==", ["get", "of"], "place"], 6.5, 4.5],
            15,
            ["case", ["get", "quiet"], 6, ["==", ["get", "of"], "place"], 11, 7],
          ],
          "circle-stroke-color": ["case", [">", ["get", "level"], 0], LEVEL_MATCH, ring],
          "circle-stroke-width": [
            "case",
            [">", ["get", "level"], 0],
            2.2,
            ["get", "quiet"],
            0.4,
            1,
          ],
          "circle-opacity": ["case", ["get", "quiet"], 0.6, ["get", "known"], 1, 0.55],
        },
      },
      {
        id: "point-name",
        type: "symbol",
        source: "points",
        minzoom: 12.6,
        filter: ["!=", ["get", "label"], ""],
        layout: {
          "text-field": ["get", "label"],
          "text-font": FONT,
          "text-size": 11.5,
          "text-offset": [0, 1.1],
          "text-anchor": "top",
          "text-optional": true,
          "symbol-sort-key": ["-", 0, ["get", "level"]],
        },
        paint: {
          "text-color": PALETTES[mode].text,
          "text-halo-color": colours.district,
          "text-halo-width": 1.5,
        },
      },
      {
        id: "grid-name",
        type: "symbol",
        source: "names",
        minzoom: 13.5,
        filter: ["==", ["get", "level"], "grid"],
        layout: text(10.5, {}) as never,
        paint: { ...halo, "text-opacity": 0.75 },
      },
      {
        id: "street-name",
        type: "symbol",
        source: "names",
        minzoom: 9.5,
        filter: ["==", ["get", "level"], "street"],
        layout: text(12.5, { "text-letter-spacing": 0.06 }) as never,
        paint: halo,
      },
      {
        id: "district-name",
        type: "symbol",
        source: "names",
        maxzoom: 10.5,
        filter: ["==", ["get", "level"], "district"],
        layout: text(15, { "text-letter-spacing": 0.14 }) as never,
        paint: halo,
      },
      {
        id: "chosen",
        type: "circle",
        source: "chosen",
        paint: {
          "circle-color": "rgba(0,0,0,0)",
          "circle-radius": 15,
          "circle-stroke-color": PALETTES[mode].accent,
          "circle-stroke-width": 3,
        },
      },
    ],
  };
}
