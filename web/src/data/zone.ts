/** Instants as the city's clocks show them, on whatever computer. */

function locale(lang: string): string {
  return lang === "en" ? "en-GB" : "zh-CN";
}

let zone: string | undefined;
let clocks = clocksOf(zone);

/** Writes an instant as 2026-12-31 23:59:59. Kept: to make one takes longer than to use it. */
function clocksOf(timeZone: string | undefined): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
}

/** The city's zone, in which times are told on every computer; its own before it is known. */
export function rememberZone(name: string): void {
  zone = name || undefined;
  clocks = clocksOf(zone);
}

/** An instant as the city's clocks show it. */
export function told(
  at: string | number,
  lang: string,
  options?: Intl.DateTimeFormatOptions,
): string {
  return new Date(at).toLocaleString(locale(lang), { timeZone: zone, ...options });
}

/** What the city's clocks show at an instant, as if they were those of UTC: for charts, which know
 * no zone but that and the computer's. Where clocks are put back an hour is there twice. */
export function onClocks(at: string | number): number {
  const moment = new Date(at);
  const shown = Date.parse(`${clocks.format(moment).replace(" ", "T")}Z`);
  return shown + moment.getMilliseconds();
}

/** The city's day of an instant, as 2026-12-31. */
export function dayOf(at: string | number): string {
  const day = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Date(at).toLocaleDateString("en-CA", { timeZone: zone, ...day });
}
