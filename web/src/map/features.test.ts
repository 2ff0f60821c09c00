import { describe, expect, it } from "vitest";
import { LEVEL_COLOUR } from "../app/theme";
import type { MapLayer } from "../data/types";
import { areaNames, boundsAround, boundsOf, colourOf, labelOf } from "./features";

const layer: MapLayer = {
  id: "a.b",
  pack: "a",
  title: "",
  places: "underpass",
  kind: "",
  icon: "",
  cluster: false,
  property: "depth_cm",
  unit: "cm",
  of: "",
  steps: [
    [0, "grey"],
    [15, "amber"],
    [25, "red"],
  ],
};

describe("colourOf", () => {
  it("takes the highest step reached", () => {
    expect(colourOf(layer, 14.9, null, 0)).toBe("grey");
    expect(colourOf(layer, 15, null, 0)).toBe("amber");
    expect(colourOf(layer, 90, null, 0)).toBe("red");
  });
  it("takes the first below all steps", () => {
    expect(colourOf(layer, -3, null, 0)).toBe("grey");
  });
  it("divides by the place's attribute", () => {
    expect(colourOf({ ...layer, of: "capacity" }, 40, 2, 0)).toBe("amber");
  });
  it("shows the finding where there is no value", () => {
    expect(colourOf(layer, null, null, 3)).toBe(LEVEL_COLOUR[3]);
  });
});

describe("labelOf", () => {
  it("writes value and unit below the name", () => {
    expect(labelOf("东风", 12.34, "cm")).toBe("东风\n12.3 cm");
    expect(labelOf("东风", null, "cm")).toBe("东风");
    expect(labelOf("", 7, "1")).toBe("7");
  });
});

describe("areas", () => {
  it("writes a name in the middle, not in a corner", () => {
    const square = [
      [0, 0],
      [4, 0],
      [4, 2],
      [0, 2],
      [0, 0],
    ];
    const named = areaNames({
      type: "FeatureCollection",
      features: [
        {
          type: "Feature",
          geometry: { type: "Polygon", coordinates: [square] },
          properties: { id: 1, level: "grid", name_zh: "一", name_en: "" },
        },
      ],
    });
    expect(named.features[0]!.geometry).toEqual({ type: "Point", coordinates: [2, 1] });
    expect(named.features[0]!.properties).toEqual({ level: "grid", zh: "一", en: "一" });
    expect(boundsOf(square)).toEqual([0, 0, 4, 2]);
    expect(boundsOf([])).toBeNull();
  });
});

describe("boundsAround", () => {
  const square = (west: number, south: number, side: number): GeoJSON.Feature => ({
    type: "Feature",
    properties: {},
    geometry: {
      type: "Polygon",
      coordinates: [
        [
          [west, south],
          [west + side, south],
          [west + side, south + side],
          [west, south + side],
          [west, south],
        ],
      ],
    },
  });
  const areas: GeoJSON.FeatureCollection = {
    type: "FeatureCollection",
    features: [square(116, 39, 1), square(116, 39, 0.25), square(116.5, 39, 0.25)],
  };

  it("is the smallest area that holds the point", () => {
    expect(boundsAround(areas, [116.1, 39.1])).toEqual([116, 39, 116.25, 39.25]);
    expect(boundsAround(areas, [116.9, 39.9])).toEqual([116, 39, 117, 40]);
    expect(boundsAround(areas, [120, 30])).toBeNull();
  });
});
