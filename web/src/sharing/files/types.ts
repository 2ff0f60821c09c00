/** What the API of files answers. */

export interface Version {
  id: number;
  resource: number;
  name: string;
  number: number;
  size: number;
  sha256: string;
  note: string;
  state: "kept" | "withdrawn" | "replaced";
  at: string;
  by: string;
  ended_at: string | null;
  end_reason: string;
  opened: boolean;
}

/** What a grant gives as files. */
export interface Granted {
  grant: number;
  resource: number;
  name: string;
  code: string;
  provider: string;
  expires_at: string;
  files: Version[];
  not_covered: string[];
  extract: boolean;
}

export interface FileKey {
  id: number;
  name: string;
  owner: string;
  recipient: string;
  added_at: string;
  mine: boolean;
  can_end: boolean;
}

export interface Delivery {
  id: number;
  resource: number;
  resource_name: string;
  version: number | null;
  format: string;
  keys: number[];
  state: "waiting" | "making" | "ready" | "failed" | "gone";
  why: string;
  asked_at: string;
  asked_by: string;
  expires_at: string | null;
  name: string;
  size: number | null;
  rows: number | null;
  marked: string[];
}
