/** The versions of a resource with their differences, and what was done with it. */

import { Tag } from "antd";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { Change, Done, Version } from "./catalogueTypes";

export function Changes({ changes }: { changes: Change[] }) {
  const { t } = useLanguage();
  if (!changes.length) return <p className="quiet">{t("catalogue.no_changes")}</p>;
  return (
    <ul className="changes">
      {changes.map((one) => (
        <li key={one.text} className={one.sort}>
          {one.text}
        </li>
      ))}
    </ul>
  );
}

export function VersionList({ id, round }: { id: number; round: number }) {
  const { t } = useLanguage();
  const path = `/api/sharing/resources/${id}/versions?round=${round}`;
  const { data, problem, reload } = useGet<Page<Version>>(path);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  return (
    <ul className="feed">
      {data.items.map((one) => (
        <li key={one.version} style={{ padding: "6px 0" }}>
          <b>{t("catalogue.version", { number: one.version })}</b>{" "}
          <Tag>{t(`catalogue.state.${one.state}` as Key)}</Tag>
          <span className="quiet">
            {one.published_by || one.made_by} · <When at={one.published_at ?? one.made_at} />
          </span>
          {one.version === 1 ? (
            <p className="quiet">{t("catalogue.first_version")}</p>
          ) : (
            <Changes changes={one.changes} />
          )}
        </li>
      ))}
    </ul>
  );
}

export function History({ id, round }: { id: number; round: number }) {
  const { t } = useLanguage();
  const { data } = useGet<Page<Done>>(`/api/sharing/resources/${id}/history?round=${round}`);
  if (!data) return <Busy />;
  return (
    <ul className="feed">
      {data.items.map((one) => (
        <li key={`${one.at}.${one.step}`} style={{ padding: "6px 0" }}>
          <b>{t(`catalogue.step.${one.step}` as Key)}</b>{" "}
          <span className="quiet">
            {t("catalogue.version", { number: one.version })} · {one.actor} · <When at={one.at} />
          </span>
          {one.text && <div>{one.text}</div>}
        </li>
      ))}
    </ul>
  );
}
