/** A datastream over a span of time: how wide its buckets are, how they are asked for, where
 * nothing was observed. */

import { withQuery } from "../data/http";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Width {
  name: "PT15M" | "PT1H" | "P1D";
  ms: number;
}

/** What the server answers; least, mean and most are null where no result is a number. */
export interface Buckets {
  value: {
    start: string;
    least: number | null;
    mean: number | null;
    most: number | null;
    count: number;
  }[];
  "@yiwang.source"?: string;
  "@yiwang.gone"?: string;
}

/** One bucket; all is null where there is a gap. */
export interface Bucket {
  at: number;
  least: number | null;
  mean: number | null;
  most: number | null;
  count: number;
}

/** Buckets of which a span has some hundreds at most. */
export function widthOf(from: number, to: number): Width {
  if (to - from <= 2 * DAY) return { name: "PT15M", ms: 15 * MINUTE };
  if (to - from <= 31 * DAY) return { name: "PT1H", ms: HOUR };
  return { name: "P1D", ms: DAY };
}

export function historyPath(
  stream: number,
  from: number,
  to: number,
  width: Width,
  zone: string,
): string {
  const [start, end] = [from, to].map((one) => new Date(one).toISOString());
  const bucket = `bucket(phenomenonTime,duration'${width.name}','${zone}') as start`;
  const measures =
    "result with min as least,result with average as mean,result with max as most,$count as count";
  return withQuery(`/v1.1/Datastreams(${stream})/Observations`, {
    $apply:
      `filter(phenomenonTime ge ${start} and phenomenonTime lt ${end})` +
      `/groupby((${bucket}),aggregate(${measures}))`,
    $orderby: "start",
    $top: 10_000,
  });
}

/** The buckets that hold numbers, with a gap between two that do not follow one another. A day
 * on which clocks change is an hour longer or shorter. */
export function withGaps(answer: Buckets, width: Width): Bucket[] {
  const made: Bucket[] = [];
  for (const { start, ...values } of answer.value) {
    if (values.mean === null) continue;
    const at = Date.parse(start);
    const before = made.at(-1);
    if (before && at - before.at > width.ms * 1.5)
      made.push({ at: before.at + width.ms, least: null, mean: null, most: null, count: 0 });
    made.push({ at, ...values });
  }
  return made;
}
