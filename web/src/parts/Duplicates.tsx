/** What may be about the same: on a case's page, and before somebody reports. */

import { Button, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { get, type Problem, post, withQuery } from "../data/http";
import { useSession } from "../data/session";
import type { CaseFull, CaseSummary, Page } from "../data/types";
import { useGet } from "../data/use";
import { type Translate, useLanguage } from "../i18n";
import { ProblemBox } from "./states";
import { StateTag } from "./tags";

export interface Pair {
  case: CaseSummary & { description: string };
  score: number;
  alike: number;
  picture: number | null;
  metres: number | null;
  minutes: number;
  words: string[];
}

interface Similar {
  no: number;
  title: string;
  state_title: string;
  kind: CaseSummary["kind"];
  metres: number | null;
  visible: boolean;
}

/** How far two cases are from one another, in words. */
export function apart(t: Translate, one: Pair): string {
  const long = one.minutes >= 120;
  return [
    one.metres !== null && t("likeness.metres", { metres: one.metres }),
    long
      ? t("likeness.hours", { hours: Math.round(one.minutes / 60) })
      : t("likeness.minutes", { minutes: one.minutes }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The panel of the centre: merge with one click, or say that they are not the same. */
export function Duplicates({
  found,
  onDone,
}: {
  found: CaseFull;
  onDone: (next: CaseFull) => void;
}) {
  const { t } = useLanguage();
  const { may } = useSession();
  const over = found.kind === "done" || found.kind === "void";
  const path = may("cases.dispatch") && !over ? `/api/cases/${found.no}/duplicates` : null;
  const { data, reload } = useGet<Page<Pair>>(path);
  const [problem, setProblem] = useState<Problem>();
  const act = async (work: () => Promise<unknown>) => {
    setProblem(undefined);
    try {
      await work();
      onDone(await get<CaseFull>(`/api/cases/${found.no}`));
    } catch (error) {
      setProblem(error as Problem);
    }
    reload();
  };
  if (over || !data?.items.length) return null;
  return (
    <section className="block" aria-labelledby="duplicates" data-testid="duplicates">
      <h3 id="duplicates">{t("likeness.title")}</h3>
      {problem && <ProblemBox problem={problem} />}
      <ul className="feed">
        {data.items.map((one) => {
          const other = one.case.no;
          const [later, earlier] = [Math.max(other, found.no), Math.min(other, found.no)];
          const merge = () =>
            post(`/api/cases/${later}/merge`, {
              reason: t("likeness.reason", { no: earlier }),
              to: { case: earlier },
            });
          return (
            <li key={other} style={{ padding: "8px 0" }}>
              <div style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" }}>
                <Link to={`/cases/${other}`}>
                  #{other} {one.case.title}
                </Link>
                <StateTag kind={one.case.kind} title={one.case.state_title} />
                <Tag color="blue">
                  {t("likeness.score", { score: Math.round(one.score * 100) })}
                </Tag>
                {one.picture !== null && <Tag color="purple">{t("likeness.picture")}</Tag>}
                <span style={{ flex: 1 }} />
                <Popconfirm
                  title={t("likeness.merge_sure", { no: later, into: earlier })}
                  onConfirm={() => act(merge)}
                >
                  <Button size="small" type="primary">
                    {t("likeness.merge")}
                  </Button>
                </Popconfirm>
                <Button
                  size="small"
                  onClick={() =>
                    act(() => post(`/api/cases/${found.no}/duplicates/${other}/dismiss`))
                  }
                >
                  {t("likeness.dismiss")}
                </Button>
              </div>
              {one.case.description && <div>{one.case.description}</div>}
              <div className="quiet">
                {apart(t, one)}
                {one.words.length > 0 && (
                  <>
                    {" · "}
                    {t("likeness.words")}: {one.words.map((word) => `“${word}”`).join(" ")}
                  </>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What was reported already near a place in such words; asked when the words are written. */
export function Before({
  case_class,
  text,
  at,
}: {
  case_class: string | undefined;
  text: string;
  at: [number, number] | null;
}) {
  const { t } = useLanguage();
  const asked = case_class && text.trim().length > 3 && at;
  const path = asked
    ? withQuery("/api/cases/similar", { case_class, text, lon: at[0], lat: at[1] })
    : null;
  const { data } = useGet<Page<Similar>>(path);
  if (!path || !data?.items.length) return null;
  return (
    <div className="block" data-testid="similar">
      <b>{t("likeness.before")}</b>
      <ul className="feed">
        {data.items.map((one) => (
          <li key={one.no} style={{ padding: "6px 0" }}>
            {one.visible ? (
              <Link to={`/cases/${one.no}`}>
                #{one.no} {one.title}
              </Link>
            ) : (
              <span>
                #{one.no} {one.title}
              </span>
            )}{" "}
            <StateTag kind={one.kind} title={one.state_title} />{" "}
            {one.metres !== null && (
              <span className="quiet">{t("likeness.metres", { metres: one.metres })}</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
