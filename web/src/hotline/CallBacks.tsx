/** Callers whose case has ended, and what they say of it. */

import { Button, Input, Radio, Rate, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { get, post, type Problem } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { CallBack, Contact } from "./types";

function Line({ one, saved }: { one: CallBack; saved: () => void }) {
  const { t } = useLanguage();
  const [contact, setContact] = useState<Contact>();
  const [rating, setRating] = useState(0);
  const [solved, setSolved] = useState<boolean>();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const tell = (body: Record<string, unknown>) => {
    setProblem(undefined);
    post(`/api/hotline/call-backs/${one.request}`, body).then(saved, setProblem);
  };
  const show = () => {
    get<Contact>(`/api/hotline/contacts/${one.contact}`).then(setContact, setProblem);
  };
  return (
    <div className="block" data-testid="call-back">
      {problem && <ProblemBox problem={problem} />}
      <div className="desk-row">
        <span>
          <Link to={`/cases/${one.case.no}`}>#{one.case.no}</Link> <b>{one.case.title}</b>{" "}
          <span className="quiet">{one.text}</span>
        </span>
        <span>
          {one.tries > 0 && <Tag>{t("hotline.tries", { count: one.tries })}</Tag>}
          {one.late && <Tag color="error">{t("hotline.late")}</Tag>}
          {t("hotline.due")} <When at={one.due_at} />
        </span>
      </div>
      <div className="desk-buttons" style={{ marginTop: 10 }}>
        {contact ? (
          <b>
            {contact.caller?.number || contact.caller?.email} {contact.caller?.name}
          </b>
        ) : (
          <Button onClick={show}>{t("hotline.show_caller")}</Button>
        )}
        <span>
          {t("hotline.rating")} <Rate value={rating} onChange={setRating} />
        </span>
        <Radio.Group
          value={solved}
          onChange={(event) => setSolved(event.target.value as boolean)}
          options={[
            { value: true, label: t("hotline.solved") },
            { value: false, label: t("hotline.unsolved") },
          ]}
        />
        <Input
          aria-label={t("hotline.heard")}
          placeholder={t("hotline.heard")}
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={1000}
          style={{ flex: 1, minWidth: 180 }}
        />
        <Button
          type="primary"
          disabled={rating === 0 || solved === undefined}
          onClick={() => tell({ reached: true, rating, solved, text })}
        >
          {t("hotline.save")}
        </Button>
        <Button onClick={() => tell({ reached: false })}>{t("hotline.missed")}</Button>
      </div>
    </div>
  );
}

export function CallBacks() {
  const { t } = useLanguage();
  const list = useGet<Page<CallBack>>("/api/hotline/call-backs");
  if (list.problem) return <ProblemBox problem={list.problem} retry={list.reload} />;
  if (!list.data) return <Busy />;
  if (list.data.items.length === 0) return <Nothing>{t("hotline.backs_none")}</Nothing>;
  return list.data.items.map((one) => <Line key={one.request} one={one} saved={list.reload} />);
}
