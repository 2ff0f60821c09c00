import type { evidenceZh } from "./sharing_evidence.zh";

/** The log of uses and tracing, in English. */
export const evidenceEn: Record<keyof typeof evidenceZh, string> = {
  "nav.evidence": "Log of uses",
  "evidence.tab_log": "Log",
  "evidence.tab_trace": "Trace a leak",
  "evidence.none": "No uses yet: the log begins with the first use of shared data.",
  "evidence.size": "Entries",
  "evidence.signed_at": "Signed at",
  "evidence.algorithm": "Hash",
  "evidence.origin": "Log",
  "evidence.root": "Root",
  "evidence.key": "Public key",
  "evidence.keep":
    "Keep the public key and this head outside of the platform; “yiwang evidence verify” then needs nothing else.",
  "evidence.save_head": "Save head",
  "evidence.export": "Export",
  "evidence.check": "Check all of it",
  "evidence.checked": "All {entries} entries fit {heads} signed heads; nothing is wrong.",
  "evidence.broken": "Something is wrong (up to entry {intact} it fits)",
  "evidence.number": "No.",
  "evidence.at": "Time",
  "evidence.who": "Who",
  "evidence.verb": "Did what",
  "evidence.about": "With what",
  "evidence.details": "Details",
  "evidence.older": "Earlier entries",
  "evidence.trace_hint":
    "Give a leaked file (CSV, TSV or Excel): it is compared with every marked copy that was given out. The chance of naming anybody falsely is below one in a million.",
  "evidence.trace_file": "Choose a file",
  "evidence.trace_resource": "Resource (may be empty)",
  "evidence.trace_nobody":
    "Nobody: the marks in {cells} cells fit none of {receivers} receivers better than chance.",
  "evidence.receiver": "Receiver",
  "evidence.resource": "Resource",
  "evidence.since": "First given",
  "evidence.fitting": "Marks that fit",
  "evidence.bound": "Chance of a false name",
};
