import type { Finding, Page } from "../data/types";

/** The numbers of the findings that are open, at most the first five thousand. */
export async function openFindings(get: <T>(path: string) => Promise<T>): Promise<number[]> {
  const found: number[] = [];
  let after: string | null = null;
  for (let round = 0; round < 5; round++) {
    const cursor: string = after ? `&after=${encodeURIComponent(after)}` : "";
    const page: Page<Finding> = await get(`/api/findings?state=open&limit=1000${cursor}`);
    found.push(...page.items.map((one) => one.id));
    after = page.next;
    if (!after) break;
  }
  return found;
}
