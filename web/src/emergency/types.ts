/** Emergencies as the server tells them. */

import type { CaseSummary } from "../data/types";

export interface Level {
  name: string;
  title: string;
  colour: string;
}

export interface Plan {
  code: string;
  title: string;
  levels: Level[];
  proposed: string;
}

export interface Incident {
  no: number;
  title: string;
  level: string;
  level_title: string;
  colour: string;
  exercise: boolean;
  running: boolean;
  started_at: string;
  level_at: string;
  ended_at: string | null;
  place_name: string;
  lon: number | null;
  lat: number | null;
  counts: Record<"waiting" | "open" | "taken" | "done" | "cancelled" | "late", number>;
}

export interface Task {
  id: number;
  code: string;
  title: string;
  state: "waiting" | "open" | "taken" | "done" | "cancelled";
  state_title: string;
  late: boolean;
  version: number;
  after: string[];
  photos_needed: number;
  text_needed: boolean;
  organisation_name: string;
  handler_name: string;
  why: string;
  escalated: number;
  due_at: string | null;
  settled_at: string | null;
  text: string;
  reason: string;
  photos: string[];
  steps: string[];
}

export interface LogLine {
  at: string;
  kind: string;
  kind_title: string;
  event_title: string;
  actor: string;
  actor_name: string;
  text: string;
  task_title: string;
  details: { to?: { name: string; contact: string; handler_name: string }[] };
}

export interface Stock {
  id: number;
  name: string;
  lon: number;
  lat: number;
  metres: number;
  number: number;
  contact: string;
  phone: string;
}

export interface Resource {
  kind: string;
  title: string;
  needed: number;
  found: number;
  short: number;
  places: Stock[];
}

export interface PublicAlert {
  identifier: string;
  kind: string;
  status: string;
  published: boolean;
  in_force: boolean;
  sent_at: string;
  expires_at: string;
  headline: string;
  xml: string;
}

export interface ReviewFigures {
  minutes_to_first: number | null;
  minutes_to_done: number | null;
  minutes: number | null;
  done: number;
  cancelled: number;
  late: number[];
  escalated: number[];
  told: { at: string; event: string; to: string[] }[];
}

export interface IncidentFull extends Incident {
  reason: string;
  started_by: string;
  levels: Level[];
  tasks: Task[];
  cases: CaseSummary[];
  commanders: { role: string; title: string; organisation_name: string; handler_name: string }[];
  contacts: { title: string; name: string; phone: string }[];
  resources: Resource[];
  alerts: PublicAlert[];
  log: LogLine[];
  questions: { name: string; title: string }[];
  figures: ReviewFigures;
  review: { answers: Record<string, string>; figures: ReviewFigures; by: string } | null;
  may_command: boolean;
}

export interface Preview {
  level: string;
  proposed: string;
  running: number | null;
  tasks: { code: string; title: string; organisation_name: string; minutes: number; after: string[] }[];
  told: { function: string; function_title: string; organisation_name: string; contact: string }[];
  resources: Resource[];
}
