/** What the server says of a field stands at that field. */

import type { FormInstance } from "antd";
import type { Problem } from "../../data/http";

export type Place = (string | number)[];

/** Show a problem at its field and go there: what it may be, for the field says what it is. False
 * where the form has no such field. */
export function placed(form: FormInstance, problem: Problem, place: Place | undefined): boolean {
  const there = form.getFieldsError().some((one) => same(one.name, place));
  if (!place || !there) return false;
  const words = named(problem) && problem.todo ? [problem.todo] : [problem.title, problem.todo];
  form.setFields([{ name: place, errors: [words.filter(Boolean).join(" ")] }]);
  form.scrollToField(place, { block: "center", focus: true });
  return true;
}

/** Forget what was told of fields before. */
export function cleared(form: FormInstance): void {
  const told = form.getFieldsError().filter((one) => one.errors.length > 0);
  form.setFields(told.map((one) => ({ name: one.name, errors: [] })));
}

function same(one: Place, other: Place | undefined): boolean {
  return other !== undefined && one.length === other.length && one.every((part, at) => part === other[at]);
}

/** The field that a problem names itself. */
export function named(problem: Problem): string | undefined {
  const name = problem.fields.field ?? problem.fields.option;
  return typeof name === "string" ? name : undefined;
}
