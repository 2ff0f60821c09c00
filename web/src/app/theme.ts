/** Colours of the product in light and dark, and the theme of the component library. */

import { type ThemeConfig, theme } from "antd";
import { useSyncExternalStore } from "react";
import type { Severity } from "../data/types";

export type Mode = "light" | "dark";

export interface Palette {
  ground: string;
  panel: string;
  line: string;
  text: string;
  quiet: string;
  accent: string;
  map: { ground: string; district: string; street: string; line: string; label: string };
}

export const PALETTES: Record<Mode, Palette> = {
  light: {
    ground: "#eef2f6",
    panel: "#ffffff",
    line: "#d8e0e8",
    text: "#17222e",
    quiet: "#536577",
    accent: "#1463a8",
    map: {
      ground: "#e3eaf0",
      district: "#f7f9fb",
      street: "#f1f5f8",
      line: "#a9bccd",
      label: "#4a6076",
    },
  },
  dark: {
    ground: "#0b131d",
    panel: "#121d2a",
    line: "#233446",
    text: "#e4edf5",
    quiet: "#93a8bc",
    accent: "#5aaef0",
    map: {
      ground: "#0a1119",
      district: "#101c29",
      street: "#142333",
      line: "#2f4a64",
      label: "#8fa9c1",
    },
  },
};

export const SEVERITY_COLOUR: Record<Mode, Record<Severity, string>> = {
  light: { notice: "#2a6fb5", warning: "#8a5a00", urgent: "#b8450f", critical: "#b3202c" },
  dark: { notice: "#6db3f2", warning: "#f0b849", urgent: "#ff8a50", critical: "#ff6b73" },
};

/** On the map, by level: 0 nothing found, 1 notice … 4 critical. */
export const LEVEL_COLOUR = ["#6f8aa3", "#3a8fe0", "#eba92c", "#f0703a", "#e5303d"];

const FONT =
  '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", ' +
  'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

export function themeOf(mode: Mode): ThemeConfig {
  const palette = PALETTES[mode];
  return {
    algorithm: mode === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: palette.accent,
      colorLink: palette.accent,
      colorInfo: palette.accent,
      colorBgLayout: palette.ground,
      colorBgContainer: palette.panel,
      colorBgElevated: mode === "dark" ? "#182636" : "#ffffff",
      colorTextBase: palette.text,
      colorTextSecondary: palette.quiet,
      colorTextTertiary: palette.quiet,
      colorTextDescription: palette.quiet,
      colorTextPlaceholder: mode === "dark" ? "#8499ad" : "#66788a",
      colorBorder: mode === "dark" ? "#33485d" : "#c3ced9",
      colorBorderSecondary: palette.line,
      borderRadius: 6,
      fontFamily: FONT,
      fontSize: 14,
      motion: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      motionDurationMid: "0.12s",
    },
    components: {
      Table: { headerBg: "transparent", cellPaddingBlockMD: 9, headerSplitColor: "transparent" },
      Card: { headerHeight: 44 },
    },
  };
}

const KEPT = "yiwang.theme";
const watchers = new Set<() => void>();
let mode: Mode = initial();

function initial(): Mode {
  const kept = localStorage.getItem(KEPT);
  if (kept === "light" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function setMode(next: Mode): void {
  mode = next;
  localStorage.setItem(KEPT, next);
  for (const tell of watchers) tell();
}

export function useMode(): Mode {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => mode,
  );
}
