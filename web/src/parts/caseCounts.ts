import { useEffect, useState } from "react";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { CaseCounts } from "../data/types";
import { useGet } from "../data/use";

/** How many cases there are, of one class or of all, counted again soon after one changed.
 * Asks for nothing while `wanted` is false. */
export function useCaseCounts(case_class = "", wanted = true): CaseCounts | undefined {
  const { may } = useSession();
  const path = withQuery("/api/cases/summary", { case_class });
  const { data, reload } = useGet<CaseCounts>(wanted && may("cases.report") ? path : null);
  const [dirty, setDirty] = useState(false);
  useLive("case", () => setDirty(true));
  useLive("reset", () => setDirty(true));
  useEffect(() => {
    if (!dirty) return;
    const timer = setTimeout(() => {
      setDirty(false);
      reload();
    }, 800);
    return () => clearTimeout(timer);
  }, [dirty, reload]);
  return data;
}

export function openOf(counts: CaseCounts | undefined): number | undefined {
  return counts && counts.kinds.new + counts.kinds.working + counts.kinds.waiting;
}
