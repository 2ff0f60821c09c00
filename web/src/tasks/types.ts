/** Work plans as the server shows them. */

export interface LightShown {
  colour: string;
  title: string;
  why: string[];
}

export interface Mark {
  id: number;
  title: string;
  due_at: string;
  done_at: string | null;
  late: boolean;
}

export interface Task {
  id: number;
  plan: number;
  plan_title: string;
  number: string;
  title: string;
  wanted: string;
  lead_name: string;
  joint: { id: number; name: string; state: string }[];
  due_at: string | null;
  weight: number;
  rhythm: string;
  target: number | null;
  reached: number | null;
  unit: string;
  percent: number;
  case: number | null;
  open: boolean;
  kind: string;
  state_title: string;
  marks: Mark[];
  reports_missing: number;
  last_report: string;
  light: LightShown;
  yours: boolean;
}

export interface TaskFull extends Task {
  may_report: boolean;
  period: string | null;
  period_due_at: string | null;
  period_reported: boolean;
  reports: {
    id: number;
    period: string;
    at: string;
    actor: string;
    actor_name: string;
    percent: number;
    text: string;
    late: boolean;
  }[];
  missing: { period: string; due_at: string; came: boolean }[];
}

export interface Plan {
  id: number;
  title: string;
  state: string;
  state_title: string;
  starts: string;
  ends: string;
  owner_name: string;
  percent: number | null;
  task_count: number;
  done: number;
  red: number;
  yellow: number;
  green: number;
  milestones_late: number;
  reports_missing: number;
}

export interface PlanFull extends Plan {
  basis: string;
  titles: Record<string, string>;
  version: number;
  owner: number | null;
  case_class: string;
  may_change: boolean;
  tasks: Task[];
  units: {
    id: number;
    name: string;
    tasks: number;
    percent: number | null;
    red: number;
    yellow: number;
    done: number;
  }[];
  history: { at: string; actor: string; actor_name: string; title: string; reason: string }[];
}
