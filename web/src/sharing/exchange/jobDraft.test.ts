import { expect, test } from "vitest";
import { Problem } from "../../data/http";
import { draftOf, NEW, placeOf, type Spec, specOf } from "./jobDraft";

const SPEC: Spec = {
  from: { source: "civil", table: "people" },
  to: { dataset: "people", key: ["no"] },
  mode: "incremental",
  by: "seen",
  overlap: 300,
  where: [
    { column: "kind", operator: "in", value: ["a", "b"] },
    { column: "gone", operator: "null" },
  ],
  mapping: [
    { to: "no", from: "ID", trim: true },
    { to: "sex", from: "XB", codes: { "1": "男" }, otherwise: "keep" },
    { to: "address", join: ["STREET", "HOUSE"], between: " " },
    { to: "origin", constant: "civil" },
  ],
  checks: [{ column: "no", required: true, identifier: "resident_id" }],
  rules: ["water/levels"],
  removals: false,
  schedule: "0 2 * * *",
  batch: 100,
  most_rejected: 5,
  tries: 3,
};

test("a job that is opened and saved again is the same job", () => {
  const job = { code: "job", name: "Job", organisation: 7, enabled: true };
  expect(specOf(draftOf(job, SPEC))).toEqual(SPEC);
});

test("what does not belong to the chosen kinds is left out", () => {
  const made = specOf({
    ...NEW,
    from_kind: "node",
    from_source: "left",
    to_kind: "dataset",
    to_dataset: "d",
    to_key: ["x"],
    by: "seen",
    schedule: "0 2 * * *",
    where: [{ column: "a", operator: "=", value: "1" }],
  });
  expect(made.from).toEqual({ node: true });
  expect(made.to).toEqual({ dataset: "d" });
  expect([made.by, made.schedule, made.where]).toEqual([undefined, "", []]);
});

test("a problem is told at the field that it concerns", () => {
  const told = (code: string, fields: Record<string, unknown>, given = {}) =>
    placeOf(new Problem(400, code, "", "", "", [], fields), { ...NEW, ...given });
  expect(told("sharing.bad_job", { field: "by" })).toEqual(["by"]);
  expect(told("sharing.bad_job", { field: "to" }, { to_kind: "new" })).toEqual(["to_dataset"]);
  expect(told("sharing.no_such_table", { table: "t" }, { from_table: "t" })).toEqual(["from_table"]);
  expect(told("sharing.bad_job", { field: "identifier" })).toEqual(["fault_checks"]);
  expect(told("sharing.job_changed", { job: "x" })).toBeUndefined();
});
