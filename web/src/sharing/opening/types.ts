import type { Version } from "../files/types";

export interface OpenShort {
  id: number;
  name: string;
  code: string;
  title: string;
  summary: string;
  organisation_name: string;
  class_path: string[];
  keywords: string[];
  update_cycle: string;
  condition: string;
  licence_title: string;
  licence_url: string;
  released_at: string;
  changed_at: string;
}

export interface OpenField {
  column: string;
  name: string;
  type: string;
  text: string;
}

/** An uploaded file that a release names. */
export interface OpenFile {
  id: number;
  name: string;
  number: number;
  size: number;
  at: string;
  format: string;
  sha256: string;
  url: string;
}

/** ``forms``: those in which its rows can be had; none where it has files alone. */
export interface OpenFull extends OpenShort {
  fields: OpenField[];
  forms: string[];
  files: OpenFile[];
  uses: { views: number; downloads: number; calls: number };
  stars: number | null;
  ratings: { stars: number; text: string; at: string }[];
}

export interface Released {
  id: number;
  released_at: string;
  withdrawn_at: string | null;
}

/** What speaks against a release, files from which one may choose, releases until now. */
export interface Review {
  findings: { column: string; why: string; text: string }[];
  files: Version[];
  releases: Released[];
}

export type Row = Record<string, unknown>;

export interface Rows {
  items: Row[];
  total: number;
}

export interface Wish {
  id: number;
  title: string;
  text: string;
  state: string;
  answer: string;
}
