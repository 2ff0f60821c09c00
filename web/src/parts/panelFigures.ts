/** What panels compute in the browser: one figure of many, a value over time, room nearby. */

import type { Finding } from "../data/types";

export type Show = "sum" | "average" | "least" | "most" | "count";

/** One figure of many; none of no values, except that their count and sum are 0. */
export function aggregate(values: readonly number[], show: Show): number | null {
  if (show === "count") return values.length;
  if (show === "least" || show === "most") {
    if (!values.length) return null;
    const better = show === "least" ? Math.min : Math.max;
    return values.reduce((best, value) => better(best, value));
  }
  const sum = values.reduce((total, value) => total + value, 0);
  if (show === "sum") return sum;
  return values.length ? sum / values.length : null;
}

export type Point = [time: number, value: number];

/** The series of many things as one: a point at the start of each interval of `every`
 * milliseconds in which anything was observed. For the least and the most every observation
 * counts; else each thing counts once, with its average in the interval. */
export function perInterval(series: readonly Point[][], every: number, show: Show): Point[] {
  const found = new Map<number, number[]>();
  const extreme = show === "least" || show === "most";
  const put = (start: number, value: number) => {
    const held = found.get(start);
    if (held) held.push(value);
    else found.set(start, [value]);
  };
  for (const points of series) {
    const own = new Map<number, number[]>();
    for (const [time, value] of points) {
      const start = Math.floor(time / every) * every;
      const held = own.get(start);
      if (held) held.push(value);
      else own.set(start, [value]);
    }
    for (const [start, values] of own) {
      if (extreme) for (const value of values) put(start, value);
      else put(start, aggregate(values, "average")!);
    }
  }
  return [...found]
    .map(([start, values]): Point => [start, aggregate(values, show)!])
    .sort((a, b) => a[0] - b[0]);
}

const EARTH_M = 6_371_008.8;

/** The way between two positions over the ground, in metres (haversine). */
export function metresBetween(
  a: { lon: number; lat: number },
  b: { lon: number; lat: number },
): number {
  const radians = Math.PI / 180;
  const north = Math.sin(((b.lat - a.lat) * radians) / 2) ** 2;
  const east = Math.sin(((b.lon - a.lon) * radians) / 2) ** 2;
  const chord = north + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * east;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

export interface Site {
  id: number;
  lon: number;
  lat: number;
  value: number;
}

/** The nearest sites with something free within `radius` metres of one, nearest first, but
 * not those in `except`. */
export function roomNear<T extends Site>(
  from: { id: number; lon: number; lat: number },
  sites: readonly T[],
  except: ReadonlySet<number>,
  radius: number,
  most: number,
): { site: T; metres: number }[] {
  return sites
    .filter((site) => site.id !== from.id && site.value > 0 && !except.has(site.id))
    .map((site) => ({ site, metres: metresBetween(from, site) }))
    .filter((one) => one.metres <= radius)
    .sort((a, b) => a.metres - b.metres)
    .slice(0, most);
}

/** Those that rules of a pack raised, newest first. */
export function raisedBy<T extends Pick<Finding, "pack" | "rule" | "raised_at">>(
  findings: Iterable<T>,
  pack: string,
  rules: readonly string[],
): T[] {
  return [...findings]
    .filter((one) => one.pack === pack && rules.includes(one.rule))
    .sort((a, b) => Date.parse(b.raised_at) - Date.parse(a.raised_at));
}
