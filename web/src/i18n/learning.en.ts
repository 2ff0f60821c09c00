import type { learningZh } from "./learning.zh";

/** Proposals of dispatch learnt from closed cases, in English. */
export const learningEn: Record<keyof typeof learningZh, string> = {
  "learning.title": "Proposed from closed cases",
  "learning.waiting": "Waiting",
  "learning.accepted": "Accepted",
  "learning.other": "Sent elsewhere",
  "learning.sent": "Sent by itself",
  "learning.accept": "Send there",
  "learning.because": "Because of: {words}",
  "learning.version": "model {version}",
  "learning.likely": "Perhaps:",
};
