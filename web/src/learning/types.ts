import type { CaseProposal, CaseSummary } from "../data/types";

export interface Reason {
  kind: string;
  value: string;
}

/** A class that was proposed to whoever reported, and what they and the centre made of it. */
export interface ClassProposal {
  at: string;
  version: number;
  first: string;
  first_title: string;
  confidence: number;
  shown: { code: string; title: string; confidence: number }[];
  reasons: Reason[];
  chosen: string;
  chosen_title: string;
  took: "first" | "listed" | "other";
  answer: "" | "accepted" | "other" | "refused";
  answered_at: string | null;
  answered_by: string;
}

export interface Waits<T> extends CaseSummary {
  id: number;
  version: number;
  description: string;
  proposal: T;
}

export type WaitsForUnit = Waits<CaseProposal>;
export type WaitsForClass = Waits<ClassProposal>;

/** What every row of the outcomes has. */
export interface Shares {
  made: number;
  closed: number;
  right: number;
  acceptance: number | null;
  accuracy: number | null;
}

interface Counted extends Shares {
  sent: number;
  accepted: number;
  changed: number;
  refused: number;
}

export interface ClassCounted extends Shares {
  case_class: string;
  title: string;
  first: number;
  listed: number;
  other: number;
  corrected: number;
  instead: { code: string; title: string; count: number }[];
}

export interface Outcomes {
  version: number | null;
  send_from: number | null;
  items: (Counted & { version: number })[];
  by_class: (Counted & { case_class: string; title: string })[];
  by_organisation: (Counted & { organisation: number; organisation_name: string })[];
  classes: ClassCounted[];
}
