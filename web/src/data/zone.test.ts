import { describe, expect, it } from "vitest";
import { dayOf, rememberZone, told } from "./zone";

describe("the city's clocks", () => {
  const late = "2026-07-15T17:30:00Z";

  it("show another day where the city has one", () => {
    rememberZone("Asia/Shanghai");
    expect(dayOf(late)).toBe("2026-07-16");
    expect(told(late, "en", { hour: "2-digit", minute: "2-digit" })).toBe("01:30");
    rememberZone("America/Lima");
    expect(dayOf(late)).toBe("2026-07-15");
    expect(told(late, "zh-CN", { hour: "2-digit", minute: "2-digit" })).toBe("12:30");
  });
});
