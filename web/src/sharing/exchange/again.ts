/** Asking again while something runs. */

import { useEffect } from "react";
import type { Run } from "./types";

const AGAIN_MS = 3000;

export function useAgain(reload: () => void, running: boolean) {
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(reload, AGAIN_MS);
    return () => clearInterval(timer);
  }, [reload, running]);
}

export function isOpen(run: Run | null | undefined): boolean {
  return run?.state === "running" || run?.state === "waiting";
}
