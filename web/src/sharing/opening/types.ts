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

export interface OpenFull extends OpenShort {
  fields: OpenField[];
  uses: { views: number; downloads: number; calls: number };
  stars: number | null;
  ratings: { stars: number; text: string; at: string }[];
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
