/** The open data portal, for everybody. */

import { App, Button, Form, Input, Modal, Tag } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { post, withQuery } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import "../sharing/catalogue.css";
import { OpenSet } from "../sharing/opening/OpenSet";
import type { OpenShort, Wish } from "../sharing/opening/types";

function List() {
  const { t } = useLanguage();
  const [asked, ask] = useState("");
  const found = useGet<Page<OpenShort>>(withQuery("/api/open", { q: asked }));
  return (
    <>
      <Input.Search
        allowClear
        size="large"
        placeholder={t("open.search")}
        aria-label={t("open.search")}
        onSearch={ask}
        style={{ maxWidth: 640, marginBottom: 16 }}
      />
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      {!found.data && !found.problem && <Busy />}
      {found.data?.items.length === 0 && <Nothing>{t("open.none")}</Nothing>}
      <ul className="resources">
        {found.data?.items.map((one) => (
          <li className="resource" key={one.id}>
            <Link to={`/open/${one.name}`} className="title">
              {one.title}
            </Link>
            <p>{one.summary}</p>
            <div className="quiet">
              {one.organisation_name} · {t(`catalogue.update_cycle.${one.update_cycle}` as Key)} ·{" "}
              <When at={one.changed_at} /> {one.keywords.map((word) => <Tag key={word}>{word}</Tag>)}
            </div>
          </li>
        ))}
      </ul>
      <Wishes />
    </>
  );
}

function Wishes() {
  const { t } = useLanguage();
  const { session } = useSession();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const found = useGet<Page<Wish>>("/api/open-wishes?limit=20");
  const { send, busy, problem } = useSend(async (given: { title: string; text: string }) => {
    await post("/api/open-wishes", given);
    message.success(t("open.wish_sent"));
    setOpen(false);
    found.reload();
  });
  return (
    <section>
      <h3>
        {t("open.wishes")}{" "}
        {session && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t("open.wish")}
          </Button>
        )}
      </h3>
      {found.data?.items.map((one) => (
        <p key={one.id}>
          <Tag>{t(`open.wish_${one.state}` as Key)}</Tag>
          <strong>{one.title}</strong> {one.text} <span className="quiet">{one.answer}</span>
        </p>
      ))}
      <Modal open={open} title={t("open.wish")} footer={null} onCancel={() => setOpen(false)}>
        {problem && <ProblemBox problem={problem} />}
        <Form layout="vertical" onFinish={send}>
          <Form.Item name="title" label={t("open.wish_title")} rules={[{ required: true, whitespace: true }]}>
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item name="text" label={t("open.wish_text")} rules={[{ required: true, whitespace: true }]}>
            <Input.TextArea maxLength={2000} rows={3} />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={busy}>
            {t("open.wish")}
          </Button>
        </Form>
      </Modal>
    </section>
  );
}

export default function OpenData() {
  const { t, lang, setLang } = useLanguage();
  const { session } = useSession();
  const { name } = useParams();
  return (
    <main className="page" style={{ maxWidth: 1100, margin: "0 auto" }}>
      <div className="page-head">
        <h1>
          <Link to="/open">{t("open.title")}</Link>
        </h1>
        <span>
          <Button type="link" onClick={() => setLang(lang === "en" ? "zh-CN" : "en")}>
            {lang === "en" ? "中文" : "English"}
          </Button>
          <Link to="/">{t(session ? "open.console" : "open.sign_in")}</Link>
        </span>
      </div>
      {name ? <OpenSet name={name} /> : <List />}
    </main>
  );
}
