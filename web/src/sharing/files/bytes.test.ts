import { expect, test } from "vitest";
import { bytes } from "./bytes";

test("sizes are short and never round to nothing", () => {
  expect([0, 1, 1023, 1024, 1536, 150 * 1024, 5 * 1024 ** 3].map(bytes)).toEqual([
    "0 B",
    "1 B",
    "1023 B",
    "1.0 KB",
    "1.5 KB",
    "150 KB",
    "5.0 GB",
  ]);
});
