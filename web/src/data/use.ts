/** Data in components: one answer, or a list that grows page by page. */

import { useCallback, useEffect, useRef, useState } from "react";
import { useLanguage } from "../i18n";
import { get, Problem } from "./http";
import type { Page } from "./types";

export interface Loaded<T> {
  data: T | undefined;
  problem: Problem | undefined;
  loading: boolean;
  reload: () => void;
  set: (data: T) => void;
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "page", String(error), "");
}

/** The answer at a path; a changed path or language asks again, and keeps the old answer
 * until the new one is there. */
export function useGet<T>(path: string | null): Loaded<T> {
  const { lang } = useLanguage();
  const [data, set] = useState<T>();
  const [problem, setProblem] = useState<Problem>();
  const [loading, setLoading] = useState(path !== null);
  const [round, setRound] = useState(0);
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (path === null) return;
    let current = true;
    if (shown.current !== path) set(undefined);
    shown.current = path;
    setLoading(true);
    get<T>(path)
      .then((found) => {
        if (!current) return;
        set(found);
        setProblem(undefined);
      })
      .catch((error) => current && setProblem(asProblem(error)))
      .finally(() => current && setLoading(false));
    return () => {
      current = false;
    };
  }, [path, round, lang]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  return { data, problem, loading, reload, set };
}

export interface Pages<T> {
  items: T[];
  problem: Problem | undefined;
  loading: boolean;
  more: (() => void) | undefined;
  reload: () => void;
  change: (edit: (items: T[]) => T[]) => void;
}

export function usePages<T>(path: string | null, limit = 50): Pages<T> {
  const { lang } = useLanguage();
  const [items, setItems] = useState<T[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem>();
  const [loading, setLoading] = useState(path !== null);
  const [round, setRound] = useState(0);
  const asked = useRef(0);
  /** What the live stream changed while an answer was on its way, to be done to it too. */
  const meanwhile = useRef<((items: T[]) => T[])[] | null>(null);
  const change = useCallback((edit: (items: T[]) => T[]) => {
    meanwhile.current?.push(edit);
    setItems(edit);
  }, []);
  /** How many pages of which path are shown: a reload brings as many. */
  const shown = useRef({ path, pages: 1 });
  const fetchPages = useCallback(
    async (after: string | null, pages: number) => {
      if (path === null) return;
      asked.current += 1;
      const number = asked.current;
      const join = path.includes("?") ? "&" : "?";
      setLoading(true);
      meanwhile.current = [];
      const found: T[] = [];
      let cursor = after;
      try {
        do {
          const behind = cursor ? `&after=${encodeURIComponent(cursor)}` : "";
          const page = await get<Page<T>>(`${path}${join}limit=${limit}${behind}`);
          if (number !== asked.current) return;
          found.push(...page.items);
          cursor = page.next;
          pages -= 1;
        } while (cursor && pages > 0);
        const edits = after ? [] : (meanwhile.current ?? []);
        meanwhile.current = null;
        const fresh = edits.reduce((items, edit) => edit(items), found);
        if (after) shown.current.pages += 1;
        setItems((held) => (after ? [...held, ...found] : fresh));
        setNext(cursor);
        setProblem(undefined);
      } catch (error) {
        if (number === asked.current) setProblem(asProblem(error));
      } finally {
        if (number === asked.current) setLoading(false);
      }
    },
    [path, limit],
  );
  useEffect(() => {
    if (shown.current.path !== path) shown.current = { path, pages: 1 };
    void fetchPages(null, shown.current.pages);
  }, [fetchPages, path, round, lang]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  const more = next && !loading ? () => void fetchPages(next, 1) : undefined;
  return { items, problem, loading, more, reload, change };
}

const AGAIN_MS = 3000;

/** Ask again while something runs, a while after each answer, and no more when the page is left. */
export function useAgain(
  { reload, loading }: { reload: () => void; loading: boolean },
  running: boolean,
): void {
  useEffect(() => {
    if (!running || loading) return;
    const timer = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [reload, running, loading]);
}
