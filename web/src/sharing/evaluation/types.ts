export interface Definition {
  figure: string;
  sort: "rate" | "count" | "days";
  of: string[];
  title: string;
  how: string;
}

export interface Definitions {
  items: Definition[];
  parts: { part: string; title: string; figures: string[] }[];
  sources: Record<string, string>;
  today: string;
}

export interface Figures {
  counts: Record<string, number>;
  rates: Record<string, number | null>;
  times: Record<string, number | null>;
}

export interface Department extends Figures {
  key: number;
  title: Record<string, string>;
}

export interface Summand {
  kind: string;
  of?: string;
  points: number;
  numerator?: number;
  denominator?: number;
  weight?: number;
  counted_weight?: number;
  count?: number;
  each?: number;
  most?: number | null;
}

export interface Score {
  key: number;
  title: Record<string, string>;
  points: number;
  rank: number | null;
  size?: number;
  summands?: Summand[];
}

export interface Scored {
  scheme: { code: string; from: string; digest: string; title: Record<string, string> };
  items: Score[];
}

export interface Evaluated {
  from: string;
  until: string;
  city: Figures | null;
  before?: Figures;
  items: Department[];
  scores: Scored[];
}

export interface ReportLine {
  report: number;
  span: string;
  from: string;
  until: string;
  last: string;
  made_at: string;
  made_by: string;
  digest: string;
}

export interface ReportAnswer extends ReportLine {
  body: Evaluated & { inputs: Record<string, { rows: number; digest: string }> };
}

export interface Difference {
  key: number;
  figure: string;
  reported: number | null;
  now: number | null;
}

export interface Comparison {
  intact: boolean;
  at: string;
  differences: Difference[];
  sources: string[];
  schemes: boolean;
}

/** Which figure of whom is unfolded; 0 is the whole city. */
export interface Asked {
  figure: string;
  key: number;
  title: string;
  from: string;
  until: string;
}

export function shown(sort: string, value: number | null | undefined, lang: string): string {
  if (value === null || value === undefined) return "–";
  if (sort === "rate") return `${(100 * value).toFixed(1)}%`;
  if (sort === "days") return value.toFixed(1);
  return value.toLocaleString(lang);
}

/** A figure of a department, wherever it stands. */
export function figure(of: Figures, name: string): number | null | undefined {
  return of.counts[name] ?? of.rates[name] ?? of.times[name];
}
