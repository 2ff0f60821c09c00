/** Declared sources: where data lies, whether each answers, and what tables it has. */

import { Button, Drawer, Space, Tag } from "antd";
import { useState } from "react";
import { get, type Problem, withQuery } from "../../data/http";
import { useSession } from "../../data/session";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { SearchField } from "../editors/SearchField";
import { type Source, useSettled } from "../editors/selects";
import { ListFrame } from "../lists/ListFrame";
import { SourceEditor } from "./SourceEditor";
import { TableShape } from "./TableShape";

type Answer = { tables: number } | { problem: Problem } | "asking";

function place(one: Source): string {
  const { host, port, database, schema, path, url } = one.options as Record<string, string>;
  if (url || path) return url ?? path ?? "";
  return [port ? `${host}:${port}` : host, database, schema].filter(Boolean).join("/");
}

function Answered({ of }: { of: Answer | undefined }) {
  const { t } = useLanguage();
  if (!of) return null;
  if (of === "asking") return <span className="quiet">{t("source.asking")}</span>;
  if ("tables" in of) return <Tag color="success">{t("source.answers", { count: of.tables })}</Tag>;
  return (
    <div role="alert">
      <Tag color="error">{t("source.silent")}</Tag>
      <div>{of.problem.title}</div>
      <div className="quiet">{of.problem.todo}</div>
    </div>
  );
}

function Tables({ of, onClose }: { of: Source; onClose: () => void }) {
  const { t } = useLanguage();
  const [sought, seek] = useState("");
  const [shown, show] = useState<string>();
  const q = useSettled(sought);
  const path = `/api/sharing/sources/${encodeURIComponent(of.code)}/tables`;
  const found = usePages<{ table: string }>(withQuery(path, { q }));
  return (
    <Drawer open size={720} title={`${of.name} · ${t("source.tables")}`} onClose={onClose}>
      <ListFrame<{ table: string }>
        rowKey="table"
        found={found}
        showHeader={false}
        empty={t("source.no_tables")}
        above={<SearchField label="source.seek_table" value={sought} onChange={seek} />}
        columns={[
          {
            render: (_, one) => (
              <>
                <Button
                  type="link"
                  size="small"
                  aria-expanded={shown === one.table}
                  onClick={() => show(shown === one.table ? undefined : one.table)}
                >
                  {one.table}
                </Button>
                {shown === one.table && <TableShape of={{ source: of.code, table: one.table }} />}
              </>
            ),
          },
        ]}
      />
    </Drawer>
  );
}

export function SourceList() {
  const { t } = useLanguage();
  const { may } = useSession();
  const operates = may("sharing.operate");
  const found = usePages<Source>("/api/sharing/sources");
  const [editing, edit] = useState<Source | "new">();
  const [looking, look] = useState<Source>();
  const [answers, setAnswers] = useState<Record<string, Answer>>({});
  const test = async (code: string) => {
    const note = (answer: Answer) => setAnswers((held) => ({ ...held, [code]: answer }));
    note("asking");
    try {
      const path = `/api/sharing/sources/${encodeURIComponent(code)}/tables?limit=1`;
      note({ tables: (await get<{ total: number }>(path)).total });
    } catch (error) {
      note({ problem: error as Problem });
    }
  };
  return (
    <>
      <ListFrame<Source>
        rowKey="code"
        found={found}
        scroll={{ x: 900 }}
        empty={t(operates ? "source.none" : "source.none_mine")}
        above={
          operates && (
            <Button type="primary" onClick={() => edit("new")}>
              {t("source.new")}
            </Button>
          )
        }
        columns={[
          {
            title: t("source.name"),
            render: (_, one) => (
              <>
                {one.name} <code className="quiet">{one.code}</code>
              </>
            ),
          },
          {
            title: t("source.organisation"),
            width: 150,
            render: (_, one) =>
              one.organisation_name || <span className="quiet">{t("source.bureau_only")}</span>,
          },
          { title: t("source.kind"), width: 150, render: (_, one) => t(`source.kind.${one.kind}` as Key) },
          {
            title: t("source.where"),
            render: (_, one) => <span style={{ overflowWrap: "anywhere" }}>{place(one)}</span>,
          },
          {
            title: t("source.state"),
            width: 260,
            render: (_, one) => <Answered of={answers[one.code]} />,
          },
          {
            title: "",
            width: 260,
            render: (_, one) => (
              <Space size={0}>
                <Button type="link" size="small" onClick={() => test(one.code)}>
                  {t("source.test")}
                </Button>
                <Button type="link" size="small" onClick={() => look(one)}>
                  {t("source.tables")}
                </Button>
                {operates && (
                  <Button
                    type="link"
                    size="small"
                    aria-label={`${t("form.edit")} ${one.name}`}
                    onClick={() => edit(one)}
                  >
                    {t("form.edit")}
                  </Button>
                )}
              </Space>
            ),
          },
        ]}
      />
      {looking && <Tables of={looking} onClose={() => look(undefined)} />}
      {editing && (
        <SourceEditor
          of={editing === "new" ? undefined : editing}
          onClose={() => edit(undefined)}
          onSaved={(code) => void test(code)}
          onDone={() => {
            edit(undefined);
            found.reload();
          }}
        />
      )}
    </>
  );
}
