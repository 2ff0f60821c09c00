import type { Translate } from "../i18n";
import type { Reason } from "./types";

const TOLD = ["word", "class", "address", "channel"];

/** The words that spoke for a proposal, as people read them; empty where nothing can be said. */
export function because(t: Translate, reasons: Reason[]): string {
  const words = reasons
    .filter((one) => one.value && TOLD.includes(one.kind))
    .map((one) => one.value);
  return words.length ? t("learning.because", { words: words.join("、") }) : "";
}

export function percent(share: number | null): string {
  return share === null ? "–" : `${Math.round(share * 100)} %`;
}
