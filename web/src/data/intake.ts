/** Shapes of the answers about field connections and the ledger of what came in. */

export interface FieldProtocol {
  name: string;
  listens: boolean;
  port: number;
  connections: number;
  devices: number;
  frames: number;
  stored: number | null;
  rejected: number;
  dropped: number | null;
  last_frame: string | null;
  unmapped: Record<string, number>;
}

export interface Connected {
  thing: number;
  kind: string;
  code: string;
  peer: string;
  since: string;
  heard: string;
  frames: number;
  rejected: number;
}

export interface LedgerLine {
  source: string;
  day: string;
  received: number;
  stored: number;
  duplicate: number;
  rejected: number;
  reasons: Record<string, number>;
  waiting: number;
  balanced: boolean;
}

export interface Rejection {
  id: number;
  at: string;
  source: string;
  reason: string;
  where: string;
  count: number;
  raw?: string;
  raw_base64?: string;
  raw_size: number;
}
