/** The numbers of the cases that somebody looked at last, kept in this browser for them alone. */

const MOST = 8;

function key(user: string): string {
  return `yiwang.recent.${user}`;
}

export function recentCases(user: string): number[] {
  try {
    const held: unknown = JSON.parse(localStorage.getItem(key(user)) ?? "[]");
    return Array.isArray(held) ? held.filter((one) => Number.isSafeInteger(one)) : [];
  } catch {
    return [];
  }
}

export function lookedAt(user: string, no: number): void {
  const others = recentCases(user).filter((one) => one !== no);
  localStorage.setItem(key(user), JSON.stringify([no, ...others].slice(0, MOST)));
}
