/** Something that somebody sends. While it is on its way, another click sends nothing. */

import { useRef, useState } from "react";
import type { Problem } from "./http";

export interface Sending<A extends unknown[]> {
  send: (...given: A) => Promise<void>;
  busy: boolean;
  problem: Problem | undefined;
  /** Forgets what went wrong: something else is begun. */
  clear: () => void;
}

export function useSend<A extends unknown[]>(work: (...given: A) => Promise<void>): Sending<A> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const underWay = useRef(false);
  const send = async (...given: A) => {
    if (underWay.current) return;
    underWay.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await work(...given);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      underWay.current = false;
      setBusy(false);
    }
  };
  return { send, busy, problem, clear: () => setProblem(undefined) };
}
