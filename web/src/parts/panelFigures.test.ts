import { describe, expect, it } from "vitest";
import { aggregate, metresBetween, perInterval, type Point, raisedBy, roomNear } from "./panelFigures";

describe("aggregate", () => {
  it("makes one figure of many", () => {
    const values = [4, 1, 7];
    expect(aggregate(values, "sum")).toBe(12);
    expect(aggregate(values, "average")).toBe(4);
    expect(aggregate(values, "least")).toBe(1);
    expect(aggregate(values, "most")).toBe(7);
    expect(aggregate(values, "count")).toBe(3);
  });
  it("does not make up an extreme of nothing", () => {
    expect(aggregate([], "average")).toBeNull();
    expect(aggregate([], "least")).toBeNull();
    expect(aggregate([], "most")).toBeNull();
    expect(aggregate([], "count")).toBe(0);
    expect(aggregate([], "sum")).toBe(0);
  });
});

describe("perInterval", () => {
  const often: Point[] = [
    [0, 10],
    [20, 20],
    [60, 40],
  ];
  const seldom: Point[] = [[30, 5]];
  it("lets each thing count once in a sum, however often it reports", () => {
    expect(perInterval([often, seldom], 60, "sum")).toEqual([
      [0, 20],
      [60, 40],
    ]);
    expect(perInterval([often, seldom], 60, "average")[0]).toEqual([0, 10]);
    expect(perInterval([often, seldom], 60, "count")[0]).toEqual([0, 2]);
  });
  it("takes extremes of all observations", () => {
    expect(perInterval([often, seldom], 60, "most")[0]).toEqual([0, 20]);
    expect(perInterval([often, seldom], 60, "least")[0]).toEqual([0, 5]);
  });
  it("leaves an interval without observations out, and puts the rest in order", () => {
    const points: Point[] = [
      [185, 2],
      [10, 1],
    ];
    expect(perInterval([points], 60, "average")).toEqual([
      [0, 1],
      [180, 2],
    ]);
    expect(perInterval([], 60, "sum")).toEqual([]);
  });
});

describe("room nearby", () => {
  const from = { id: 1, lon: 120, lat: 30 };
  const site = (id: number, lon: number, value: number) => ({ id, lon, lat: 30, value });
  it("measures over the ground", () => {
    expect(metresBetween(from, from)).toBe(0);
    expect(metresBetween({ lon: 0, lat: 0 }, { lon: 0, lat: 1 })).toBeCloseTo(111_195, 0);
    // On the 30th parallel a degree of longitude is shorter by its cosine.
    expect(metresBetween(from, { lon: 120.01, lat: 30 })).toBeCloseTo(962.98, 0);
  });
  it("names the nearest with free spaces first", () => {
    const sites = [site(1, 120, 0), site(2, 120.008, 9), site(3, 120.002, 4), site(4, 119.996, 7)];
    const found = roomNear(from, sites, new Set([1]), 1000, 3);
    expect(found.map((one) => one.site.id)).toEqual([3, 4, 2]);
    expect(roomNear(from, sites, new Set([1]), 1000, 2)).toHaveLength(2);
  });
  it("leaves out what is excepted, has none free, is too far, or is the place itself", () => {
    const sites = [
      site(1, 120, 5),
      site(2, 120.001, 0),
      site(3, 120.001, -2),
      site(4, 120.001, 3),
      site(5, 120.02, 80),
    ];
    expect(roomNear(from, sites, new Set([1, 4]), 1000, 3)).toEqual([]);
  });
});

describe("raisedBy", () => {
  it("takes the rules of its own pack, newest first", () => {
    const one = (pack: string, rule: string, raised_at: string) => ({ pack, rule, raised_at });
    const findings = [
      one("a", "full", "2026-07-01T00:00:00Z"),
      one("a", "other", "2026-07-02T00:00:00Z"),
      one("b", "full", "2026-07-03T00:00:00Z"),
      one("a", "full", "2026-07-04T00:00:00Z"),
    ];
    expect(raisedBy(findings, "a", ["full"])).toEqual([findings[3], findings[0]]);
  });
});
