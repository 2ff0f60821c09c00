/** What /api/sharing/systems, duties, demands and negative-list answer. */

export interface SystemEntry {
  name: string;
  organisation: number;
  functions: string[];
  summary: string;
  scope: string;
  frequency: string;
  users: number;
  state: string;
  approved_by: string;
  approved_on: string;
  funding: string;
  cost: number;
  maintained_on: string;
  capacity_used: number | null;
  resources: string[];
}

export interface System extends SystemEntry {
  id: number;
  revision: number;
  organisation_name: string;
  use: { calls: number; people: number; last_at: string | null; known: boolean };
  signs: { sign: string; text: string }[];
  zombie: boolean;
  mine: boolean;
}

export interface Limits {
  days: number;
  calls: number;
  people: number;
  capacity: number;
  maintenance_days: number;
}

export interface Duty {
  id: number;
  element: string;
  organisation: number;
  organisation_name: string;
  basis: string;
  resource: string;
  resource_id: number | null;
  resource_name: string;
  mine: boolean;
  conflicts: { sort: string; text: string }[];
}

export interface Demand {
  id: number;
  element: string;
  purpose: string;
  state: "open" | "met" | "refused";
  organisation_name: string;
  provider_name: string;
  resource: number | null;
  resource_name: string;
  answer: string;
  made_at: string;
  answered_at: string | null;
  mine: boolean;
}

export interface NotShared {
  id: number;
  code: string;
  name: string;
  basis: string;
  organisation_name: string;
}
