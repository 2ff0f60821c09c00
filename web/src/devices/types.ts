/** Shapes of the answers about devices and their upkeep. */

export interface DeviceRow {
  thing: number;
  kind: string;
  code: string;
  name: string;
  lon: number | null;
  lat: number | null;
  place: number | null;
  supplier: string;
  model: string;
  serial: string;
  gateway: string;
  network: string;
  installed_on: string | null;
  firmware: string;
  state: string | null;
  skewed: boolean;
  last_seen: string | null;
  street: number | null;
  retired_at: string | null;
  retired_why: string;
}

export interface Stream {
  datastream: number;
  name: string;
  property: string;
  unit: string;
  time: string | null;
  result: number | string | null;
}

export interface DeviceFull extends DeviceRow {
  description: string;
  properties: Record<string, unknown>;
  created_at: string;
  street_name: string;
  groups: { id: number; name: string }[];
  credential: { created_at: string; revoked_at: string | null } | null;
  datastreams: Stream[];
}

export interface Group {
  id: number;
  name: string;
  note: string;
  rule: Record<string, string | number> | null;
  count: number;
}

export interface RateLine {
  key: string | number;
  title: string;
  devices: number;
  online_now: number;
  rate: number | null;
  daily: (number | null)[];
}

export interface RateTable {
  days: string[];
  total: Omit<RateLine, "key" | "title">;
  items: RateLine[];
  watched_s: number;
}

export interface Trouble {
  id: number;
  thing: number;
  name: string;
  code: string;
  kind: string;
  trouble: string;
  since: string;
  raised_at: string;
  cleared_at: string | null;
  cleared_why: string;
  outage: number | null;
  values: Record<string, unknown>;
}

export interface Plan {
  id: number;
  name: string;
  kind: string | null;
  group: number | null;
  every: number;
  unit: string;
  what: string;
  organisation: number | null;
  starts_on: string;
  active: boolean;
  devices: number;
  overdue: number;
}

export interface Due {
  plan: number;
  plan_name: string;
  what: string;
  due_on: string;
  overdue: boolean;
  thing: number;
  code: string;
  name: string;
  kind: string;
}

export interface Battery {
  thing: number;
  kind: string;
  code: string;
  name: string;
  percent: number;
  low: boolean;
  days_left: number | null;
  known_days: number;
  last_on: string;
}

export interface Campaign {
  id: number;
  kind: string;
  name: string;
  version: string;
  planned_on: string | null;
  devices: number;
  done: number;
  failed: number;
}

export interface CellProblem {
  type: string;
  title: string;
  detail: string;
  where: string;
}

export interface Outlook {
  rows: number;
  wrong: number;
  first: (Record<string, unknown> & { row: number; code: string })[];
  errors: CellProblem[];
}
