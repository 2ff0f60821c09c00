/** The signed head of the log, its entries with the newest first, a check of all of it. */

import { Alert, Button, Descriptions, Space, Table, Typography } from "antd";
import { useState } from "react";
import { type Problem, post } from "../../data/http";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";

interface Signed {
  head: string;
  key: string;
}

interface Entry {
  number: number;
  entry: { at: number; who: string; verb: string; about: string; [name: string]: unknown };
}

interface Verdict {
  entries: number;
  heads: number;
  intact: number;
  findings: { why: string; words: string }[];
}

const PAGE = 50;
const MICROSECONDS = 1000;

/** The lines of a head: origin, size, root, then names with values. */
function linesOf(note: string) {
  const [origin, size, root, ...rest] = note.split("\n");
  const named = Object.fromEntries(rest.slice(0, 2).map((one) => one.split(" ")));
  const at = new Date(Number(named.time) / MICROSECONDS).toISOString();
  return { origin, size: Number(size), root, at, algorithm: named.hash };
}

export function UseLog() {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Signed>("/api/evidence/head");
  if (problem?.code === "security.no_evidence") return <Nothing>{t("evidence.none")}</Nothing>;
  if (!data) return problem ? <ProblemBox problem={problem} retry={reload} /> : <Busy />;
  const head = linesOf(data.head);
  return (
    <div data-testid="evidence-log">
      <Descriptions
        size="small"
        bordered
        column={{ xs: 1, md: 3 }}
        items={[
          { key: "size", label: t("evidence.size"), children: head.size },
          { key: "at", label: t("evidence.signed_at"), children: <When at={head.at} /> },
          { key: "hash", label: t("evidence.algorithm"), children: head.algorithm },
          { key: "origin", label: t("evidence.origin"), children: head.origin },
          { key: "root", label: t("evidence.root"), children: <code>{head.root}</code>, span: 2 },
          {
            key: "key",
            label: t("evidence.key"),
            span: 3,
            children: (
              <Typography.Text copyable code style={{ wordBreak: "break-all" }}>
                {data.key}
              </Typography.Text>
            ),
          },
        ]}
      />
      <p className="quiet">{t("evidence.keep")}</p>
      <Actions head={data.head} />
      <Entries size={head.size} />
    </div>
  );
}

function Actions({ head }: { head: string }) {
  const { t } = useLanguage();
  const [verdict, setVerdict] = useState<Verdict>();
  const [failed, setFailed] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      setVerdict(await post<Verdict>("/api/evidence/check"));
    } catch (error) {
      setFailed(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(head)}`;
  return (
    <>
      <Space wrap style={{ marginBottom: 12 }}>
        <Button type="primary" loading={busy} onClick={check}>
          {t("evidence.check")}
        </Button>
        <Button href="/api/evidence/export">{t("evidence.export")}</Button>
        <Button href={file} download="head.txt">
          {t("evidence.save_head")}
        </Button>
      </Space>
      {failed && <ProblemBox problem={failed} />}
      {verdict && <Judged verdict={verdict} />}
    </>
  );
}

function Judged({ verdict }: { verdict: Verdict }) {
  const { t } = useLanguage();
  const { entries, heads, intact, findings } = verdict;
  const good = findings.length === 0;
  return (
    <Alert
      type={good ? "success" : "error"}
      showIcon
      style={{ marginBottom: 12 }}
      title={good ? t("evidence.checked", { entries, heads }) : t("evidence.broken", { intact })}
      description={good ? undefined : findings.map((one) => <div key={one.why}>{one.words}</div>)}
    />
  );
}

function Entries({ size }: { size: number }) {
  const { t } = useLanguage();
  const [end, setEnd] = useState<number>();
  const until = end ?? size;
  const from = Math.max(0, until - PAGE);
  const path = `/api/evidence/entries?from=${from}&limit=${Math.max(1, until - from)}`;
  const { data, problem, reload } = useGet<{ items: Entry[] }>(path);
  if (!data) return problem ? <ProblemBox problem={problem} retry={reload} /> : <Busy />;
  return (
    <>
      <Table<Entry>
        size="small"
        rowKey="number"
        pagination={false}
        scroll={{ x: 800 }}
        dataSource={[...data.items].reverse()}
        columns={[
          { title: t("evidence.number"), dataIndex: "number", width: 90 },
          {
            title: t("evidence.at"),
            width: 170,
            render: (_, one) => (
              <When at={new Date(one.entry.at / MICROSECONDS).toISOString()} />
            ),
          },
          { title: t("evidence.who"), render: (_, one) => one.entry.who },
          { title: t("evidence.verb"), render: (_, one) => one.entry.verb },
          { title: t("evidence.about"), render: (_, one) => one.entry.about },
          { title: t("evidence.details"), render: (_, one) => <Details of={one} /> },
        ]}
      />
      {from > 0 && (
        <div className="more">
          <Button onClick={() => setEnd(from)}>{t("evidence.older")}</Button>
        </div>
      )}
    </>
  );
}

function Details({ of }: { of: Entry }) {
  const { at, who, verb, about, ...rest } = of.entry;
  return <code style={{ wordBreak: "break-all" }}>{JSON.stringify(rest)}</code>;
}
