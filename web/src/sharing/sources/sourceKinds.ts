/** The kinds of source, and what each asks for. */

export interface Option {
  name: string;
  needed?: boolean;
  number?: boolean;
  choices?: readonly string[];
  /** Many lines, each ``name=path``. */
  pairs?: boolean;
  hint?: string;
}

export const KINDS: Record<string, Option[]> = {
  postgresql: [
    { name: "host", needed: true },
    { name: "port", number: true, hint: "5432" },
    { name: "database", needed: true },
    { name: "user", needed: true },
    { name: "schema", hint: "public" },
    {
      name: "sslmode",
      choices: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    },
  ],
  mysql: [
    { name: "host", needed: true },
    { name: "port", number: true, hint: "3306" },
    { name: "database", needed: true },
    { name: "user", needed: true },
  ],
  sqlite: [{ name: "path", needed: true, hint: "/data/office.db" }],
  files: [
    { name: "path", needed: true, hint: "/data/incoming" },
    { name: "encoding", choices: ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"] },
    { name: "delimiter", choices: [",", ";", "\t", "|"] },
  ],
  http: [
    { name: "url", needed: true, hint: "https://" },
    { name: "tables", pairs: true },
    { name: "items", hint: "data.rows" },
    { name: "auth", hint: "bearer" },
    { name: "paging", choices: ["none", "page", "offset", "cursor"] },
    { name: "page_param" },
    { name: "size_param" },
    { name: "page_size", number: true },
    { name: "next_field" },
  ],
};

/** Kinds that may need a password or key. */
export const WITH_SECRET = ["postgresql", "mysql", "http"];

export function linesOf(pairs: unknown): string {
  return Object.entries((pairs ?? {}) as Record<string, string>)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

export function pairsOf(lines: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of lines.split("\n")) {
    const at = line.indexOf("=");
    const name = (at < 0 ? line : line.slice(0, at)).trim();
    if (name) found[name] = at < 0 ? name : line.slice(at + 1).trim();
  }
  return found;
}

/** The options as the API takes them: those of the kind alone, and none that is empty. */
export function told(kind: string, given: Record<string, unknown>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const option of KINDS[kind] ?? []) {
    const value = given[option.name];
    if (value === undefined || value === null || value === "") continue;
    if (!option.pairs) found[option.name] = value;
    else if (String(value).trim()) found[option.name] = pairsOf(String(value));
  }
  return found;
}

/** The options as the form shows them. */
export function asked(kind: string, options: Record<string, unknown>): Record<string, unknown> {
  const pairs = (KINDS[kind] ?? []).filter((one) => one.pairs).map((one) => one.name);
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, pairs.includes(name) ? linesOf(value) : value]),
  );
}
