import { expect, test } from "vitest";
import { lookedAt, recentCases } from "./recent";

test("the newest stands first, once, and for one person alone", () => {
  for (const no of [1, 2, 3, 1]) lookedAt("wang", no);
  expect(recentCases("wang")).toEqual([1, 3, 2]);
  expect(recentCases("li")).toEqual([]);
  for (let no = 10; no < 30; no++) lookedAt("wang", no);
  expect(recentCases("wang")).toHaveLength(8);
});

test("what is not a list of numbers counts for nothing", () => {
  localStorage.setItem("yiwang.recent.zhou", '{"a"');
  expect(recentCases("zhou")).toEqual([]);
  localStorage.setItem("yiwang.recent.zhou", '["x", 4]');
  expect(recentCases("zhou")).toEqual([4]);
});
