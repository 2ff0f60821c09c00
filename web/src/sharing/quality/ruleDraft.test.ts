import { expect, test } from "vitest";
import { documentOf, draftOf, type RuleDraft } from "./ruleDraft";

const COMMON = { name: "r", title_zh: "规则", title_en: "Rule", table: "209/000001", severity: "urgent" };
const DRAFTS: RuleDraft[] = [
  { ...COMMON, kind: "required", columns: ["a", "b"] },
  { ...COMMON, kind: "unique", columns: ["a"] },
  { ...COMMON, kind: "type", column: "a", type: "date" },
  { ...COMMON, kind: "range", column: "a", least: "0", most: "2026-07-01" },
  { ...COMMON, kind: "pattern", column: "a", pattern: "\\d+" },
  { ...COMMON, kind: "identifier", column: "a", identifier: "mobile" },
  { ...COMMON, kind: "values", column: "a", values: ["x", "y"] },
  { ...COMMON, kind: "reference", columns: ["a"], other: "209/000002", there: ["b"] },
  { ...COMMON, kind: "holds", condition: "a < b" },
  { ...COMMON, kind: "depends", column: "a", by: ["b"] },
  { ...COMMON, kind: "fresh", days: 3 },
];

test("a rule of every kind is read back as it was written", () => {
  for (const one of DRAFTS) expect(draftOf(documentOf(one)), one.kind).toEqual(one);
});

test("numbers go as numbers, so that they are compared as such", () => {
  expect(JSON.parse(documentOf(DRAFTS[3]!)).rules.r.range.a).toEqual({ least: 0, most: "2026-07-01" });
});

test("what the form cannot say is left to the document", () => {
  expect(draftOf("rules:\n  a: {}")).toBeUndefined();
  const whole = JSON.parse(documentOf(DRAFTS[0]!));
  whole.rules.r.where = { a: 1 };
  expect(draftOf(JSON.stringify(whole))).toBeUndefined();
  whole.rules = { a: whole.rules.r, b: whole.rules.r };
  expect(draftOf(JSON.stringify(whole))).toBeUndefined();
  expect(draftOf('{"rules": {"a": {"table": "t", "sum": {}}}}')).toBeUndefined();
});
