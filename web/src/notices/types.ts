/** Notices as the server gives them. */

export interface OwnNotice {
  id: number;
  topic: string;
  about: string;
  subject: string;
  text: string;
  path: string;
  urgent: boolean;
  at: string;
  read_at: string | null;
}

export interface Delivery {
  id: number;
  topic: string;
  about: string;
  channel: string;
  to: string;
  subject: string;
  state: string;
  attempts: number;
  created_at: string;
  next_at: string | null;
  ended_at: string | null;
  answer: string;
}

export interface Tried {
  no: number;
  started_at: string;
  ended_at: string | null;
  outcome: string;
  answer: string;
}

export interface Webhook {
  id: number;
  name: string;
  url: string;
  purpose: string;
  topics: string[];
  narrowed: Record<string, (string | number)[]>;
  active: boolean;
  failures: number;
  paused_until: string | null;
  last_good_at: string | null;
  last_answer: string;
  waiting: number;
}

export interface Wish {
  language: string;
  email: string;
  phone: string;
  channels: string[];
  quiet: [number, number] | null;
  pending: { email?: string; phone?: string };
}
