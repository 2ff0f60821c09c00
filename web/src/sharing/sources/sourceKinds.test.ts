import { expect, test } from "vitest";
import { asked, told } from "./sourceKinds";

test("options go to the server and come back, without what is empty or of another kind", () => {
  const given = { url: "https://a", tables: "people=/v1/people\n\nroads", page_size: 100, host: "x", items: "" };
  const sent = told("http", given);
  expect(sent).toEqual({
    url: "https://a",
    tables: { people: "/v1/people", roads: "roads" },
    page_size: 100,
  });
  expect(asked("http", sent).tables).toBe("people=/v1/people\nroads=roads");
  expect(told("files", { path: "/a", tables: "x" })).toEqual({ path: "/a" });
});
