import type { ClassProposal } from "../learning/types";
/** What the server sends: the shapes of its REST answers. Times are ISO 8601. */

export type Severity = "notice" | "warning" | "urgent" | "critical";
export const SEVERITIES: Severity[] = ["critical", "urgent", "warning", "notice"];

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Session {
  name: string;
  display: string;
  roles: string[];
  permissions: string[];
  organisation: number | null;
  grids: number[];
  /** The city's. */
  zone: string;
}

export interface Health {
  status: string;
  version: string;
  simulated: boolean;
  clock: string;
  city?: string;
  language?: string;
  voice_input: boolean;
}

export interface Finding {
  id: number;
  key: string;
  pack: string;
  rule: string;
  title?: string;
  severity: Severity;
  state: "open" | "cleared" | "withdrawn";
  raised_at: string;
  cleared_at: string | null;
  thing: number;
  place: number | null;
  place_name?: string;
  lon: number | null;
  lat: number | null;
  values: Record<string, unknown>;
  case?: number | null;
}

export type CaseKind = "new" | "working" | "waiting" | "done" | "void";

export interface CaseSummary {
  no: number;
  title: string;
  case_class: string;
  class_title: string;
  severity: Severity;
  state: string;
  state_title: string;
  kind: CaseKind;
  version: number;
  opened_at: string;
  due_at: string | null;
  overdue: boolean;
  excused: boolean;
  place: number | null;
  place_name: string;
  grid: number | null;
  grid_name: string;
  organisation: number | null;
  organisation_name: string;
  handler: string | null;
  handler_name: string;
  lon: number | null;
  lat: number | null;
  sources: number;
  address: string;
  en?: Partial<CaseSummary>;
}

export interface TimelineEntry {
  at: string;
  recorded_at: string;
  step: string;
  step_title: string;
  actor: string;
  actor_name: string;
  reason: string;
  why: string;
  text: string;
  photos: string[] | null;
  state: string;
  state_title: string;
  details: Record<string, unknown>;
}

export interface CaseSource {
  kind: "finding" | "report" | string;
  at: string;
  finding: number | null;
  finding_key: string | null;
  rule: string | null;
  cleared_at: string | null;
  withdrawn_at: string | null;
  actor: string;
  actor_name: string;
  text: string;
  lon: number | null;
  lat: number | null;
  thing: number | null;
  values: Record<string, unknown> | null;
  answers?: Answer[];
  how: string;
  explanation?: Record<string, unknown> | null;
}

export interface CaseStep {
  step: string;
  title: string;
  allowed: boolean;
  why_not: string | null;
  why_not_code: string | null;
  needs: string[];
  /** Who could take it, in words. */
  who: string[];
}

export interface CasePart {
  organisation: number;
  organisation_name: string;
  asked: string;
  asked_at: string;
  state: "open" | "answered" | "waived" | "dropped";
  answer: string;
  answered_at: string | null;
}

export interface CaseAssessment {
  at: string;
  on_behalf: boolean;
  rating: number;
  solved: boolean | null;
  text: string;
}

/** What closed cases say of who should have a case; `outcome` is what became of it. */
export interface CaseProposal {
  at: string;
  version: number;
  organisation: number;
  organisation_name: string;
  confidence: number;
  threshold: number | null;
  sent: boolean;
  candidates: { organisation: number; name: string; confidence: number }[];
  reasons: { kind: string; value: string }[];
  outcome: "waiting" | "accepted" | "other" | "refused";
  answered_at: string | null;
  answered_by: string;
}

export interface CaseFull extends Omit<CaseSummary, "sources"> {
  /** The storm of alarms that it belongs to. */
  storm: number | null;
  description: string;
  merged_into: number | null;
  supervision: number;
  supervised: { level: number; title: string; answer_by: string | null } | null;
  counts: { urges: number; returns: number; reworks: number; reopens: number };
  /** That nobody is on duty where it waits; empty where somebody is. */
  unmanned: string;
  /** When the reader's unit handed it on to another. */
  handed_on: string | null;
  resume_at: string | null;
  stage_due_at: string | null;
  extension: { asked: number | null; granted: number; times: number; most: number };
  appeal: "" | "asked" | "accepted" | "rejected";
  parts: CasePart[];
  assessments: CaseAssessment[];
  received_at: string;
  closed_at: string | null;
  timeline: TimelineEntry[];
  source_count: number;
  sources: CaseSource[];
  photos: CasePhoto[];
  steps: CaseStep[];
  deadline: { minutes: number | null; counting: string; due_at: string | null; why: string };
  dispatch: { reason: string[] };
  proposal: CaseProposal | null;
  class_proposal: ClassProposal | null;
}

export interface CaseExplanation {
  sources: CaseSource[];
  dispatch: { reason: string[] };
  deadline: { why: string };
}

export interface Question {
  code: string;
  datatype: "string" | "number" | "datetime" | "text" | "singlevaluelist" | "multivaluelist";
  required: boolean;
  variable: boolean;
  title: string;
  hint: string;
  values: { key: string; name: string }[];
}

export interface Answer {
  code: string;
  label: string;
  value: unknown;
  name: string;
}

/** Where and when a photo was taken; staff alone are told. */
export interface Taken {
  lon: number | null;
  lat: number | null;
  taken_at: string | null;
}

export interface CasePhoto extends Partial<Taken> {
  sha: string;
  type: string;
  size: number;
  at: string;
  actor: string;
  metres_away?: number | null;
}

export interface CaseClass {
  code: string;
  title: string;
  pack: string;
  severity: Severity;
  form: Question[];
  states: Record<string, { kind: CaseKind; title: string }>;
}

export interface CaseCounts {
  kinds: Record<CaseKind, number>;
  overdue: number;
}

export interface MapLayer {
  id: string;
  pack: string;
  title: string;
  places: string;
  kind: string;
  icon: string;
  /** Many points: those with nothing wrong are drawn small. */
  cluster: boolean;
  property: string;
  unit: string;
  of: string;
  steps: [number, string][];
}

export interface MapPanel {
  id: string;
  pack: string;
  type: string;
  title: string;
  kind?: string;
  places?: string;
  property?: string;
  unit?: string;
  order?: string;
  count?: number;
  rules?: string[];
  kinds?: string[];
  case_class?: string;
  show?: "sum" | "average" | "least" | "most" | "count";
  /** Seconds. */
  span?: number;
  every?: number;
  when_rules?: string[];
  /** Metres. */
  radius?: number;
}

export interface Layout {
  /** The city's time zone; empty until the layout is there. */
  zone: string;
  layers: MapLayer[];
  panels: MapPanel[];
  packs: Record<string, string>;
  rules: Record<string, string>;
  parameters: Record<string, string>;
  kinds: Record<
    string,
    { title: string; properties: Record<string, { title: string; unit: string }> }
  >;
}

export interface Columns {
  clustered: false;
  total: number;
  kinds: string[];
  id: number[];
  lon: number[];
  lat: number[];
  kind: number[];
  stream: number[];
  value: (number | null)[];
  time: number[];
  level: number[];
  name?: string[];
  of?: (number | null)[];
}

export interface CellColumns {
  clustered: true;
  total: number;
  lon: number[];
  lat: number[];
  count: number[];
  level: number[];
}

export interface DeviceLine {
  kind: string;
  total: number;
  online: number;
  silent: number;
  never: number;
  skewed: number;
}

export interface DeviceSummary {
  items: DeviceLine[];
  total: Omit<DeviceLine, "kind">;
}

export interface DeviceHealth {
  thing: number;
  name?: string;
  code?: string;
  kind: string;
  state: string;
  last_seen: string | null;
  delay_s?: number | null;
  skew_s?: number | null;
  [other: string]: unknown;
}

export interface Pulse {
  per_s: number;
  at: string;
  total?: number;
  online?: number;
  silent?: number;
  never?: number;
  skewed?: number;
}
