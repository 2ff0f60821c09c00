/** Two languages, complete: a key missing in one does not compile. */

import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
import { en } from "./en";
import { zh } from "./zh";

export type Lang = "zh-CN" | "en";
export type Key = keyof typeof zh;
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const KEPT = "yiwang.language";
const DICTIONARIES: Record<Lang, Record<Key, string>> = { "zh-CN": zh, en };

let current: Lang = localStorage.getItem(KEPT) === "en" ? "en" : "zh-CN";

export function language(): Lang {
  return current;
}

export function translate(
  lang: Lang,
  key: Key,
  values: Record<string, string | number> = {},
): string {
  return DICTIONARIES[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** The text of a key made of parts, where there is one. */
export function translateIfKnown(lang: Lang, key: string): string | undefined {
  return (DICTIONARIES[lang] as Record<string, string>)[key];
}

interface Held {
  lang: Lang;
  setLang: (lang: Lang) => void;
  t: Translate;
  known: (key: string) => string | undefined;
}

const Context = createContext<Held | null>(null);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [lang, keep] = useState<Lang>(current);
  const setLang = useCallback((next: Lang) => {
    current = next;
    localStorage.setItem(KEPT, next);
    keep(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = lang;
    document.title = lang === "en" ? "Yiwang" : "一网 Yiwang";
  }, [lang]);
  const held = useMemo<Held>(
    () => ({
      lang,
      setLang,
      t: (key, values) => translate(lang, key, values),
      known: (key) => translateIfKnown(lang, key),
    }),
    [lang, setLang],
  );
  return <Context.Provider value={held}>{children}</Context.Provider>;
}

export function useLanguage(): Held {
  return useContext(Context)!;
}
