import { Switch } from "antd";
import type { Map as LibreMap, MapMouseEvent } from "maplibre-gl";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { LEVEL_COLOUR } from "../app/theme";
import { useSession } from "../data/session";
import type { MapLayer } from "../data/types";
import { Running } from "../emergency/Running";
import { type Key, useLanguage } from "../i18n";
import { BaseMap, fill } from "../map/BaseMap";
import { ANY_DEVICE, useLayers } from "../map/useLayers";
import { Figures } from "../parts/Figures";
import { CaseFeed, FindingFeed } from "../parts/feeds";
import { useOpenFindings } from "../parts/openFindings";
import { Panels } from "../parts/Panels";
import { type Chosen, ThingCard } from "../parts/ThingCard";

const HIDDEN = "yiwang.layers.off";

function keptHidden(): string[] {
  try {
    return JSON.parse(localStorage.getItem(HIDDEN) ?? "[]") as string[];
  } catch {
    return [];
  }
}

function Ramp({ layer }: { layer: MapLayer }) {
  if (!layer.steps.length) return null;
  const first = layer.steps[0]![0];
  const last = layer.steps[layer.steps.length - 1]![0];
  return (
    <span className="ramp" title={`${first} – ${last} ${layer.unit}`} aria-hidden="true">
      {layer.steps.map(([least, colour]) => (
        <i key={least} style={{ background: colour }} />
      ))}
    </span>
  );
}

export default function Live() {
  const { t } = useLanguage();
  const { layout } = useSession();
  const [map, setMap] = useState<LibreMap>();
  const [round, setRound] = useState(0);
  const [hidden, setHidden] = useState(keptHidden);
  const [query, setQuery] = useSearchParams();
  const all = useMemo(
    () => (layout.layers.length ? layout.layers : [{ ...ANY_DEVICE, title: t("live.devices") }]),
    [layout, t],
  );
  const layers = useMemo(() => all.filter((layer) => !hidden.includes(layer.id)), [all, hidden]);
  const { total } = useLayers(map, round, layers);
  const chosen = useMemo<Chosen | null>(() => {
    const [of, id] = (query.get("at") ?? "").split(":");
    return (of === "place" || of === "thing") && id ? { of, id: Number(id) } : null;
  }, [query]);
  const choose = useCallback(
    (next: Chosen | null) =>
      setQuery(next ? { at: `${next.of}:${next.id}` } : {}, { replace: true }),
    [setQuery],
  );
  const chooseNow = useRef(choose);
  chooseNow.current = choose;

  useEffect(() => {
    if (!map) return;
    const click = (event: MapMouseEvent) => {
      const reach = 5;
      const { x, y } = event.point;
      const found = map.queryRenderedFeatures(
        [
          [x - reach, y - reach],
          [x + reach, y + reach],
        ],
        { layers: ["points", "cells"] },
      );
      const hit = found[0];
      if (!hit) return chooseNow.current(null);
      if (hit.layer.id === "cells") {
        map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 });
        return;
      }
      chooseNow.current({ of: hit.properties.of, id: hit.properties.id });
    };
    const pointer = (cursor: string) => () => {
      map.getCanvas().style.cursor = cursor;
    };
    const over = pointer("pointer");
    const out = pointer("");
    map.on("click", click);
    for (const layer of ["points", "cells"]) {
      map.on("mouseenter", layer, over);
      map.on("mouseleave", layer, out);
    }
    return () => {
      map.off("click", click);
      for (const layer of ["points", "cells"]) {
        map.off("mouseenter", layer, over);
        map.off("mouseleave", layer, out);
      }
    };
  }, [map]);

  const located = useCallback(
    (position: [number, number] | null) => {
      if (!map) return;
      const features: GeoJSON.Feature[] = position
        ? [{ type: "Feature", geometry: { type: "Point", coordinates: position }, properties: {} }]
        : [];
      fill(map, "chosen", features);
      if (position && !map.getBounds().contains(position)) map.easeTo({ center: position });
    },
    [map],
  );

  const toggle = (id: string, on: boolean) => {
    const next = on ? hidden.filter((one) => one !== id) : [...hidden, id];
    setHidden(next);
    localStorage.setItem(HIDDEN, JSON.stringify(next));
  };
  const goTo = useCallback(
    (lon: number | null, lat: number | null, next: Chosen | null) => {
      if (next) choose(next);
      if (map && lon !== null && lat !== null)
        map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), 13) });
    },
    [map, choose],
  );
  const findings = useOpenFindings();

  return (
    <div className="live">
      <BaseMap
        label={t("live.map")}
        padding={{ left: 330, right: 390, top: 30, bottom: 40 }}
        onReady={(made) => {
          setMap(made);
          setRound((value) => value + 1);
        }}
      />
      <div className="side left">
        <Running />
        <section className="card" aria-label={t("live.figures")}>
          <Figures findings={findings?.size} />
        </section>
        <section className="card" aria-labelledby="layers-title">
          <h3 id="layers-title">
            {t("live.layers")}
            <span className="quiet" style={{ fontWeight: 400 }} data-testid="map-total">
              {total === undefined ? "" : t("live.in_view", { count: total })}
            </span>
          </h3>
          {all.map((layer) => (
            <div className="layer-row" key={layer.id}>
              <span className="name">{layer.title}</span>
              <Ramp layer={layer} />
              <Switch
                size="small"
                checked={!hidden.includes(layer.id)}
                onChange={(on) => toggle(layer.id, on)}
                aria-label={layer.title}
              />
            </div>
          ))}
        </section>
        {layout.panels.length > 0 && (
          <section className="card grow" aria-label={t("live.panels")}>
            <div className="scroll" style={{ margin: "-12px -14px" }}>
              <Panels findings={findings} onChoose={goTo} />
            </div>
          </section>
        )}
      </div>
      <div className="legend card">
        {(["none", "notice", "warning", "urgent", "critical"] as const).map((name, level) => (
          <span key={name}>
            <i style={{ background: LEVEL_COLOUR[level] }} />
            {t(name === "none" ? "live.nothing_found" : (`severity.${name}` as Key))}
          </span>
        ))}
      </div>
      {chosen && (
        <ThingCard
          key={`${chosen.of}:${chosen.id}`}
          chosen={chosen}
          onClose={() => choose(null)}
          onLocated={located}
        />
      )}
      <div className="side right">
        <section className="card grow" aria-labelledby="findings-title" style={{ flex: 1.1 }}>
          <FindingFeed onChoose={goTo} />
        </section>
        <section className="card grow" aria-labelledby="cases-title">
          <CaseFeed />
        </section>
      </div>
    </div>
  );
}
