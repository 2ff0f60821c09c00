/** What lies beside a case's way: joint parts, more time, supervision, appeal, assessments. */

import { Rate, Tag } from "antd";
import type { ReactNode } from "react";
import type { CaseFull } from "../data/types";
import { type Key, useLanguage } from "../i18n";
import { When } from "./time";

const COLOURS: Record<string, string> = { open: "gold", answered: "green" };

/** Rows for the list of facts; nothing where nothing happened. */
export function AsideFacts({ found }: { found: CaseFull }) {
  const { t } = useLanguage();
  const { extension, supervised } = found;
  const counts = (Object.entries(found.counts) as [string, number][])
    .filter(([, count]) => count > 0)
    .map(([name, count]) => t(`loop.${name}` as Key, { count }));
  const rows: [Key, ReactNode][] = [];
  if (found.resume_at) rows.push(["loop.suspended", <When key="w" at={found.resume_at} />]);
  if (found.stage_due_at) rows.push(["loop.stage", <When key="w" at={found.stage_due_at} />]);
  if (supervised)
    rows.push([
      "loop.supervised",
      <span key="s">
        {supervised.title}
        {supervised.answer_by && (
          <>
            {" · "}
            {t("loop.answer_by")} <When at={supervised.answer_by} />
          </>
        )}
      </span>,
    ]);
  if (extension.asked)
    rows.push(["loop.extension", t("loop.asked", { minutes: extension.asked })]);
  else if (extension.granted)
    rows.push([
      "loop.extension",
      t("loop.extended", { minutes: extension.granted, times: extension.times }),
    ]);
  if (found.appeal) rows.push(["loop.appeal", t(`loop.appeal_${found.appeal}` as Key)]);
  if (counts.length) rows.push(["loop.counts", counts.join(" · ")]);
  return rows.map(([name, what]) => (
    <div key={name} style={{ display: "contents" }}>
      <dt>{t(name)}</dt>
      <dd>{what}</dd>
    </div>
  ));
}

export function Parts({ found }: { found: CaseFull }) {
  const { t } = useLanguage();
  if (!found.parts.length) return null;
  return (
    <section className="block" aria-labelledby="parts">
      <h3 id="parts">{t("loop.parts")}</h3>
      <ul className="feed" data-testid="case-parts">
        {found.parts.map((one, row) => (
          <li key={row} style={{ padding: "6px 0" }}>
            <b>{one.organisation_name}</b>{" "}
            <Tag color={COLOURS[one.state]}>{t(`loop.${one.state}` as Key)}</Tag>{" "}
            <span className="quiet">
              <When at={one.answered_at ?? one.asked_at} />
            </span>
            <div>{one.asked}</div>
            {one.answer && <div style={{ whiteSpace: "pre-wrap" }}>{one.answer}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Assessments({ found }: { found: CaseFull }) {
  const { t } = useLanguage();
  if (!found.assessments.length) return null;
  return (
    <section className="block" aria-labelledby="assessments">
      <h3 id="assessments">{t("loop.assessments")}</h3>
      <ul className="feed">
        {found.assessments.map((one, row) => (
          <li key={row} style={{ padding: "6px 0" }}>
            <Rate disabled value={one.rating} />{" "}
            {one.solved !== null && (
              <Tag color={one.solved ? "green" : "red"}>
                {one.solved ? t("loop.yes") : t("loop.no")}
              </Tag>
            )}{" "}
            <span className="quiet">
              {one.on_behalf ? t("loop.on_behalf") : t("loop.by_reporter")} · <When at={one.at} />
            </span>
            {one.text && <div style={{ whiteSpace: "pre-wrap" }}>{one.text}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}
