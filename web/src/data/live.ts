/** The live stream: one EventSource for the whole page, reopened where it stopped. */

import { useEffect, useRef, useSyncExternalStore } from "react";

export type LiveKind = "latest" | "finding" | "case" | "ledger" | "changed" | "notice" | "call" | "reset";
const KINDS: LiveKind[] = ["latest", "finding", "case", "ledger", "changed", "notice", "call", "reset"];

export interface LiveState {
  open: boolean;
  /** Since when the connection is as it is. */
  since: number;
}

type Handler = (data: never) => void;
const handlers = new Map<LiveKind, Set<Handler>>(KINDS.map((kind) => [kind, new Set()]));
const watchers = new Set<() => void>();

let source: EventSource | null = null;
let last = "";
let retry: ReturnType<typeof setTimeout> | undefined;
let state: LiveState = { open: false, since: Date.now() };

function become(open: boolean): void {
  if (state.open === open) return;
  state = { open, since: Date.now() };
  for (const tell of watchers) tell();
}

function connect(): void {
  source = new EventSource(last ? `/api/live?last=${last}` : "/api/live");
  source.onopen = () => become(true);
  source.onerror = () => {
    become(false);
    if (source?.readyState === EventSource.CLOSED) {
      clearTimeout(retry);
      retry = setTimeout(connect, 3000);
    }
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, (event: MessageEvent<string>) => {
      if (event.lastEventId) last = event.lastEventId;
      const data = JSON.parse(event.data) as never;
      for (const handle of handlers.get(kind)!) handle(data);
    });
  }
}

export function openLive(): () => void {
  connect();
  return () => {
    clearTimeout(retry);
    source?.close();
    source = null;
    last = "";
    become(false);
  };
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => state,
  );
}

/** Calls the latest `handle` with every event of a kind while the component is shown. */
export function useLive<T>(kind: LiveKind, handle: (data: T) => void): void {
  const current = useRef(handle);
  current.current = handle;
  useEffect(() => {
    const call = ((data: T) => current.current(data)) as Handler;
    handlers.get(kind)!.add(call);
    return () => {
      handlers.get(kind)!.delete(call);
    };
  }, [kind]);
}
