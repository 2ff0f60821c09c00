/** The latest values of a property at the places or things of a panel, kept by the live stream. */

import { useEffect, useRef, useState } from "react";
import { get, withQuery } from "../data/http";
import { useLive } from "../data/live";
import type { CellColumns, Columns, MapLayer, MapPanel } from "../data/types";
import { useLanguage } from "../i18n";
import type { Chosen } from "./ThingCard";

export interface ValueRow {
  key: string;
  id: number;
  name: string;
  value: number | null;
  /** When it was observed, in milliseconds; 0 where nothing was. */
  time: number;
  lon: number;
  lat: number;
  chosen: Chosen;
  stream: number;
}

export type Valued = ValueRow & { value: number };

export interface Values {
  /** undefined until they are known */
  rows: ValueRow[] | undefined;
  /** There are more than the server tells one by one. */
  many: boolean;
  total: number | undefined;
}

const NOTHING_YET: Values = { rows: undefined, many: false, total: undefined };

export function isValued(row: ValueRow): row is Valued {
  return row.value !== null;
}

function rowsOf(columns: Columns, of: "place" | "thing"): ValueRow[] {
  return columns.id.map((id, row) => ({
    key: `${of}:${id}`,
    id,
    name: columns.name?.[row] ?? `#${id}`,
    value: columns.value[row] ?? null,
    time: columns.time[row] ?? 0,
    lon: columns.lon[row]!,
    lat: columns.lat[row]!,
    chosen: { of, id },
    stream: columns.stream[row]!,
  }));
}

/** Places are preferred where a layer of the same pack shows the property there: they have names. */
export function useValues(panel: MapPanel, layers: MapLayer[]): Values {
  const { lang } = useLanguage();
  const [found, setFound] = useState<Values>(NOTHING_YET);
  const [round, setRound] = useState(0);
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { pack, kind, property } = panel;
  const places =
    panel.places ||
    (property && layers.find((one) => one.pack === pack && one.property === property)?.places) ||
    "";
  const path = places
    ? withQuery("/api/map/places", { kind: places, property })
    : withQuery("/api/map/things", { kind: kind && `${pack}.${kind}`, property });
  useEffect(() => {
    let current = true;
    get<Columns | CellColumns>(path).then(
      (columns) => {
        if (!current) return;
        const rows = columns.clustered ? [] : rowsOf(columns, places ? "place" : "thing");
        setFound({ rows, many: columns.clustered, total: columns.total });
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [path, places, lang, round]);
  const soon = (ms: number) => {
    if (waiting.current) return;
    waiting.current = setTimeout(() => {
      waiting.current = undefined;
      setRound((value) => value + 1);
    }, ms);
  };
  useEffect(
    () => () => {
      clearTimeout(waiting.current);
      waiting.current = undefined;
    },
    [],
  );
  useLive("changed", () => soon(1000));
  useLive("reset", () => soon(200));
  useLive<{ t: [number, number, number | null][]; more?: number }>("latest", (event) => {
    if (event.more) soon(5000);
    const told = new Map(event.t.map((one) => [one[0], one]));
    setFound((held) => {
      if (!held.rows?.some((row) => told.has(row.stream))) return held;
      const rows = held.rows.map((row) => {
        const one = told.get(row.stream);
        return one ? { ...row, time: one[1] / 1000, value: one[2] ?? row.value } : row;
      });
      return { ...held, rows };
    });
  });
  return found;
}
