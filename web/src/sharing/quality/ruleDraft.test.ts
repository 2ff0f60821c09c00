import { expect, test } from "vitest";
import { documentOf, draftOf, type FieldOf, type KindOf } from "./ruleDraft";

const field = (name: string, kind: string): FieldOf => ({
  ...{ name, kind, title: name, hint: "", required: false, options: [], default: null, table: "" },
});
const kind = (name: string, shape: KindOf["shape"], fields: FieldOf[] = [], alternatives: string[][] = []): KindOf => ({
  ...{ kind: name, title: name, hint: "", shape, fields, alternatives },
});
const KINDS = [
  kind("required", "columns"),
  kind("holds", "expression"),
  kind("type", "one_each", [field("type", "choice")]),
  kind("range", "each", [field("least", "end"), field("most", "end")]),
  kind("format", "each", [field("pattern", "pattern"), field("identifier", "choice")], [["pattern"], ["identifier"]]),
  kind(
    "reference",
    "fields",
    [field("columns", "columns"), field("values", "values"), field("table", "table"), field("where", "conditions")],
    [["values"], ["table", "where"]],
  ),
  kind("sum", "fields", [
    ...[field("total", "figure"), field("parts", "figures"), field("by", "columns")],
    ...[field("missing", "choice"), field("tolerance", "tolerance")],
  ]),
  kind("jump", "fields", [field("of", "expression"), field("most", "share"), field("unusual", "number")]),
  kind("alike", "fields", [field("column", "column"), field("letters", "flag")]),
  kind("copy", "fields", [field("of", "tables")]),
  kind("period", "fields", [field("along", "column")]),
];

const FIGURE = {
  columns: { gdp1: "一产", gdp2: "gdp2" },
  item: "产业",
  table: "209/2",
  where: { area: "全区" },
  except: { year: ["2015", "2016"] },
  by: { area: "region" },
};
const RULES = [
  { required: ["a", "b"] },
  { holds: "a < b" },
  { type: { a: "date", b: "integer" } },
  { range: { a: { least: 0, most: "2026-07-01" }, b: { most: 9 } } },
  { format: { a: { pattern: "\\d+" }, b: { identifier: "mobile" } } },
  { reference: { columns: ["a"], values: ["x", "y"] } },
  { reference: { columns: ["a"], table: "209/2", where: { b: "1" } } },
  { sum: { total: "a", parts: ["b", "c"] } },
  { sum: { total: { column: "a", where: { b: "总计" } }, parts: [FIGURE], by: ["area"], missing: "zero" } },
  { sum: { total: "a", parts: [{ column: "b" }, FIGURE], tolerance: { units: 1, relative: "0.5%", absolute: 2 } } },
  { jump: { of: "a / b", most: "30%", unusual: 4 } },
  { alike: { column: "a", letters: true } },
  { copy: { of: ["209/2", "209/3"] } },
  { period: {} },
];
const COMMON = { title: { "zh-CN": "规则", en: "Rule" }, table: "209/1", severity: "urgent" };
const write = (rule: object) => JSON.stringify({ rules: { r: { ...COMMON, ...rule } } }, null, 2);
const CASES = [...RULES, { where: { b: ["1", "2"] }, except: { c: "x" }, required: ["a"] }];

test("a rule of every kind is read into the form and written as it was", () => {
  for (const rule of CASES) {
    const draft = draftOf(write(rule), KINDS);
    const of = KINDS.find((one) => one.kind === draft?.kind);
    expect(draft && of && documentOf(draft, of), JSON.stringify(rule)).toBe(write(rule));
  }
});

test("what the form cannot say is left to the document", () => {
  const refused = [
    "rules:\n  a: {}",
    write({ sum: { total: "a", parts: ["b"], by: [] } }),
    write({ sum: { total: "a", parts: ["b"], unknown: 1 } }),
    write({ unheard: {} }),
    write({ required: ["a"], where: { a: 1 } }),
    JSON.stringify({ rules: { a: COMMON, b: COMMON } }),
  ];
  for (const one of refused) expect(draftOf(one, KINDS), one).toBeUndefined();
});

test("of alternatives the chosen one alone is written, and rows that are not filled in are not", () => {
  const [format, sum] = [KINDS[4]!, KINDS[6]!];
  const held = { column: "a", _way: 1, pattern: "x", identifier: "mobile" };
  const draft = { name: "r", title_zh: "规则", table: "t", severity: "notice", kind: "format", body: { format: [held] } };
  expect(JSON.parse(documentOf(draft, format)).rules.r.format).toEqual({ a: { identifier: "mobile" } });
  const body = { sum: { total: { terms: [{ column: "a" }], where: [{}] }, parts: [{ terms: [{ column: "b" }] }] } };
  const rule = JSON.parse(documentOf({ ...draft, kind: "sum", body }, sum)).rules.r;
  expect(rule.sum).toEqual({ total: "a", parts: ["b"] });
});
