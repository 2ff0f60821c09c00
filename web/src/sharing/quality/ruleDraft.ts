/** A rule as its form holds it, and the document (JSON) that the API takes. */

export const KINDS = [
  ...["required", "unique", "type", "range", "pattern", "identifier"],
  ...["values", "reference", "holds", "depends", "fresh"],
] as const;

export type Kind = (typeof KINDS)[number];

export interface RuleDraft {
  name: string;
  title_zh: string;
  title_en?: string;
  table: string;
  severity: string;
  kind: Kind;
  columns?: string[];
  column?: string;
  type?: string;
  least?: string;
  most?: string;
  pattern?: string;
  identifier?: string;
  values?: string[];
  other?: string;
  there?: string[];
  condition?: string;
  by?: string[];
  days?: number;
}

/** Kinds that look at one column, and at several. */
export const OF_ONE: Kind[] = ["type", "range", "pattern", "identifier", "values", "depends"];
export const OF_MANY: Kind[] = ["required", "unique", "reference"];

/** A number where it reads as one, else the text: a day. */
function end(text: string | undefined): number | string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const plain = text.trim();
  return Number.isFinite(Number(plain)) ? Number(plain) : plain;
}

function body(given: RuleDraft): Record<string, unknown> {
  const column = given.column ?? "";
  switch (given.kind) {
    case "required":
    case "unique":
      return { [given.kind]: given.columns ?? [] };
    case "type":
      return { type: { [column]: given.type } };
    case "range":
      return { range: { [column]: { least: end(given.least), most: end(given.most) } } };
    case "pattern":
      return { format: { [column]: { pattern: given.pattern } } };
    case "identifier":
      return { format: { [column]: { identifier: given.identifier } } };
    case "values":
      return { reference: { columns: [column], values: given.values ?? [] } };
    case "reference":
      return { reference: { columns: given.columns ?? [], table: given.other, in: given.there ?? given.columns } };
    case "holds":
      return { holds: given.condition };
    case "depends":
      return { depends: { column, by: given.by ?? [] } };
    case "fresh":
      return { fresh: given.days ? { days: given.days } : {} };
  }
}

export function documentOf(given: RuleDraft): string {
  const title = { "zh-CN": given.title_zh, ...(given.title_en ? { en: given.title_en } : {}) };
  const rule = { title, table: given.table, severity: given.severity, ...body(given) };
  return JSON.stringify({ rules: { [given.name]: rule } }, null, 2);
}

type Rule = Record<string, unknown>;
type Made = Partial<RuleDraft> & { kind: Kind };

const text = (value: unknown) => (value === undefined || value === null ? undefined : String(value));
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];

function first(given: unknown): [string, Record<string, unknown>] | undefined {
  const entries = Object.entries((given ?? {}) as Record<string, Record<string, unknown>>);
  return entries.length === 1 ? entries[0] : undefined;
}

function ofFormat(rule: Rule): Made | undefined {
  const one = first(rule.format);
  if (!one) return undefined;
  const [column, wanted] = one;
  if (wanted.identifier) return { kind: "identifier", column, identifier: text(wanted.identifier) };
  return { kind: "pattern", column, pattern: text(wanted.pattern) };
}

function ofReference(rule: Rule): Made | undefined {
  const given = rule.reference as Rule;
  if (given.where || given.except) return undefined;
  if (given.table)
    return { kind: "reference", columns: list(given.columns), other: text(given.table), there: list(given.in) };
  return { kind: "values", column: list(given.columns)[0], values: list(given.values) };
}

function ofOne(rule: Rule): Made | undefined {
  if (rule.required) return { kind: "required", columns: list(rule.required) };
  if (rule.unique) return { kind: "unique", columns: list(rule.unique) };
  if (rule.format) return ofFormat(rule);
  if (rule.reference) return ofReference(rule);
  if (rule.holds) return { kind: "holds", condition: text(rule.holds) };
  if (rule.fresh) return { kind: "fresh", days: (rule.fresh as { days?: number }).days };
  if (rule.depends) {
    const { column, by } = rule.depends as Rule;
    return { kind: "depends", column: text(column), by: list(by) };
  }
  const range = first(rule.range);
  if (range) return { kind: "range", column: range[0], least: text(range[1].least), most: text(range[1].most) };
  const type = first(rule.type);
  return type && { kind: "type", column: type[0], type: text(type[1]) };
}

/** The form of a document that the form could have made; nothing for any other. */
export function draftOf(document: string): RuleDraft | undefined {
  let rules: Record<string, Rule>;
  try {
    rules = (JSON.parse(document) as { rules: Record<string, Rule> }).rules ?? {};
  } catch {
    return undefined;
  }
  const entries = Object.entries(rules);
  const [name, rule] = entries[0] ?? [];
  if (entries.length !== 1 || !name || !rule || !rule.table || rule.where || rule.except) return undefined;
  const made = ofOne(rule);
  if (!made) return undefined;
  const title = (rule.title ?? {}) as Record<string, string>;
  const draft: RuleDraft = {
    name,
    title_zh: title["zh-CN"] ?? "",
    title_en: title.en,
    table: String(rule.table),
    severity: String(rule.severity ?? "warning"),
    ...made,
  };
  return same(documentOf(draft), document) ? draft : undefined;
}

/** Whether two documents say the same: what the form does not know must not be lost. */
function same(one: string, other: string): boolean {
  return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
}
