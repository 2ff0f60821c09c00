/** Classes by their codes: 类 of one digit, 项 of two more, 目 of three more, 细目 of any number. */

export interface ClassRow {
  code: string;
  name_zh: string;
  name_en: string;
  organisation: number | null;
  own: boolean;
}

export interface ClassNode extends ClassRow {
  key: string;
  children: ClassNode[];
}

const LENGTHS = [1, 3, 6];

export function parentOf(code: string): string {
  const length = [...LENGTHS].reverse().find((one) => one < code.length) ?? 0;
  return code.slice(0, length);
}

export function below(rows: ClassRow[], code: string): ClassRow[] {
  return rows.filter((one) => one.code !== code && parentOf(one.code) === code);
}

export function nested(rows: ClassRow[]): ClassNode[] {
  const nodes = new Map<string, ClassNode>(rows.map((one) => [one.code, { ...one, key: one.code, children: [] }]));
  const top: ClassNode[] = [];
  for (const node of nodes.values()) {
    const above = nodes.get(parentOf(node.code));
    if (above) above.children.push(node);
    else top.push(node);
  }
  return top;
}

/** The first code below a class that is free. */
export function nextCode(rows: ClassRow[], above: string): string {
  const step = above.length === 1 ? 2 : 3;
  const taken = below(rows, above)
    .map((one) => Number(one.code.slice(above.length)))
    .filter(Number.isInteger);
  const next = Math.max(0, ...taken) + 1;
  return `${above}${String(next).padStart(step, "0")}`;
}
