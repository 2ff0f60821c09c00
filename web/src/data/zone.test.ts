import { describe, expect, it } from "vitest";
import { dayOf, onClocks, rememberZone, told } from "./zone";

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

  it("are what a chart's axis shows", () => {
    rememberZone("Asia/Shanghai");
    expect(new Date(onClocks(late)).toISOString()).toBe("2026-07-16T01:30:00.000Z");
    expect(onClocks(Date.parse(late) + 61_007) - onClocks(late)).toBe(61_007);
    rememberZone("America/New_York");
    const winter = "2026-11-01T12:00:00Z";
    expect(onClocks(late) - Date.parse(late)).toBe(-4 * 3_600_000);
    expect(onClocks(winter) - Date.parse(winter)).toBe(-5 * 3_600_000);
  });
});
