import { describe, expect, it } from "vitest";
import { type Buckets, DAY, historyPath, widthOf, withGaps } from "./history";

const HOUR = DAY / 24;
const FROM = Date.parse("2026-07-01T00:00:00Z");

describe("widthOf", () => {
  it("has some hundreds of buckets at most", () => {
    expect(widthOf(0, DAY).name).toBe("PT15M");
    expect(widthOf(0, 7 * DAY).name).toBe("PT1H");
    expect(widthOf(0, 31 * DAY).name).toBe("PT1H");
    expect(widthOf(0, 365 * DAY).name).toBe("P1D");
    for (const days of [1, 2, 3, 31, 32, 400])
      expect((days * DAY) / widthOf(0, days * DAY).ms).toBeLessThan(800);
  });
});

describe("historyPath", () => {
  it("asks for the span, by the city's clock", () => {
    const path = historyPath(7, FROM, FROM + DAY, widthOf(0, 9 * DAY), "Asia/Shanghai");
    const [address, query] = path.split("?");
    expect(address).toBe("/v1.1/Datastreams(7)/Observations");
    const apply = new URLSearchParams(query).get("$apply");
    expect(apply).toContain("phenomenonTime ge 2026-07-01T00:00:00.000Z");
    expect(apply).toContain("phenomenonTime lt 2026-07-02T00:00:00.000Z");
    expect(apply).toContain("bucket(phenomenonTime,duration'PT1H','Asia/Shanghai') as start");
  });
});

describe("withGaps", () => {
  const bucket = (hour: number, mean: number | null): Buckets["value"][number] => ({
    start: new Date(FROM + hour * HOUR).toISOString(),
    least: mean,
    mean,
    most: mean,
    count: 1,
  });
  const width = widthOf(0, 9 * DAY);
  it("breaks the line where nothing was observed, and only there", () => {
    const value = [bucket(0, 1), bucket(1, 2), bucket(5, 3)];
    const rows = withGaps({ value }, width);
    expect(rows.map((row) => (row.at - FROM) / HOUR)).toEqual([0, 1, 2, 5]);
    expect(rows.map((row) => row.mean)).toEqual([1, 2, null, 3]);
  });
  it("leaves out buckets without a number", () => {
    const rows = withGaps({ value: [bucket(0, null), bucket(1, 2)] }, width);
    expect(rows).toHaveLength(1);
    expect(withGaps({ value: [] }, width)).toEqual([]);
  });
});
