/** What the assessment answers. */

export interface Figures {
  counts: Record<string, number>;
  rates: Record<string, number | null>;
  times: Record<string, number | null>;
}

export type Titles = Record<string, string>;

export interface Group extends Figures {
  key: string | number;
  title: Titles;
}

export interface RatesAnswer {
  by: string;
  from: string;
  until: string;
  city: Figures;
  own: Figures;
  items: Group[];
}

export interface Span {
  at: string;
  day?: string;
  filed: number;
  closed: number;
  judged: number;
  in_time: number;
  late: number;
}

export interface Standing extends Omit<Span, "at" | "day"> {
  key: string | number;
  title: Titles;
  open_now: number;
  overdue_now: number;
}

export interface OperationsAnswer {
  at: string;
  day: string;
  own: boolean;
  today: Figures;
  yesterday_so_far: Figures;
  yesterday: Figures;
  departments: Standing[];
  hours: Span[];
  days: Span[];
  worst_classes: Standing[];
}

export interface Counted {
  no: number;
  counts: boolean;
  class_title: string;
  organisation_title: string;
  grid_title: string;
  person_title: string;
  channel_title: string;
  opened_at: string;
  closed_at: string | null;
  judged_at: string | null;
  late: boolean;
  excused: boolean;
  close_work_minutes: number | null;
}

export interface Scheme {
  code: string;
  from: string;
  of: string;
  title: Titles;
  example: boolean;
  digest: string;
  least_cases: number;
}

export interface Summand {
  kind: string;
  of?: string;
  points: number;
  numerator?: number;
  denominator?: number;
  rate?: number | null;
  weight?: number;
  count?: number;
  each?: number;
  most?: number | null;
}

export interface Score {
  key: string | number;
  title: Titles;
  points: number;
  rank: number | null;
  cases: number;
  excused: number;
  summands: Summand[];
}

export interface ScoresAnswer {
  scheme: Scheme;
  items: Score[];
}

export interface ReportLine {
  report: number;
  span: string;
  from: string;
  until: string;
  made_at: string;
  made_by: string;
  digest: string;
}

export interface ReportAnswer extends ReportLine {
  body: {
    total: Figures;
    before: Figures;
    groups: Record<string, Group[]>;
    scores: ScoresAnswer[];
    days: Span[];
  };
}

/** Columns of large figures: as many beside one another as there is room for. */
export const ROW = "repeat(auto-fit, minmax(120px, 1fr))";

/** A rate in per cent with one decimal, as in the files of reports. */
export function percent(rate: number | null | undefined): string {
  return rate === null || rate === undefined ? "–" : `${(100 * rate).toFixed(1)}%`;
}

export function whole(value: number | null | undefined, lang: string): string {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString(lang);
}
