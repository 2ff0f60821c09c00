/** Instants as the city's clocks show them, on whatever computer. */

function locale(lang: string): string {
  return lang === "en" ? "en-GB" : "zh-CN";
}

let zone: string | undefined;

/** The city's zone, in which times are told on every computer; its own before it is known. */
export function rememberZone(name: string): void {
  zone = name || undefined;
}

/** An instant as the city's clocks show it. */
export function told(
  at: string | number,
  lang: string,
  options?: Intl.DateTimeFormatOptions,
): string {
  return new Date(at).toLocaleString(locale(lang), { timeZone: zone, ...options });
}

/** The city's day of an instant, as 2026-12-31. */
export function dayOf(at: string | number): string {
  const day = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Date(at).toLocaleDateString("en-CA", { timeZone: zone, ...day });
}
