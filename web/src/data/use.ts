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

function asProblem(error: unknown): Problem {
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
  const fetchPage = useCallback(
    (after: string | null) => {
      if (path === null) return;
      asked.current += 1;
      const number = asked.current;
      const join = path.includes("?") ? "&" : "?";
      const cursor = after ? `&after=${encodeURIComponent(after)}` : "";
      setLoading(true);
      meanwhile.current = [];
      get<Page<T>>(`${path}${join}limit=${limit}${cursor}`)
        .then((page) => {
          if (number !== asked.current) return;
          const edits = after ? [] : (meanwhile.current ?? []);
          meanwhile.current = null;
          const fresh = edits.reduce((items, edit) => edit(items), page.items);
          setItems((held) => (after ? [...held, ...page.items] : fresh));
          setNext(page.next);
          setProblem(undefined);
        })
        .catch((error) => number === asked.current && setProblem(asProblem(error)))
        .finally(() => number === asked.current && setLoading(false));
    },
    [path, limit],
  );
  useEffect(() => {
    fetchPage(null);
  }, [fetchPage, round, lang]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  const more = next && !loading ? () => fetchPage(next) : undefined;
  return { items, problem, loading, more, reload, change };
}
