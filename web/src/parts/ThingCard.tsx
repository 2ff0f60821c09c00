/** What is at one point of the map: latest values, recent history, findings. */

import { CloseOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import type { Finding, Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { figure } from "./duration";
import { Busy, Nothing, ProblemBox } from "./states";
import { SeverityMark, useKindTitle, useRuleTitle } from "./tags";
import { TimeOfDay, When } from "./time";

const Chart = lazy(() => import("./Chart"));

export interface Chosen {
  of: "place" | "thing";
  id: number;
}

interface Stream {
  id: number;
  property: string;
  unit: string;
  time: string | null;
  value: number | string | boolean | null;
}

interface Device {
  id: number;
  name: string;
  code: string;
  kind: string;
  place: number | null;
  streams: Stream[];
}

export interface Spot {
  name: string;
  kind: string;
  lon: number | null;
  lat: number | null;
  address: string;
  grid_name: string;
  attributes: Record<string, unknown>;
  things: Device[];
}

interface Observed {
  value: { phenomenonTime: string; result: unknown }[];
}

function History({ stream, title }: { stream: Stream; title: string }) {
  const { t } = useLanguage();
  const path = withQuery(`/v1.1/Datastreams(${stream.id})/Observations`, {
    $top: 200,
    $orderby: "phenomenonTime desc",
    $select: "phenomenonTime,result",
  });
  const { data, problem, loading, set } = useGet<Observed>(path);
  useLive<{ t: [number, number, number | null][] }>("latest", (event) => {
    const mine = event.t.find(([id]) => id === stream.id);
    if (!mine || !data) return;
    const phenomenonTime = new Date(mine[1] / 1000).toISOString();
    set({ value: [{ phenomenonTime, result: mine[2] }, ...data.value].slice(0, 200) });
  });
  const points = useMemo<[number, number][]>(
    () =>
      (data?.value ?? [])
        .filter((one) => typeof one.result === "number")
        .map((one): [number, number] => [
          Date.parse(one.phenomenonTime.split("/")[0]!),
          one.result as number,
        ])
        .sort((a, b) => a[0] - b[0]),
    [data],
  );
  if (problem) return <ProblemBox problem={problem} />;
  if (loading && !data) return <Busy />;
  if (!points.length) return <Nothing>{t("state.no_values")}</Nothing>;
  return (
    <Suspense fallback={<Busy />}>
      <Chart points={points} unit={stream.unit} label={title} />
    </Suspense>
  );
}

export function ThingCard({
  chosen,
  onClose,
  onLocated,
}: {
  chosen: Chosen;
  onClose: () => void;
  onLocated: (position: [number, number] | null) => void;
}) {
  const { t, lang } = useLanguage();
  const { layout, may } = useSession();
  const kindTitle = useKindTitle();
  const ruleTitle = useRuleTitle();
  const { data: spot, problem, loading, set } = useGet<Spot>(`/api/map/${chosen.of}s/${chosen.id}`);
  const findings = useGet<Page<Finding>>(
    may("rules.read")
      ? withQuery("/api/findings", { state: "all", [chosen.of]: chosen.id, limit: 6 })
      : null,
  );
  const [shown, setShown] = useState<number>();
  const close = useCallback(
    (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose();
    },
    [onClose],
  );
  useEffect(() => {
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [close]);
  useEffect(() => {
    if (spot && spot.lon !== null && spot.lat !== null) onLocated([spot.lon, spot.lat]);
  }, [spot, onLocated]);
  useEffect(() => () => onLocated(null), [onLocated]);
  useLive<{ t: [number, number, number | null][] }>("latest", (event) => {
    if (!spot) return;
    const fresh = new Map(event.t.map((row) => [row[0], row]));
    if (!spot.things.some((one) => one.streams.some((stream) => fresh.has(stream.id)))) return;
    const renewed = (stream: Stream): Stream => {
      const row = fresh.get(stream.id);
      return row
        ? { ...stream, time: new Date(row[1] / 1000).toISOString(), value: row[2] }
        : stream;
    };
    set({
      ...spot,
      things: spot.things.map((one) => ({ ...one, streams: one.streams.map(renewed) })),
    });
  });
  useLive<Finding>("finding", () => findings.reload());
  const streams = spot?.things.flatMap((one) => one.streams) ?? [];
  const drawn =
    streams.find((one) => one.id === shown) ?? streams.find((one) => typeof one.value === "number");
  const named = (kind: string, stream: Stream) =>
    layout.kinds[kind]?.properties[stream.property]?.title ?? stream.property;
  return (
    <section className="card thing" aria-label={spot?.name ?? ""} data-testid="thing-card">
      <h3>
        <span>{spot?.name}</span>
        <Button
          type="text"
          size="small"
          icon={<CloseOutlined />}
          aria-label={t("form.close")}
          onClick={onClose}
        />
      </h3>
      {problem && <ProblemBox problem={problem} />}
      {loading && !spot && <Busy />}
      {spot && (
        <>
          <div className="quiet" style={{ marginBottom: 8 }}>
            {[chosen.of === "thing" ? kindTitle(spot.kind) : "", spot.grid_name, spot.address]
              .filter(Boolean)
              .join(" · ")}
          </div>
          {Object.keys(spot.attributes).length > 0 && (
            <div className="quiet" style={{ marginBottom: 8, fontSize: 12 }}>
              {Object.entries(spot.attributes)
                .map(([name, value]) => `${name}: ${String(value)}`)
                .join(" · ")}
            </div>
          )}
          {streams.length === 0 && <Nothing>{t("thing.no_devices")}</Nothing>}
          {streams.length > 0 && (
            <table className="obs">
              <tbody>
                {spot.things.flatMap((one) =>
                  one.streams.map((stream) => (
                    <tr key={stream.id}>
                      <td>
                        <Button
                          type="link"
                          size="small"
                          style={{ padding: 0 }}
                          aria-pressed={drawn?.id === stream.id}
                          onClick={() => setShown(stream.id)}
                        >
                          {named(one.kind, stream)}
                        </Button>
                        {spot.things.length > 1 && (
                          <div className="quiet">{one.code || one.name}</div>
                        )}
                      </td>
                      <td className="num">
                        <b data-testid={`value-${stream.id}`}>
                          {typeof stream.value === "number"
                            ? figure(stream.value, lang)
                            : String(stream.value ?? "–")}
                        </b>{" "}
                        {stream.unit === "1" ? "" : stream.unit}
                      </td>
                      <td className="num quiet">
                        <TimeOfDay at={stream.time} />
                      </td>
                    </tr>
                  )),
                )}
              </tbody>
            </table>
          )}
          {drawn && <History stream={drawn} title={drawn.property} />}
          {findings.data && findings.data.items.length > 0 && (
            <>
              <h3 style={{ marginTop: 12 }}>{t("nav.findings")}</h3>
              <ul className="feed">
                {findings.data.items.map((one) => (
                  <li key={one.id} className={one.state === "open" ? "" : "cleared"}>
                    <Link className="item" to={`/findings/${one.id}`}>
                      <span className="line">
                        <span className="title">{ruleTitle(one)}</span>
                        {one.state === "open" ? (
                          <SeverityMark severity={one.severity} />
                        ) : (
                          <span className="quiet">{t(`finding.${one.state}`)}</span>
                        )}
                      </span>
                      <span className="sub">
                        <When at={one.raised_at} />
                      </span>
                    </Link>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </section>
  );
}
