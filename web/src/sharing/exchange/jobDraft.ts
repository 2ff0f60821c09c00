/** A job as its form holds it, and as the API takes it. */

import type { Problem } from "../../data/http";
import type { Place } from "../editors/fault";
import { linesOf, pairsOf } from "../sources/sourceKinds";

export interface RuleRow {
  to: string;
  how: "column" | "join" | "constant";
  from?: string;
  join?: string[];
  between?: string;
  constant?: string;
  trim?: boolean;
  codes?: string;
  otherwise?: string;
}

export interface CheckRow {
  column: string;
  required?: boolean;
  pattern?: string;
  least?: string;
  most?: string;
  identifier?: string;
}

export interface FilterRow {
  column: string;
  operator: string;
  value?: string;
}

export interface JobDraft {
  code: string;
  name: string;
  organisation?: number;
  enabled: boolean;
  from_kind: "table" | "dataset" | "node";
  from_source?: string;
  from_table?: string;
  from_dataset?: string;
  to_kind: "table" | "dataset" | "new";
  to_source?: string;
  to_table?: string;
  to_dataset?: string;
  to_key: string[];
  mapping: RuleRow[];
  checks: CheckRow[];
  /** Rules of quality, ``set`` or ``set/rule``. */
  rules: string[];
  where: FilterRow[];
  mode: string;
  by?: string;
  overlap?: number;
  removals: boolean;
  schedule: string;
  batch: number;
  most_rejected: number;
  tries: number;
}

interface EndSpec {
  source?: string;
  table?: string;
  dataset?: string;
  node?: boolean;
  key?: string[];
}

interface RuleSpec {
  to: string;
  from?: string;
  join?: string[];
  between?: string;
  constant?: unknown;
  codes?: Record<string, string> | null;
  otherwise?: string;
  trim?: boolean;
}

export interface Spec {
  from: EndSpec;
  to: EndSpec;
  mode?: string;
  by?: string;
  overlap?: number;
  where?: { column: string; operator: string; value?: unknown }[];
  mapping?: RuleSpec[];
  checks?: Record<string, unknown>[];
  rules?: string[];
  removals?: boolean;
  schedule?: string;
  batch?: number;
  most_rejected?: number;
  tries?: number;
}

export const NO_VALUE = ["null", "present"];

export const NEW: JobDraft = {
  code: "",
  name: "",
  enabled: true,
  from_kind: "table",
  to_kind: "table",
  to_key: [],
  mapping: [],
  checks: [],
  rules: [],
  where: [],
  mode: "full",
  removals: false,
  schedule: "",
  batch: 20_000,
  most_rejected: 10_000,
  tries: 8,
};

function text(value: unknown): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

function ruleRow(rule: RuleSpec): RuleRow {
  const joined = (rule.join?.length ?? 0) > 0;
  return {
    to: rule.to,
    how: joined ? "join" : rule.from ? "column" : "constant",
    from: rule.from,
    join: rule.join,
    between: rule.between,
    constant: text(rule.constant),
    trim: rule.trim,
    codes: rule.codes ? linesOf(rule.codes) : undefined,
    otherwise: rule.otherwise,
  };
}

function ruleSpec(row: RuleRow): RuleSpec {
  const codes = row.codes?.trim() ? pairsOf(row.codes) : undefined;
  const coded = codes ? { codes, otherwise: row.otherwise ?? "reject" } : {};
  if (row.how === "constant") return { to: row.to, constant: row.constant ?? null, ...coded };
  if (row.how === "join")
    return { to: row.to, join: row.join ?? [], between: row.between ?? "", ...coded };
  return { to: row.to, from: row.from ?? "", ...(row.trim ? { trim: true } : {}), ...coded };
}

function filterSpec(row: FilterRow) {
  if (NO_VALUE.includes(row.operator)) return { column: row.column, operator: row.operator };
  const value =
    row.operator === "in"
      ? (row.value ?? "").split(/[,，、\n]/).map((one) => one.trim()).filter(Boolean)
      : (row.value ?? "");
  return { column: row.column, operator: row.operator, value };
}

/** The form of a job that is there. */
export function draftOf(
  job: { code: string; name: string; organisation: number | null; enabled: boolean },
  spec: Spec,
): JobDraft {
  const { from, to } = spec;
  return {
    ...NEW,
    code: job.code,
    name: job.name,
    organisation: job.organisation ?? undefined,
    enabled: job.enabled,
    from_kind: from.node ? "node" : from.dataset ? "dataset" : "table",
    from_source: text(from.source),
    from_table: text(from.table),
    from_dataset: text(from.dataset),
    to_kind: !to.dataset ? "table" : to.key?.length ? "new" : "dataset",
    to_source: text(to.source),
    to_table: text(to.table),
    to_dataset: text(to.dataset),
    to_key: to.key ?? [],
    mapping: (spec.mapping ?? []).map(ruleRow),
    checks: (spec.checks ?? []).map((one) => ({
      column: String(one.column),
      required: Boolean(one.required),
      pattern: text(one.pattern),
      least: text(one.least),
      most: text(one.most),
      identifier: text(one.identifier),
    })),
    rules: spec.rules ?? [],
    where: (spec.where ?? []).map((one) => ({
      column: one.column,
      operator: one.operator,
      value: Array.isArray(one.value) ? one.value.join(", ") : text(one.value),
    })),
    mode: spec.mode ?? NEW.mode,
    by: text(spec.by),
    overlap: spec.overlap,
    removals: spec.removals ?? false,
    schedule: spec.schedule ?? "",
    batch: spec.batch ?? NEW.batch,
    most_rejected: spec.most_rejected ?? NEW.most_rejected,
    tries: spec.tries ?? NEW.tries,
  };
}

/** What the API takes; what does not belong to the chosen kinds is left out. */
export function specOf(given: JobDraft): Spec {
  const node = given.from_kind === "node";
  const ends = {
    from: node
      ? { node: true }
      : given.from_kind === "dataset"
        ? { dataset: given.from_dataset ?? "" }
        : { source: given.from_source ?? "", table: given.from_table ?? "" },
    to:
      given.to_kind === "table"
        ? { source: given.to_source ?? "", table: given.to_table ?? "" }
        : {
            dataset: given.to_dataset ?? "",
            ...(given.to_kind === "new" ? { key: given.to_key } : {}),
          },
  };
  const grows = given.mode === "incremental";
  return {
    ...ends,
    mode: given.mode,
    ...(grows ? { by: given.by ?? "", overlap: given.overlap ?? 0 } : {}),
    where: node ? [] : given.where.map(filterSpec),
    mapping: given.mapping.map(ruleSpec),
    checks: given.checks.map((one) =>
      Object.fromEntries(
        Object.entries(one).filter(([, value]) => value !== undefined && value !== "" && value !== false),
      ),
    ),
    rules: given.rules,
    removals: given.mode === "full" && given.removals,
    schedule: node ? "" : given.schedule.trim(),
    batch: given.batch,
    most_rejected: given.most_rejected,
    tries: given.tries,
  };
}

const DIRECT = ["rules", "code", "name", "mode", "by", "overlap", "removals", "schedule", "batch", "most_rejected", "tries"];

function endPlace(end: "from" | "to", given: JobDraft, part: "source" | "table"): Place {
  const kind = end === "from" ? given.from_kind : given.to_kind;
  if (kind === "node") return ["from_kind"];
  return [`${end}_${kind === "table" ? part : "dataset"}`];
}

/** The field of the form that a problem concerns. */
export function placeOf(problem: Problem, given: JobDraft): Place | undefined {
  const { field, source, table, dataset } = problem.fields;
  switch (problem.code) {
    case "sharing.job_exists":
      return ["code"];
    case "sharing.bad_schedule":
      return ["schedule"];
    case "sharing.no_such_source":
      return source === given.from_source ? ["from_source"] : ["to_source"];
    case "sharing.no_such_table":
      return table === given.from_table ? ["from_table"] : ["to_table"];
    case "sharing.no_key":
      return endPlace("to", given, "table");
    case "sharing.no_such_dataset":
    case "sharing.bad_dataset":
    case "sharing.dataset_differs":
      return dataset === given.from_dataset && given.from_kind === "dataset" ? ["from_dataset"] : ["to_dataset"];
    case "sharing.no_such_column":
      return ["fault_mapping"];
  }
  if (field === "from" || field === "to") return endPlace(field, given, "table");
  if (field === "checks" || field === "identifier") return ["fault_checks"];
  if (field === "mapping" || field === "otherwise") return ["fault_mapping"];
  if (field === "where") return ["fault_where"];
  return typeof field === "string" && DIRECT.includes(field) ? [field] : undefined;
}
