/** What /api/sharing/exchange answers. */

export interface Tally {
  read: number;
  written: number;
  unchanged: number;
  rejected: number;
  removed: number;
  sum: string;
}

export interface Run {
  id: number;
  state: "running" | "waiting" | "done" | "differs" | "failed" | "stopped";
  by: string;
  started_at: string;
  ended_at: string | null;
  next_at: string | null;
  tries: number;
  tally: Tally;
  compared: {
    same: boolean | null;
    source: number;
    target: number;
    source_sum: string;
    target_sum: string;
    why: string;
  } | null;
  error: { code: string; where: string; fields: Record<string, unknown>; what: string; todo: string } | null;
}

export interface Job {
  code: string;
  name: string;
  organisation: number | null;
  organisation_name: string;
  from: string;
  to: string;
  mode: string;
  schedule: string;
  enabled: boolean;
  next_at: string | null;
  last: Run | null;
}

export interface JobFull extends Job {
  runs: Run[];
  /** Before which run there are perhaps more. */
  next: number | null;
}

export interface Reject {
  batch: number;
  row: number;
  column: string;
  value: string;
  reason: string;
  raw: Record<string, string | null>;
}
