/** A rule as its form holds it, and the document (JSON) that the API takes. What a kind of rule
 * asks for comes from the server, so that a new kind needs nothing here. */

export interface FieldOf {
  name: string;
  kind: string;
  title: string;
  hint: string;
  required: boolean;
  options: { value: string; title: string }[];
  default: unknown;
  table: string;
}

export interface KindOf {
  kind: string;
  title: string;
  hint: string;
  shape: "columns" | "expression" | "one_each" | "each" | "fields";
  alternatives: string[][];
  fields: FieldOf[];
}

export interface Condition {
  column?: string;
  values?: string[];
}

export interface Figure {
  table?: string;
  terms?: { column?: string; called?: string }[];
  item?: string;
  where?: Condition[];
  except?: Condition[];
  by?: { rule?: string; own?: string }[];
}

type Values = Record<string, unknown>;

export interface RuleDraft {
  name: string;
  title_zh: string;
  title_en?: string;
  table: string;
  severity: string;
  kind: string;
  where?: Condition[];
  except?: Condition[];
  /** What the form holds for each kind that was tried in it. */
  body?: Record<string, unknown>;
}

/** Which of the alternatives is filled in. */
export const WAY = "_way";

/** A number where it reads as one, else the text: a day. */
function end(text: string | undefined): number | string | undefined {
  const plain = (text ?? "").trim();
  if (plain === "") return undefined;
  return Number.isFinite(Number(plain)) ? Number(plain) : plain;
}

const full = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);
const one = (list: string[]) => (list.length === 1 ? list[0] : list);

/** Without what is empty; nothing where all of it is. */
function kept(values: Values): Values | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function conditions(rows: Condition[] | undefined): Values | undefined {
  const entries = (rows ?? []).filter((row) => row?.column && row.values?.length);
  return entries.length > 0
    ? Object.fromEntries(entries.map((row) => [row.column, one(row.values ?? [])]))
    : undefined;
}

function figure(given: Figure | undefined): unknown {
  const terms = (given?.terms ?? []).filter((term) => term?.column);
  const single = terms.length <= 1 && !terms[0]?.called;
  const pairs = (given?.by ?? []).filter((pair) => pair?.rule && pair.own);
  const rest = kept({
    item: single ? undefined : given?.item,
    table: given?.table,
    where: conditions(given?.where),
    except: conditions(given?.except),
    by: pairs.length > 0 ? Object.fromEntries(pairs.map((pair) => [pair.rule, pair.own])) : undefined,
  });
  if (single) return rest ? { column: terms[0]?.column, ...rest } : terms[0]?.column;
  return { columns: Object.fromEntries(terms.map((term) => [term.column, term.called || term.column])), ...rest };
}

/** All of them names, or all of them mappings. */
function figures(given: Figure[] | undefined): unknown[] {
  const made = (given ?? []).map(figure);
  const names = made.every((each) => typeof each === "string");
  return names ? made : made.map((each) => (typeof each === "string" ? { column: each } : each));
}

const share = (value: unknown) => (typeof value === "number" ? `${value}%` : undefined);

function written(field: FieldOf, value: unknown): unknown {
  switch (field.kind) {
    case "columns":
    case "values":
    case "tables":
      return full((value as string[] | undefined) ?? []);
    case "number":
    case "whole":
      return value ?? undefined;
    case "share":
      return share(value);
    case "flag":
      return value ? true : undefined;
    case "end":
      return end(value as string | undefined);
    case "conditions":
      return conditions(value as Condition[] | undefined);
    case "figure":
      return figure(value as Figure | undefined);
    case "figures":
      return figures(value as Figure[] | undefined);
    case "tolerance": {
      const given = (value ?? {}) as Values;
      const { units, absolute } = given;
      return kept({ units: units ?? undefined, relative: share(given.relative), absolute: absolute ?? undefined });
    }
    default:
      return (value as string | undefined)?.trim() || undefined;
  }
}

/** The fields that the chosen alternative leaves. */
export function offered(of: KindOf, way: number): FieldOf[] {
  const others = new Set(of.alternatives.filter((_, at) => at !== way).flat());
  return of.fields.filter((field) => !others.has(field.name));
}

function fields(of: KindOf, held: Values): Values {
  const shown = offered(of, (held[WAY] as number | undefined) ?? 0);
  return kept(Object.fromEntries(shown.map((field) => [field.name, written(field, held[field.name])]))) ?? {};
}

function body(of: KindOf, held: unknown): unknown {
  const rows = ((of.shape === "each" || of.shape === "one_each" ? held : undefined) ?? []) as Values[];
  switch (of.shape) {
    case "columns":
      return held ?? [];
    case "expression":
      return held;
    case "one_each":
      return Object.fromEntries(rows.map((row) => [row.column, row[of.fields[0]?.name ?? ""]]));
    case "each":
      return Object.fromEntries(rows.map((row) => [row.column, fields(of, row)]));
    case "fields":
      return fields(of, (held ?? {}) as Values);
  }
}

export function documentOf(given: RuleDraft, of: KindOf): string {
  const title = { "zh-CN": given.title_zh, ...(given.title_en ? { en: given.title_en } : {}) };
  const some = kept({ where: conditions(given.where), except: conditions(given.except) });
  const said = { [of.kind]: body(of, given.body?.[of.kind]) };
  const rule = { title, table: given.table, severity: given.severity, ...some, ...said };
  return JSON.stringify({ rules: { [given.name]: rule } }, null, 2);
}

const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
const percent = (value: unknown) => (value === undefined ? undefined : Number.parseFloat(String(value)));

function rowsOf(value: unknown): Condition[] | undefined {
  if (value === undefined) return undefined;
  return Object.entries((value ?? {}) as Values).map(([column, each]) => ({ column, values: list(each) }));
}

function figureOf(value: unknown): Figure {
  if (typeof value === "string") return { terms: [{ column: value }] };
  const given = (value ?? {}) as Values;
  const several = given.columns as Values | undefined;
  const terms = several
    ? Object.entries(several).map(([column, called]) => ({
        column,
        called: column === called ? undefined : String(called),
      }))
    : [{ column: given.column as string }];
  const by = given.by as Values | undefined;
  return {
    table: given.table as string | undefined,
    terms,
    item: given.item as string | undefined,
    where: rowsOf(given.where),
    except: rowsOf(given.except),
    by: by && Object.entries(by).map(([rule, own]) => ({ rule, own: String(own) })),
  };
}

function held(field: FieldOf, value: unknown): unknown {
  if (value === undefined) return undefined;
  switch (field.kind) {
    case "columns":
    case "values":
    case "tables":
      return list(value);
    case "number":
    case "whole":
    case "flag":
      return value;
    case "share":
      return percent(value);
    case "conditions":
      return rowsOf(value);
    case "figure":
      return figureOf(value);
    case "figures":
      return (Array.isArray(value) ? value : [value]).map(figureOf);
    case "tolerance": {
      const given = value as Values;
      return { units: given.units, relative: percent(given.relative), absolute: given.absolute };
    }
    default:
      return String(value);
  }
}

function heldFields(of: KindOf, value: unknown): Values {
  const given = (value ?? {}) as Values;
  const way = of.alternatives.findIndex((group) => group.some((name) => name in given));
  const all = Object.fromEntries(of.fields.map((field) => [field.name, held(field, given[field.name])]));
  return { ...all, ...(way > 0 ? { [WAY]: way } : {}) };
}

function heldBody(of: KindOf, value: unknown): unknown {
  switch (of.shape) {
    case "columns":
      return list(value);
    case "expression":
      return value;
    case "one_each":
      return Object.entries((value ?? {}) as Values).map(([column, each]) => ({
        column,
        [of.fields[0]?.name ?? ""]: each,
      }));
    case "each":
      return Object.entries((value ?? {}) as Values).map(([column, each]) => ({ column, ...heldFields(of, each) }));
    case "fields":
      return heldFields(of, value);
  }
}

/** The form of a document that the form could have made; nothing for any other. */
export function draftOf(document: string, kinds: KindOf[]): RuleDraft | undefined {
  let rules: Record<string, Values>;
  try {
    rules = (JSON.parse(document) as { rules: Record<string, Values> }).rules ?? {};
  } catch {
    return undefined;
  }
  const entries = Object.entries(rules);
  const [name, rule] = entries[0] ?? [];
  const of = kinds.find((each) => rule && each.kind in rule);
  if (entries.length !== 1 || !name || !rule?.table || !of) return undefined;
  const title = (rule.title ?? {}) as Record<string, string>;
  const draft: RuleDraft = {
    name,
    title_zh: title["zh-CN"] ?? "",
    title_en: title.en,
    table: String(rule.table),
    severity: String(rule.severity ?? "warning"),
    kind: of.kind,
    where: rowsOf(rule.where),
    except: rowsOf(rule.except),
    body: { [of.kind]: heldBody(of, rule[of.kind]) },
  };
  return same(documentOf(draft, of), document) ? draft : undefined;
}

/** Whether two documents say the same: what the form does not know must not be lost. */
function same(first: string, second: string): boolean {
  return JSON.stringify(JSON.parse(first)) === JSON.stringify(JSON.parse(second));
}
