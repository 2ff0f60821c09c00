import { expect, test } from "vitest";
import { nested, nextCode, parentOf } from "./classTree";

const row = (code: string) => ({ code, name_zh: code, name_en: "", organisation: null, own: false });
const ROWS = ["1", "101", "101001", "101002", "1010020001", "2", "209"].map(row);

test("a class stands below the one that its code begins with", () => {
  expect(["1", "101", "101001", "1010020001"].map(parentOf)).toEqual(["", "1", "101", "101002"]);
  const [first, second] = nested(ROWS);
  expect(first?.children[0]?.children.map((one) => one.code)).toEqual(["101001", "101002"]);
  expect(second?.children.map((one) => one.code)).toEqual(["209"]);
});

test("the next code below a class is free", () => {
  expect(nextCode(ROWS, "1")).toBe("102");
  expect(nextCode(ROWS, "101")).toBe("101003");
  expect(nextCode(ROWS, "209")).toBe("209001");
});
