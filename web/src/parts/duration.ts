import type { Translate } from "../i18n";

/** A length of time in its two largest units. */
export function remaining(ms: number, t: Translate): string {
  const minutes = Math.floor(ms / 60_000);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  if (days > 0) return `${days}${t("unit.day")} ${hours}${t("unit.hour")}`;
  if (hours > 0) return `${hours}${t("unit.hour")} ${minutes % 60}${t("unit.minute")}`;
  if (minutes > 0) return `${minutes}${t("unit.minute")}`;
  return `${Math.floor(ms / 1000)}${t("unit.second")}`;
}

/** A number with as many digits as a person can use. */
export function figure(value: number | null | undefined, lang: string): string {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString(lang, { maximumFractionDigits: digits });
}
