/** Left on the desk: calls that ring, the form of a new contact, and who it is. */

import { Button, Checkbox, Form, Input, type InputRef, Select, Tag } from "antd";
import { type ReactNode, type RefObject, useEffect } from "react";
import { Link } from "react-router";
import { useLive } from "../data/live";
import type { CaseSummary, Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { StateTag } from "../parts/tags";
import { When } from "../parts/time";
import type { Board, Call, Contact, Listed } from "./types";

export interface Begun {
  line: string;
  channel: string;
  number?: string;
  email?: string;
  name?: string;
  emotion: string;
  urgent?: boolean;
}

export function Calls({ take, busy }: { take: (id: number) => void; busy: boolean }) {
  const { t } = useLanguage();
  const calls = useGet<Page<Call>>("/api/hotline/calls");
  useLive("call", calls.reload);
  const items = calls.data?.items ?? [];
  return (
    <div className="block" aria-live="polite" data-testid="calls">
      <h3>{t("hotline.calls")}</h3>
      {items.length === 0 && <span className="quiet">{t("hotline.no_calls")}</span>}
      {items.map((one) => (
        <div key={one.id} className="desk-row">
          <span>
            <b>{one.masked || t("hotline.unknown")}</b> {one.line_title}{" "}
            {one.frequent && <Tag color="warning">{t("hotline.frequent")}</Tag>}
          </span>
          <Button type="primary" size="small" disabled={busy} onClick={() => take(one.id)}>
            {t("hotline.take")}
          </Button>
        </div>
      ))}
    </div>
  );
}

/** Contacts that were begun here and never ended: a page that was left or loaded anew. */
export function Unended({ resume, busy }: { resume: (id: number) => void; busy: boolean }) {
  const { t } = useLanguage();
  const left = useGet<Page<Listed>>("/api/hotline/contacts?unended=true");
  const items = left.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <div className="block" data-testid="unended">
      <h3>{t("hotline.unended")}</h3>
      {items.map((one) => (
        <div key={one.id} className="desk-row">
          <span>
            <When at={one.at} /> {one.line_title} {one.channel_title}
          </span>
          <Button size="small" disabled={busy} onClick={() => resume(one.id)}>
            {t("hotline.resume")}
          </Button>
        </div>
      ))}
    </div>
  );
}

export function NewContact({
  board,
  begin,
  busy,
  first,
}: {
  board: Board;
  begin: (given: Begun) => void;
  busy: boolean;
  first: RefObject<InputRef | null>;
}) {
  const { t } = useLanguage();
  useEffect(() => first.current?.focus(), [first]);
  const named = (items: { code: string; title: string }[]) =>
    items.map((one) => ({ value: one.code, label: one.title }));
  return (
    <div className="block">
      <h3>{t("hotline.incoming")}</h3>
      <Form<Begun>
        layout="vertical"
        size="small"
        onFinish={begin}
        initialValues={{
          line: board.lines[0]?.code,
          channel: board.channels[0]?.code,
          emotion: "calm",
        }}
      >
        <Form.Item name="number" label={t("hotline.number")}>
          <Input ref={first} size="large" inputMode="tel" autoComplete="off" maxLength={64} />
        </Form.Item>
        <div className="desk-pair">
          <Form.Item name="name" label={t("hotline.name")}>
            <Input autoComplete="off" maxLength={128} />
          </Form.Item>
          <Form.Item name="email" label={t("hotline.email")}>
            <Input autoComplete="off" maxLength={320} />
          </Form.Item>
          <Form.Item name="line" label={t("hotline.line")}>
            <Select options={named(board.lines)} />
          </Form.Item>
          <Form.Item name="channel" label={t("hotline.channel")}>
            <Select options={named(board.channels)} />
          </Form.Item>
          <Form.Item name="emotion" label={t("hotline.emotion")}>
            <Select
              options={board.emotions.map((one) => ({
                value: one,
                label: t(`hotline.emotion.${one}` as Key),
              }))}
            />
          </Form.Item>
          <Form.Item name="urgent" valuePropName="checked" label=" ">
            <Checkbox>{t("hotline.urgent")}</Checkbox>
          </Form.Item>
        </div>
        <Button type="primary" htmlType="submit" loading={busy} block size="middle">
          {t("hotline.begin")}
        </Button>
      </Form>
    </div>
  );
}

export function CallerPanel({
  contact,
  urge,
  correct,
}: {
  contact: Contact;
  urge?: (one: CaseSummary) => void;
  correct: ReactNode;
}) {
  const { t } = useLanguage();
  const caller = contact.caller;
  return (
    <div className="block" data-testid="caller">
      <h3>
        {caller ? caller.number || caller.email : t("hotline.unknown")} {caller?.name}
      </h3>
      <p>
        <Tag>{contact.line_title}</Tag>
        <Tag>{contact.channel_title}</Tag>
        {contact.emotion !== "calm" && <Tag>{t(`hotline.emotion.${contact.emotion}` as Key)}</Tag>}
        {contact.urgent && <Tag color="error">{t("hotline.urgent")}</Tag>}
        {caller?.frequent && <Tag color="warning">{t("hotline.frequent")}</Tag>}
        {caller && <span className="quiet">{t("hotline.recent", { count: caller.recent })}</span>}
      </p>
      {correct}
      {contact.cases.length > 0 && <h4>{t("hotline.earlier_cases")}</h4>}
      {contact.cases.map((one) => (
        <div key={one.no} className="desk-row">
          <span>
            <Link to={`/cases/${one.no}`} target="_blank">
              #{one.no}
            </Link>{" "}
            {one.title} <StateTag kind={one.kind} title={one.state_title} />
          </span>
          {urge && one.kind !== "done" && one.kind !== "void" && (
            <Button size="small" onClick={() => urge(one)}>
              {t("hotline.urge")}
            </Button>
          )}
        </div>
      ))}
      {contact.contacts.length > 0 && <h4>{t("hotline.earlier")}</h4>}
      {contact.contacts.length === 0 && caller && (
        <span className="quiet">{t("hotline.first")}</span>
      )}
      {contact.contacts.map((one) => (
        <div key={one.id} className="desk-past">
          <When at={one.at} /> {one.channel_title}
          {one.requests.map((each) => (
            <div key={each.id} className="quiet">
              {t(`hotline.kind.${each.kind}` as Key)} · {t(`hotline.outcome.${each.outcome}` as Key)}:{" "}
              {each.text}
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
