/** The middle of the desk: what is wanted, with articles while it is typed. */

import { Button, Checkbox, Input, Segmented, Tag } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import type { RefObject } from "react";
import { type Key, useLanguage } from "../i18n";
import { type Board, type Suggested, words } from "./types";

export interface Draft {
  kind: string;
  text: string;
  article: number | null;
  helpful: boolean;
  missing: boolean;
}

export const BLANK: Draft = {
  kind: "report",
  text: "",
  article: null,
  helpful: false,
  missing: false,
};

export function WishPanel({
  board,
  draft,
  change,
  found,
  settle,
  busy,
  area,
}: {
  board: Board;
  draft: Draft;
  change: (next: Partial<Draft>) => void;
  found: Suggested | undefined;
  settle: (outcome: "answered" | "case" | "noted") => void;
  busy: boolean;
  area: RefObject<TextAreaRef | null>;
}) {
  const { t, lang } = useLanguage();
  const articles = found?.articles ?? [];
  return (
    <div className="block">
      <h3>{t("hotline.wish")}</h3>
      <Segmented
        value={draft.kind}
        onChange={(kind) => change({ kind })}
        options={board.kinds.map((one) => ({
          value: one,
          label: t(`hotline.kind.${one}` as Key),
        }))}
      />
      <Input.TextArea
        ref={area}
        aria-label={t("hotline.text")}
        placeholder={t("hotline.text_hint")}
        value={draft.text}
        onChange={(event) => change({ text: event.target.value })}
        rows={6}
        maxLength={4000}
        style={{ margin: "10px 0" }}
      />
      <div className="desk-buttons">
        <Button type="primary" loading={busy} onClick={() => settle("case")}>
          {t("hotline.to_case")}
        </Button>
        <Button loading={busy} onClick={() => settle("answered")}>
          {t("hotline.answer")}
        </Button>
        <Button loading={busy} onClick={() => settle("noted")}>
          {t("hotline.note")}
        </Button>
      </div>
      <h4>{t("hotline.articles")}</h4>
      {articles.length === 0 && <span className="quiet">{t("hotline.no_articles")}</span>}
      <div data-testid="articles">
        {articles.map((one) => {
          const said = words(one, lang);
          const used = draft.article === one.id;
          return (
            <div key={one.id} className={used ? "desk-article used" : "desk-article"}>
              <div className="desk-row">
                <b>{said.question}</b>
                <Button
                  size="small"
                  type={used ? "primary" : "default"}
                  aria-pressed={used}
                  onClick={() => change({ article: used ? null : one.id, missing: false })}
                >
                  {used ? t("hotline.used_now") : t("hotline.use")}
                </Button>
              </div>
              <div className="desk-answer">{said.answer}</div>
              <span className="quiet">
                {one.organisation_name}{" "}
                <Tag>{t("hotline.fit", { percent: Math.round(one.fit * 100) })}</Tag>
              </span>
            </div>
          );
        })}
      </div>
      <Checkbox
        checked={draft.helpful}
        disabled={draft.article === null}
        onChange={(event) => change({ helpful: event.target.checked })}
      >
        {t("hotline.helpful")}
      </Checkbox>
      <Checkbox
        checked={draft.missing}
        onChange={(event) =>
          change({ missing: event.target.checked, article: null, helpful: false })
        }
      >
        {t("hotline.missing")}
      </Checkbox>
    </div>
  );
}
