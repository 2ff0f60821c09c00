export interface Terms {
  fields: string[];
  verify: string[];
  plain: string[];
  rows: { column: string; operator: string; value: unknown }[];
  modes: string[];
  per_minute: number;
  per_day: number;
  days: number;
}

interface Common {
  id: number;
  resource: number;
  resource_name: string;
  provider: number;
  provider_name: string;
  organisation: number;
  organisation_name: string;
}

export interface Asked extends Common {
  purpose: string;
  terms: Terms;
  state: string;
  answer: string;
  asked_at: string;
  answer_by: string;
  yours: boolean;
  late: boolean;
}

export interface Grant extends Common {
  purpose: string;
  terms: Terms;
  basis: string;
  masked: string[];
  expires_at: string;
  in_force: boolean;
  end_reason: string;
}

export interface Complaint extends Common {
  kind: string;
  text: string;
  place: { key?: Record<string, unknown>; column?: string; value?: unknown };
  state: string;
  answer: string;
  answer_by: string;
  yours: boolean;
  late: boolean;
}
