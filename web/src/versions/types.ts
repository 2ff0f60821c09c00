/** Versions of case classes and moves of running cases, as the server sends them. */

export interface State {
  name: string;
  kind: string;
  title: string;
}

export interface Version {
  id: number;
  number: number;
  pack: string;
  active: boolean;
  installed_at: string;
  running: number;
  states: State[];
}

export interface ClassVersions {
  code: string;
  title: string;
  versions: Version[];
}

export interface Difference {
  part: string;
  part_title: string;
  code: string;
  text: string;
}

export interface Group {
  version: number;
  state: string;
  state_title: string;
  kind: string;
  to: string | null;
  to_title: string;
  cases: number;
  why: string;
}

interface Side {
  state_title: string;
  minutes: number | null;
  due_at: string | null;
  overdue?: boolean;
}

export interface Sample {
  no: number;
  from: Side;
  to: Side | null;
  why: string;
}

export interface Seen {
  outcomes: Record<string, number>;
  groups: Group[];
  deadlines: Record<string, number>;
  concerns: { organisation: number | null; name: string; cases: number }[];
  lacking: { question: string; title: string; cases: number }[];
  samples: Record<string, Sample[]>;
  digest: string;
}

export interface Move {
  id: number;
  class_title: string;
  to: number;
  state: string;
  reason: string;
  begun_at: string;
  begun_by: string;
  undo_reason: string;
  undone_by: string;
  counts: Record<string, number>;
}

export interface Asked {
  to: number;
  versions: number[];
  places: Record<string, string | null>;
  across: boolean;
}

/** A state whose cases stay where they are, in a list of choices. */
export const STAY = "—";
