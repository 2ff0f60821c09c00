/** Base libraries as the server tells of them. */

export interface Tally {
  entities?: number;
  joined?: number;
  proposals?: number;
  blocked?: number;
  conflicts?: number;
}

export interface Library {
  code: string;
  title: string;
  version: number;
  dataset: string;
  phase: string;
  changed_at: string;
  tally: Tally;
}

export interface LibraryField {
  name: string;
  title: string;
  type: string;
  identifier: string;
  compare: { how: string; agree: number; differ: number } | null;
  identity: boolean;
  sealed: boolean;
  published: boolean;
  search: boolean;
  /** The title of the field that it is taken from where a source gives nothing. */
  derived: string;
  sources: { feed: string; rank: number }[];
}

export interface Feed {
  code: string;
  resource: string;
  resource_name: string;
  organisation_name: string;
  rank: number;
  columns: Record<string, string>;
  ranks: Record<string, number>;
  since: string;
  removed: boolean;
  due: boolean;
  ran_at: string | null;
  state: string;
  tally: { read?: number; new?: number; changed?: number; gone?: number; faults?: Record<string, number> };
  error: string;
}

export interface LibraryFull extends Library {
  text: string;
  changed_by: string;
  merge_at: number;
  propose_at: number;
  fields: LibraryField[];
  feeds: Feed[];
}

export interface Value {
  field: string;
  title: string;
  value: unknown;
}

export interface Listed {
  entity: number;
  records: number;
  changed_at: string;
  conflicts: string[];
  values: Value[];
}

interface Origin {
  feed: string;
  resource: string;
  resource_name: string;
  organisation_name: string;
}

export interface Claim extends Origin {
  record: number;
  value: unknown;
  rank: number;
  sound: boolean;
  same: boolean;
  since: string | null;
  known_at: string;
}

export interface Outcome extends Value {
  why: string;
  gap: number | null;
  state: "open" | "decided" | null;
  print: string;
  decision: { reason: string; by: string; at: string } | null;
  claims: Claim[];
}

export interface SourceRecord extends Origin {
  record: number;
  key: unknown[];
  values: Record<string, unknown>;
  since: string | null;
  known_at: string;
  ended_at: string | null;
  former: { values: Record<string, unknown> | null; since: string | null; known_at: string }[];
}

export interface Step {
  step: number;
  at: string;
  by: string;
  kind: string;
  entity: number;
  other: number;
  reason: string;
  details: { records?: number[]; links?: Evidence[]; field?: string };
}

interface Evidence {
  pair: [number, number];
  points: number;
  ruled: boolean;
  reasons: Reason[];
}

export interface Reason {
  field: string;
  title?: string;
  word: string;
  points: number;
}

export interface Entity {
  entity: number;
  asked: number;
  fields: Outcome[];
  records: SourceRecord[];
  steps: Step[];
}

export interface Proposal {
  one: number;
  other: number;
  points: number;
  state: string;
  reasons: Reason[];
  entity: number;
  against: number;
  values: Value[];
  other_values: Value[];
}

export interface Pair extends Omit<Proposal, "values" | "other_values"> {
  records: SourceRecord[];
  titles: Record<string, string>;
}

export interface Conflict extends Omit<Value, "value"> {
  entity: number;
  state: string;
  gap: number;
  opened_at: string;
  reason: string | null;
  by: string | null;
  values: Value[];
}
