import type { CaseSummary } from "../data/types";

export interface Named {
  code: string;
  title: string;
  number: string;
}

export interface Board {
  lines: Named[];
  channels: Named[];
  kinds: string[];
  emotions: string[];
  outcomes: string[];
}

export interface Caller {
  id: number;
  number: string;
  email: string;
  name: string;
  language: string;
  recent: number;
  frequent: boolean;
}

export interface Wish {
  id: number;
  at: string;
  kind: string;
  outcome: string;
  text: string;
  case: number | null;
  article: number | null;
}

export interface Listed {
  id: number;
  at: string;
  ended_at: string | null;
  line_title: string;
  channel: string;
  channel_title: string;
  operator: string;
  emotion: string;
  urgent: boolean;
  repeated: boolean;
  requests: Wish[];
}

export interface Contact extends Listed {
  caller: Caller | null;
  contacts: Listed[];
  cases: CaseSummary[];
}

export interface Call {
  id: number;
  at: string;
  line_title: string;
  masked: string;
  frequent: boolean;
}

export interface Article {
  id: number;
  code: string;
  question_zh: string;
  answer_zh: string;
  question_en: string;
  answer_en: string;
  classes: string[];
  keywords: string[];
  valid_from: string;
  valid_until: string;
  review_on: string;
  organisation: number | null;
  organisation_name: string;
  state: string;
  version: number;
  published: number | null;
  used: number;
  helpful: number;
  unhelpful: number;
}

export interface Suggested {
  articles: (Article & { fit: number })[];
  classes: { code: string; title: string; fit: number }[];
  near: (CaseSummary & { fit: number; metres: number })[];
}

export interface CallBack {
  request: number;
  contact: number;
  kind: string;
  text: string;
  tries: number;
  due_at: string;
  late: boolean;
  case: CaseSummary;
}

export interface Figures {
  contacts: number;
  open: number;
  answered: number;
  answered_share: number | null;
  repeated: number;
  repeated_share: number | null;
  handling_s: number | null;
  by_channel: { code: string; title: string; count: number }[];
  by_line: { code: string; title: string; count: number }[];
  by_kind: Record<string, number>;
  by_outcome: Record<string, number>;
  missing: number;
  call_backs: number;
}

export function words(article: Article, lang: string): { question: string; answer: string } {
  const english = lang === "en" && article.question_en !== "";
  const plain = english || article.question_zh === "";
  return plain
    ? { question: article.question_en, answer: article.answer_en }
    : { question: article.question_zh, answer: article.answer_zh };
}
