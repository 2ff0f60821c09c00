/** What stands beside the board: resources, contacts, alerts, the review. */

import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { type Key, useLanguage } from "../i18n";
import { Busy } from "../parts/states";
import { When } from "../parts/time";
import type { IncidentFull, PublicAlert, ReviewFigures } from "./types";

const ResourceMap = lazy(() => import("./ResourceMap"));

function away(metres: number): string {
  return metres < 1000 ? `${metres} m` : `${(metres / 1000).toFixed(1)} km`;
}

export function Resources({ found }: { found: IncidentFull }) {
  const { t } = useLanguage();
  if (!found.resources.length) return null;
  return (
    <section className="block" aria-labelledby="resources">
      <h3 id="resources">{t("emergency.resources")}</h3>
      {found.lon !== null && found.lat !== null && (
        <Suspense fallback={<Busy />}>
          <ResourceMap
            at={[found.lon, found.lat]}
            resources={found.resources}
            label={t("emergency.resources")}
          />
        </Suspense>
      )}
      {found.resources.map((one) => (
        <div key={one.kind}>
          <h4>
            {one.title}{" "}
            <span className={one.short ? "warn" : "quiet"}>
              {t("emergency.found", { found: one.found, needed: one.needed })}
            </span>
          </h4>
          <ul className="plain">
            {one.places.slice(0, 5).map((place) => (
              <li key={place.id}>
                {place.name} × {place.number} · {away(place.metres)}
                {(place.contact || place.phone) && ` · ${place.contact} ${place.phone}`}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

export function People({ found }: { found: IncidentFull }) {
  const { t } = useLanguage();
  return (
    <section className="block" aria-labelledby="people">
      <h3 id="people">{t("emergency.people")}</h3>
      <dl className="facts">
        {found.commanders.map((one) => (
          <div key={one.role} style={{ display: "contents" }}>
            <dt>{one.title}</dt>
            <dd>{[one.organisation_name, one.handler_name].filter(Boolean).join(" · ") || "–"}</dd>
          </div>
        ))}
        {found.contacts.map((one) => (
          <div key={one.title} style={{ display: "contents" }}>
            <dt>{one.title}</dt>
            <dd>
              {one.name} {one.phone ? <a href={`tel:${one.phone}`}>{one.phone}</a> : "–"}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function OneAlert({ one }: { one: PublicAlert }) {
  const { t } = useLanguage();
  const [shown, show] = useState(false);
  return (
    <li>
      <div>
        <b>{one.headline}</b>{" "}
        {one.in_force && <span className="state working">{t("emergency.in_force")}</span>}
        {!one.published && <span className="state waiting">{t("emergency.held_back")}</span>}
      </div>
      <div className="quiet">
        {t(`emergency.alert.${one.kind.toLowerCase()}` as Key)} · {one.status} ·{" "}
        <When at={one.sent_at} /> ·{" "}
        {one.published ? (
          <a href={`/cap/${one.identifier}.xml`}>{one.identifier}</a>
        ) : (
          one.identifier
        )}{" "}
        <Button type="link" size="small" onClick={() => show(!shown)}>
          XML
        </Button>
      </div>
      {shown && <pre className="xml">{one.xml.replaceAll("><", ">\n<")}</pre>}
    </li>
  );
}

export function Alerts({ found }: { found: IncidentFull }) {
  const { t } = useLanguage();
  if (!found.alerts.length) return null;
  return (
    <section className="block" aria-labelledby="alerts">
      <h3 id="alerts">{t("emergency.alerts")}</h3>
      <ul className="plain">
        {found.alerts.map((one) => (
          <OneAlert key={one.identifier} one={one} />
        ))}
      </ul>
    </section>
  );
}

export function Review({ found }: { found: IncidentFull }) {
  const { t } = useLanguage();
  if (!found.review) return null;
  const { answers, figures } = found.review;
  const titles = new Map(found.tasks.map((one) => [one.id, one.title]));
  const minutes = (value: number | null) =>
    value === null ? "–" : t("emergency.minutes_n", { minutes: value });
  const rows: [Key, string][] = [
    ["emergency.to_first", minutes(figures.minutes_to_first)],
    ["emergency.to_done", minutes(figures.minutes_to_done)],
    ["emergency.whole", minutes(figures.minutes)],
    ["emergency.column.settled", `${figures.done} / ${figures.cancelled}`],
    ["emergency.late", names(figures, "late", titles)],
    ["emergency.escalated", names(figures, "escalated", titles)],
  ];
  return (
    <section className="block" aria-labelledby="review">
      <h3 id="review">{t("emergency.review")}</h3>
      <dl className="facts">
        {rows.map(([key, value]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>{t(key)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {found.questions.map((one) => (
          <div key={one.name} style={{ display: "contents" }}>
            <dt>{one.title}</dt>
            <dd style={{ whiteSpace: "pre-wrap" }}>{answers[one.name]}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function names(
  figures: ReviewFigures,
  which: "late" | "escalated",
  titles: Map<number, string>,
): string {
  return figures[which].map((id) => titles.get(id) ?? id).join("、") || "–";
}
