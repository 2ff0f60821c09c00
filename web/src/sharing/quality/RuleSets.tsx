/** Rule sets: what holds now, written as a document. */

import { App, Button, Drawer, Input, Popconfirm, Space, Table } from "antd";
import { useState } from "react";
import { get, type Problem, post, put, remove } from "../../data/http";
import { useSession } from "../../data/session";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { RuleForm } from "./RuleForm";
import { draftOf, type KindOf, type RuleDraft } from "./ruleDraft";
import { Trial, type Tried } from "./Trial";
import type { RuleSet } from "./types";

const EXAMPLE = `rules:
  required_fields:
    title: {zh-CN: 必填项, en: Required}
    table: 307/000001
    severity: warning
    required: [name, code]
`;

interface Draft {
  name: string;
  text: string;
  version: number;
  isNew: boolean;
  mine: boolean;
}

export function RuleSets() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const [draft, setDraft] = useState<Draft>();
  const [form, setForm] = useState<{ set: string; version: number; rule?: RuleDraft }>();
  const [failed, setFailed] = useState<Problem>();
  const { data, problem, reload } = useGet<{ items: RuleSet[] }>("/api/sharing/quality/rules");
  const kinds = useGet<{ items: KindOf[] }>("/api/sharing/quality/kinds").data?.items;
  if (!data || !kinds) return problem ? <ProblemBox problem={problem} retry={reload} /> : <Busy />;
  const open = async (one: RuleSet) => {
    setFailed(undefined);
    try {
      const { text, version } = await get<{ text: string; version: number }>(
        `/api/sharing/quality/rules/${one.name}`,
      );
      const rule = one.mine ? draftOf(text, kinds) : undefined;
      if (rule) setForm({ set: one.name, rule, version });
      else setDraft({ name: one.name, text, version, isNew: false, mine: one.mine });
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  return (
    <div data-testid="quality-rules">
      {may("sharing.provide") && (
        <Space style={{ marginBottom: 12 }}>
          <Button type="primary" onClick={() => setForm({ set: "", version: 0 })}>
            {t("quality.new_rule")}
          </Button>
          <Button
            onClick={() => setDraft({ name: "", text: EXAMPLE, version: 0, isNew: true, mine: true })}
          >
            {t("quality.write_document")}
          </Button>
        </Space>
      )}
      {failed && <ProblemBox problem={failed} />}
      <Table<RuleSet>
        size="small"
        rowKey="name"
        pagination={false}
        dataSource={data.items}
        locale={{ emptyText: <Nothing>{t("quality.no_rules")}</Nothing> }}
        expandable={{ expandedRowRender: (one) => <Rules of={one} lang={lang} /> }}
        columns={[
          {
            title: t("quality.rule_set"),
            render: (_, one) => (
              <Button type="link" size="small" onClick={() => open(one)}>
                {one.name}
              </Button>
            ),
          },
          { title: t("quality.version"), dataIndex: "version", width: 90 },
          { title: t("quality.rules"), width: 100, render: (_, one) => one.rules.length },
          { title: t("quality.resources"), width: 120, render: (_, one) => one.tables.length },
          { title: t("quality.made_by"), dataIndex: "made_by", width: 180 },
          { title: t("quality.made_at"), width: 180, render: (_, one) => <When at={one.made_at} /> },
        ]}
      />
      {form && (
        <RuleForm
          of={form.rule}
          kinds={kinds}
          set={form.set}
          version={form.version}
          onClose={() => setForm(undefined)}
          onDone={() => {
            setForm(undefined);
            reload();
          }}
        />
      )}
      {draft && <Editor draft={draft} close={() => setDraft(undefined)} changed={reload} />}
    </div>
  );
}

function Rules({ of, lang }: { of: RuleSet; lang: string }) {
  return (
    <ul style={{ margin: 0 }}>
      {of.rules.map((one) => (
        <li key={one.name}>
          {one.title[lang === "en" ? "en" : "zh-CN"] ?? one.name}{" "}
          <code>
            {one.kind} · {one.tables.join(", ")}
          </code>
        </li>
      ))}
    </ul>
  );
}

function Editor({
  draft,
  close,
  changed,
}: {
  draft: Draft;
  close: () => void;
  changed: () => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [name, setName] = useState(draft.name);
  const [text, setText] = useState(draft.text);
  const [tried, setTried] = useState<{ text: string; items: Tried[] }>();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Problem>();
  const act = async (done: string, run: () => Promise<unknown>) => {
    setFailed(undefined);
    try {
      await run();
      void message.success(done);
      changed();
      close();
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  const path = `/api/sharing/quality/rules/${name}`;
  const attempt = async () => {
    setFailed(undefined);
    setTried(undefined);
    setBusy(true);
    try {
      const { items } = await post<{ items: Tried[] }>("/api/sharing/quality/trials", { text });
      setTried({ text, items });
    } catch (error) {
      setFailed(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Drawer
      open
      onClose={close}
      width={860}
      title={draft.name || t("quality.new_rules")}
      extra={
        draft.mine && (
          <Space>
            {!draft.isNew && (
              <Popconfirm
                title={t("quality.remove_sure")}
                onConfirm={() => act(t("quality.removed"), () => remove(path))}
              >
                <Button danger>{t("quality.remove")}</Button>
              </Popconfirm>
            )}
            <Button loading={busy} onClick={attempt}>
              {t("quality.try")}
            </Button>
            <Button
              type="primary"
              disabled={!name.trim()}
              onClick={() => act(t("quality.saved"), () => put(path, { text, version: draft.version }))}
            >
              {t("quality.save")}
            </Button>
          </Space>
        )
      }
    >
      {failed && <ProblemBox problem={failed} />}
      {tried?.text === text && <Trial of={tried.items} />}
      {draft.isNew && (
        <Input
          aria-label={t("quality.rule_set")}
          placeholder={t("quality.name_hint")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          style={{ marginBottom: 8 }}
        />
      )}
      <Input.TextArea
        aria-label={t("quality.document")}
        value={text}
        readOnly={!draft.mine}
        onChange={(event) => setText(event.target.value)}
        autoSize={{ minRows: 20 }}
        spellCheck={false}
        style={{ fontFamily: "ui-monospace, monospace", fontSize: 13 }}
      />
    </Drawer>
  );
}
