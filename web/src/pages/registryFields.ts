/** The fields of each noun of the registry, as forms and tables show them. */

export type FieldKind =
  | "text"
  | "number"
  | "choice"
  | "reference"
  | "references"
  | "words"
  | "json"
  | "days";

export interface Field {
  name: string;
  kind: FieldKind;
  required?: boolean;
  options?: string[];
  noun?: string;
  column?: boolean;
}

export const NOUNS = ["areas", "organisations", "people", "duties", "places", "classes", "responsibilities"] as const;
export type Noun = (typeof NOUNS)[number];

const code: Field = { name: "code", kind: "text", required: true, column: true };
const zh: Field = { name: "name_zh", kind: "text", required: true, column: true };
const en: Field = { name: "name_en", kind: "text", column: true };

export const FIELDS: Record<Noun, Field[]> = {
  areas: [
    code,
    {
      name: "level",
      kind: "choice",
      options: ["district", "street", "grid"],
      required: true,
      column: true,
    },
    zh,
    en,
    { name: "parent", kind: "reference", noun: "areas", column: true },
    { name: "geometry", kind: "json", required: true },
  ],
  organisations: [
    code,
    { name: "kind", kind: "text", column: true },
    zh,
    en,
    { name: "functions", kind: "words", column: true },
    { name: "parent", kind: "reference", noun: "organisations" },
    { name: "area", kind: "reference", noun: "areas", column: true },
    { name: "contact", kind: "text", column: true },
  ],
  people: [
    code,
    { name: "name", kind: "text", required: true, column: true },
    { name: "phone", kind: "text", column: true },
    { name: "organisation", kind: "reference", noun: "organisations", column: true },
    { name: "user", kind: "text", column: true },
    { name: "skills", kind: "words", column: true },
  ],
  duties: [
    code,
    { name: "role", kind: "text", required: true, column: true },
    { name: "area", kind: "reference", noun: "areas", column: true },
    { name: "person", kind: "reference", noun: "people", column: true },
    { name: "organisation", kind: "reference", noun: "organisations", column: true },
    { name: "days", kind: "days", column: true },
    { name: "opens", kind: "text", column: true },
    { name: "closes", kind: "text", column: true },
    { name: "starts_at", kind: "text" },
    { name: "ends_at", kind: "text" },
  ],
  places: [
    { name: "kind", kind: "text", required: true, column: true },
    code,
    zh,
    en,
    { name: "lon", kind: "number", column: true },
    { name: "lat", kind: "number", column: true },
    { name: "address", kind: "text", column: true },
    { name: "attributes", kind: "json" },
    { name: "geometry", kind: "json" },
  ],
  classes: [
    code,
    zh,
    en,
    { name: "major", kind: "text", required: true, column: true },
    { name: "major_zh", kind: "text" },
    { name: "major_en", kind: "text" },
    { name: "minor", kind: "text" },
    {
      name: "severity",
      kind: "choice",
      options: ["notice", "warning", "urgent", "critical"],
      column: true,
    },
    { name: "function", kind: "text", required: true, column: true },
    { name: "deadline_minutes", kind: "number", required: true, column: true },
    { name: "counting", kind: "choice", options: ["working", "clock"], column: true },
  ],
  responsibilities: [
    code,
    { name: "event_class", kind: "reference", noun: "classes", column: true },
    { name: "major", kind: "text", column: true },
    { name: "area", kind: "reference", noun: "areas", column: true },
    { name: "level", kind: "choice", options: ["street", "district", "city"], column: true },
    {
      name: "organisation",
      kind: "reference",
      noun: "organisations",
      required: true,
      column: true,
    },
    { name: "co_organisations", kind: "references", column: true },
    { name: "basis", kind: "text", column: true },
    { name: "starts_at", kind: "text" },
    { name: "ends_at", kind: "text" },
  ],
};

export type Row = Record<string, unknown> & { id: number };

/** What a form's text means as JSON; throws SyntaxError for JSON that is none. */
export function meant(field: Field, given: unknown): unknown {
  if (given === undefined || given === null || given === "") return null;
  if (field.kind === "json") return JSON.parse(String(given));
  if (field.kind === "words") return words(given);
  if (field.kind === "references") return words(given).map(reference);
  if (field.kind === "reference") return reference(String(given).trim());
  return given;
}

function words(given: unknown): string[] {
  return String(given)
    .split(/[,;，；]/)
    .map((word) => word.trim())
    .filter(Boolean);
}

function reference(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** What a form shows of a stored value. */
export function shown(field: Field, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (field.kind === "json")
    return Object.keys(value).length ? JSON.stringify(value, null, 1) : undefined;
  if (field.kind === "words" || field.kind === "references")
    return (value as unknown[]).join(", ");
  if (field.kind === "reference") return String(value);
  return value;
}
