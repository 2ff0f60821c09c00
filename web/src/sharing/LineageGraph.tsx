/** A graph of lineage: what a resource was made from on its left, what is made of it on its right. */

import { useMemo } from "react";
import { useNavigate } from "react-router";
import { useLanguage } from "../i18n";

export interface Node {
  key: string;
  namespace: string;
  name: string;
  resource?: number;
  title?: string;
}

export interface Edge {
  from: string;
  to: string;
  job: string;
  last_at: string;
  columns: Record<string, string[]>;
}

const WIDE = 210;
const HIGH = 44;
const APART = { x: 290, y: 62 };

/** How many steps each node is behind the start: below zero before it. Circles end. */
export function levels(start: string, edges: Edge[]): Map<string, number> {
  const found = new Map([[start, 0]]);
  for (const way of [1, -1]) {
    let here = [start];
    for (let far = 1; here.length; far += 1) {
      const next: string[] = [];
      for (const edge of edges) {
        const [near, there] = way === 1 ? [edge.from, edge.to] : [edge.to, edge.from];
        if (here.includes(near) && !found.has(there)) {
          found.set(there, way * far);
          next.push(there);
        }
      }
      here = next;
    }
  }
  return found;
}

function cut(text: string): string {
  return text.length > 26 ? `${text.slice(0, 25)}…` : text;
}

export function LineageGraph({ start, nodes, edges }: { start: string; nodes: Node[]; edges: Edge[] }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const places = useMemo(() => {
    const level = levels(start, edges);
    const least = Math.min(...level.values());
    const filled = new Map<number, number>();
    const found = new Map<string, { x: number; y: number }>();
    for (const one of nodes) {
      const column = level.get(one.key) ?? 0;
      const row = filled.get(column) ?? 0;
      filled.set(column, row + 1);
      found.set(one.key, { x: (column - least) * APART.x + 4, y: row * APART.y + 4 });
    }
    return found;
  }, [start, nodes, edges]);
  const all = [...places.values()];
  const width = Math.max(...all.map((one) => one.x)) + WIDE + 8;
  const height = Math.max(...all.map((one) => one.y)) + HIGH + 8;
  return (
    <div style={{ overflowX: "auto", marginBottom: 12 }}>
      <svg width={width} height={height} role="img" aria-label={t("catalogue.lineage")}>
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 L8 4 L0 8 z" fill="var(--quiet)" />
          </marker>
        </defs>
        {edges.map((one) => {
          const from = places.get(one.from);
          const to = places.get(one.to);
          if (!from || !to) return null;
          const [x1, y1, x2, y2] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH / 2];
          const bend = 40;
          return (
            <path
              key={`${one.from}>${one.to}>${one.job}`}
              d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
              fill="none"
              stroke="var(--quiet)"
              markerEnd="url(#tip)"
            >
              <title>{one.job}</title>
            </path>
          );
        })}
        {nodes.map((one) => {
          const place = places.get(one.key)!;
          const leads = one.resource !== undefined && one.key !== start;
          return (
            <g
              key={one.key}
              transform={`translate(${place.x} ${place.y})`}
              style={leads ? { cursor: "pointer" } : undefined}
              onClick={leads ? () => navigate(`/catalogue/entry/${one.resource}`) : undefined}
            >
              <title>{`${one.namespace} ${one.name}`}</title>
              <rect
                width={WIDE}
                height={HIGH}
                rx={6}
                fill="var(--panel)"
                stroke={one.key === start ? "var(--accent)" : "var(--line)"}
                strokeWidth={one.key === start ? 2 : 1}
              />
              <text x={10} y={19} fontSize={13} fill="var(--text)">
                {cut(one.title ?? one.name)}
              </text>
              <text x={10} y={35} fontSize={11} fill="var(--quiet)">
                {cut(one.title ? one.name : one.namespace)}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
