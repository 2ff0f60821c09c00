/** The terms of a grant as its form narrows them. */

import type { Resource } from "../catalogueTypes";
import type { Terms } from "./types";

export const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "starts", "present", "null"];
/** Those that are said of a column without a value. */
export const VALUELESS = ["present", "null"];

export interface Narrowed {
  fields?: string[];
  plain?: string[];
  verify?: string[];
  modes?: string[];
  rows?: { column: string; operator: string; value?: string }[];
  per_minute: number;
  per_day: number;
  days: number;
  reason?: string;
}

const NUMBERS = ["N", "Y"];

function value(operator: string, text: string, numeric: boolean): unknown {
  if (VALUELESS.includes(operator)) return null;
  const one = (part: string) => (numeric && part !== "" && Number.isFinite(Number(part)) ? Number(part) : part);
  if (operator !== "in") return one(text.trim());
  return text.split(/[,，、]/).map((part) => one(part.trim()));
}

/** Terms that give no more than those before: conditions are added to theirs. */
export function narrowed(terms: Terms, given: Narrowed, items: Pick<Resource["items"][number], "column" | "type">[]): Terms {
  const fields = given.fields ?? [];
  const numeric = (column: string) => NUMBERS.includes(items.find((one) => one.column === column)?.type ?? "");
  const more = (given.rows ?? []).map(({ column, operator, value: text }) => ({
    column,
    operator,
    value: value(operator, text ?? "", numeric(column)),
  }));
  return {
    fields,
    plain: (given.plain ?? []).filter((one) => fields.includes(one)),
    verify: given.verify ?? [],
    modes: given.modes ?? [],
    rows: [...terms.rows, ...more],
    per_minute: given.per_minute,
    per_day: given.per_day,
    days: given.days,
  };
}
