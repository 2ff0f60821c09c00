import { expect, test } from "vitest";
import { narrowed } from "./narrowing";

const TERMS = {
  fields: ["station", "level"],
  verify: [],
  plain: ["level"],
  rows: [{ column: "area", operator: "=", value: "1" }],
  modes: ["api"],
  per_minute: 600,
  per_day: 1000,
  days: 366,
};
const ITEMS = [
  { column: "station", type: "C" },
  { column: "level", type: "N" },
];

test("conditions are added, values are of the type of their column, plain ones are read", () => {
  const rows = [
    { column: "level", operator: ">", value: " 10 " },
    { column: "station", operator: "in", value: "007，8" },
    { column: "station", operator: "present" },
  ];
  const given = { fields: ["station"], plain: ["level"], modes: ["api"], rows, per_minute: 5, per_day: 10, days: 3 };
  const made = narrowed(TERMS, given, ITEMS);
  expect(made.plain).toEqual([]);
  expect(made.rows).toEqual([
    TERMS.rows[0],
    { column: "level", operator: ">", value: 10 },
    { column: "station", operator: "in", value: ["007", "8"] },
    { column: "station", operator: "present", value: null },
  ]);
  expect([made.fields, made.per_day, made.days]).toEqual([["station"], 10, 3]);
});
