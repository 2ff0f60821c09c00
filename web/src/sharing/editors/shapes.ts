/** What a table looks like, as the API tells it. */

import { withQuery } from "../../data/http";
import { type Loaded, useGet } from "../../data/use";

export interface Column {
  name: string;
  type: string;
  length: number | null;
  scale: number | null;
  required: boolean;
  comment: string;
  samples: string[];
}

export interface Shape {
  table: string;
  comment: string;
  key: string[];
  rows: number | null;
  columns: Column[];
}

export interface End {
  source?: string;
  table?: string;
  dataset?: string;
}

export function shapePath({ source, table, dataset }: End): string | null {
  if (dataset) return `/api/sharing/datasets/${encodeURIComponent(dataset)}`;
  if (!source || !table) return null;
  return withQuery(`/api/sharing/sources/${encodeURIComponent(source)}/shape`, { table });
}

/** The shape of a table of a source, or of a dataset; nothing while none is chosen. */
export function useShape(end: End): Loaded<Shape> {
  return useGet<Shape>(shapePath(end));
}
