import { expect, test } from "vitest";
import { levels } from "./LineageGraph";

const edge = (from: string, to: string) => ({ from, to, job: "j", last_at: "", columns: {} });

test("what comes before is left, what comes after is right, and circles end", () => {
  const edges = [edge("a", "b"), edge("b", "c"), edge("c", "d"), edge("x", "c"), edge("d", "a")];
  const found = levels("c", edges);
  expect(Object.fromEntries(found)).toEqual({ c: 0, d: 1, a: 2, b: 3, x: -1 });
});
