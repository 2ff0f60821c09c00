import { useEffect, useRef, useState } from "react";
import { get } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { Finding, Page } from "../data/types";
import { useLanguage } from "../i18n";
import { inLanguage } from "./feeds";

/** The findings that are open, at most the first five thousand. */
async function openFindings(): Promise<Finding[]> {
  const found: Finding[] = [];
  let after: string | null = null;
  for (let round = 0; round < 5; round++) {
    const cursor: string = after ? `&after=${encodeURIComponent(after)}` : "";
    const page: Page<Finding> = await get(`/api/findings?state=open&limit=1000${cursor}`);
    found.push(...page.items);
    after = page.next;
    if (!after) break;
  }
  return found;
}

export type FindingsByNumber = ReadonlyMap<number, Finding>;

function renewed(held: FindingsByNumber, changed: readonly Finding[]): FindingsByNumber {
  const next = new Map(held);
  for (const one of changed) {
    if (one.state === "open") next.set(one.id, one);
    else next.delete(one.id);
  }
  return next;
}

/** The open findings, kept by the live stream; undefined until they are known, and for who may
 * not read them. */
export function useOpenFindings(): FindingsByNumber | undefined {
  const { lang } = useLanguage();
  const may = useSession().may("rules.read");
  const [findings, setFindings] = useState<FindingsByNumber>();
  const [round, setRound] = useState(0);
  /** What the live stream told while the answer was on its way. */
  const meanwhile = useRef<Finding[] | null>(null);
  useEffect(() => {
    if (!may) return;
    let current = true;
    meanwhile.current = [];
    openFindings().then(
      (found) => {
        if (!current) return;
        const all = new Map(found.map((one) => [one.id, one]));
        setFindings(renewed(all, meanwhile.current ?? []));
        meanwhile.current = null;
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [may, round, lang]);
  useLive<Finding & { en?: Partial<Finding> }>("finding", (raw) => {
    const one = inLanguage(raw, lang) as Finding;
    meanwhile.current?.push(one);
    setFindings((held) => held && renewed(held, [one]));
  });
  useLive("reset", () => setRound((value) => value + 1));
  useLive<{ topic?: string }>("changed", (event) => {
    if (event.topic === "findings") setRound((value) => value + 1);
  });
  return findings;
}
