/** What the catalogue's API answers. */

export interface Item {
  name: string;
  column: string;
  type: string;
  length: number | null;
  label: string;
  grade: string;
  key: boolean;
  shared: boolean;
  opened: boolean;
  text: string;
}

export interface Entry {
  name: string;
  class_code: string;
  organisation: number;
  provider_code: string;
  summary: string;
  format: string;
  share_type: string;
  share_condition: string;
  share_basis: string;
  share_mode: string;
  open_type: string;
  open_condition: string;
  update_cycle: string;
  dataset?: string | null;
  source?: string | null;
  table?: string | null;
  keywords: string[];
  related: string[];
  items: Item[];
}

export interface Short extends Omit<Entry, "items"> {
  id: number;
  code: string;
  state: string;
  pending: string;
  version: number;
  revision: number;
  made_at: string;
  changed_at: string;
  published_at: string | null;
  organisation_name: string;
  class_path: string[];
  item_count: number;
  hits?: string[];
}

export interface Change {
  sort: string;
  text: string;
}

export interface Gap {
  item: number;
  column: string;
  column_title: string;
  text: string;
}

export interface Draft {
  version: number;
  state: string;
  entry: Entry;
  gaps: Gap[];
  changes: Change[];
}

export interface Resource extends Short {
  items: Item[];
  steps?: string[];
  draft?: Draft | null;
}

export interface Facet {
  value: string;
  title: string;
  count: number;
}

export interface Found {
  items: Short[];
  total: number;
  exact: boolean;
  facets: Record<string, Facet[]>;
  next: string | null;
}

export interface Version {
  version: number;
  state: string;
  made_at: string;
  made_by: string;
  published_at: string | null;
  published_by: string;
  changes: Change[];
}

export interface Done {
  step: string;
  version: number;
  at: string;
  actor: string;
  text: string;
}

export interface Waiting {
  id: number;
  code: string;
  name: string;
  version: number;
  organisation_name: string;
  submitted_by: string;
  made_at: string;
  revision: number;
  changes: Change[];
}

export interface ClassRow {
  code: string;
  name_zh: string;
  name_en: string;
  own: boolean;
}

export const SHARE_TYPES = ["unconditional", "conditional", "none"] as const;
export const SHARE_MODES = ["api", "table", "file"] as const;
export const OPEN_TYPES = ["none", "unconditional", "conditional"] as const;
export const CYCLES = [
  "realtime",
  "daily",
  "weekly",
  "monthly",
  "quarterly",
  "half_yearly",
  "yearly",
  "irregular",
] as const;
export const FORMATS = ["database", "sheet", "document", "image", "stream", "self_described"] as const;
export const ITEM_TYPES = ["C", "N", "Y", "D", "T", "L", "M", "G"] as const;
