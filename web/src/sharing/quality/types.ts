import type { Severity } from "../../data/types";

export interface Day {
  day: string;
  score: number | null;
}

export interface Department {
  organisation: number;
  organisation_name: string;
  score: number | null;
  resources: number;
  open_issues: number;
  checked_at: string | null;
}

export interface Scores {
  departments: Department[];
  trend: Day[];
}

export interface ResourceScore {
  resource: number;
  code: string;
  name: string;
  organisation: number;
  organisation_name: string;
  score: number | null;
  dimensions: Record<string, number>;
  open_issues: number;
  data_at: string | null;
  checked_at: string | null;
  due_at: string | null;
}

export interface RuleResult {
  rule: string;
  kind: string;
  title: string;
  dimension: string;
  severity: Severity;
  checked: number;
  failed: number;
  broken: string;
}

export interface Run {
  run: number;
  why: "asked" | "exchange" | "schedule";
  at: string;
  took_ms: number;
  rows: number;
  checked: number;
  failed: number;
  score: number | null;
}

export interface Issue {
  id: number;
  resource: number;
  code?: string;
  resource_name?: string;
  organisation_name: string;
  rule: string;
  title: string;
  severity: Severity;
  opened_at: string;
  seen_at: string;
  closed_at: string | null;
  checked: number;
  failed: number;
  broken: string;
}

export interface IssueFound {
  row: number | null;
  key: Record<string, string>;
  column: string;
  value: string;
  expected: string;
  sure: boolean;
  text: string;
}

export interface IssueFull extends Issue {
  findings: IssueFound[];
}

export interface ResourceFull extends ResourceScore {
  mine: boolean;
  rules: RuleResult[];
  runs: Run[];
  issues: Issue[];
}

export interface RuleSet {
  name: string;
  version: number;
  organisation: number | null;
  tables: string[];
  rules: { name: string; kind: string; title: Record<string, string>; tables: string[]; severity: Severity }[];
  made_at: string;
  made_by: string;
  mine: boolean;
}
