/** The draft for one table before it is kept: names, labels with the assistant's reasons. */

import { Alert, App, Button, Card, Checkbox, Input, Progress, Table } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { Problem, post, withQuery } from "../../data/http";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import type { Entry, Item } from "../catalogueTypes";
import { GradeSelect, type Label, LabelSelect, useLabels, useNames } from "../labels";

interface Proposed {
  entry: Entry;
  left_out: string[];
  rows: number | null;
  columns: Record<
    string,
    {
      samples: string[];
      proposal: { label: string; grade: string; confidence: number; evidence: string[]; others: string[] } | null;
    }
  >;
  resource: { id: number; name: string } | null;
}

function Reasons({ of, labels }: { of: Proposed["columns"][string] | undefined; labels: Label[] }) {
  const { t } = useLanguage();
  const names = useNames(labels);
  if (!of?.proposal) return <span className="quiet">{t("harvest.no_label")}</span>;
  const { confidence, evidence, others } = of.proposal;
  return (
    <>
      <Progress
        percent={Math.round(confidence * 100)}
        size="small"
        style={{ width: 130, margin: 0 }}
        aria-label={t("harvest.sure")}
      />
      {evidence.map((one) => (
        <div key={one}>{one}</div>
      ))}
      {others.length > 0 && (
        <div className="quiet">{t("harvest.others", { labels: others.map(names.label).join("、") })}</div>
      )}
    </>
  );
}

export function TableProposal({
  source,
  table,
  organisation,
  onDone,
}: {
  source: string;
  table: string;
  organisation: number | undefined;
  onDone: () => void;
}) {
  const { t, lang } = useLanguage();
  const { message } = App.useApp();
  const labels = useLabels();
  const path = withQuery("/api/sharing/harvest/proposal", { source, table, organisation });
  const { data, problem, reload } = useGet<Proposed>(path);
  const [edited, edit] = useState<Entry>();
  const [failed, setFailed] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<number>();
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  const entry = edited ?? data.entry;
  const change = (column: string, with_: Partial<Item>) =>
    edit({
      ...entry,
      items: entry.items.map((one) => (one.column === column ? { ...one, ...with_ } : one)),
    });
  const label = (column: string, code: string) =>
    change(column, { label: code, grade: labels.find((one) => one.label === code)?.grade ?? "" });
  const accept = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      const { id } = await post<{ id: number }>("/api/sharing/harvest", entry);
      setMade(id);
      void message.success(t("harvest.made"));
      onDone();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFailed(error);
    } finally {
      setBusy(false);
    }
  };
  const known = made ?? data.resource?.id;
  return (
    <Card
      size="small"
      style={{ marginBottom: 16 }}
      data-testid={`proposal-${table}`}
      title={
        <>
          {table}{" "}
          {data.rows !== null && (
            <span className="quiet">{t("source.rows", { count: data.rows.toLocaleString(lang) })}</span>
          )}
        </>
      }
      extra={
        known ? (
          <Link to={`/catalogue/entry/${known}`}>{t("harvest.open_draft")}</Link>
        ) : (
          <Button type="primary" size="small" loading={busy} onClick={accept}>
            {t("harvest.accept")}
          </Button>
        )
      }
    >
      {failed && <ProblemBox problem={failed} />}
      {failed?.faults.map((one) => (
        <div key={`${one.column}.${one.text}`} className="warn">
          {one.column_title}: {one.text}
        </div>
      ))}
      {data.left_out.length > 0 && (
        <Alert type="warning" showIcon title={t("harvest.left_out", { columns: data.left_out.join(", ") })} />
      )}
      <label>
        {t("catalogue.name")}{" "}
        <Input
          maxLength={200}
          value={entry.name}
          disabled={known !== undefined}
          onChange={(event) => edit({ ...entry, name: event.target.value })}
          style={{ width: 360, margin: "0 0 10px" }}
        />
      </label>
      <Table<Item>
        rowKey="column"
        size="small"
        pagination={entry.items.length > 50 ? { pageSize: 50 } : false}
        scroll={{ x: 1100 }}
        dataSource={entry.items}
        columns={[
          {
            title: t("catalogue.item_name"),
            width: 190,
            render: (_, one) => (
              <Input
                aria-label={`${t("catalogue.item_name")} ${one.column}`}
                maxLength={200}
                value={one.name}
                onChange={(event) => change(one.column, { name: event.target.value })}
              />
            ),
          },
          {
            title: t("catalogue.column"),
            width: 200,
            render: (_, one) => (
              <>
                <code>{one.column}</code> {one.key && t("source.in_key")}
                <div className="quiet">
                  {t(`catalogue.type.${one.type}` as Key)} {data.columns[one.column]?.samples.join("、")}
                </div>
              </>
            ),
          },
          {
            title: t("catalogue.label"),
            width: 170,
            render: (_, one) => (
              <LabelSelect
                labels={labels}
                aria-label={`${t("catalogue.label")} ${one.column}`}
                value={one.label}
                onChange={(code) => label(one.column, code)}
              />
            ),
          },
          {
            title: t("catalogue.grade"),
            width: 160,
            render: (_, one) => (
              <GradeSelect
                aria-label={`${t("catalogue.grade")} ${one.column}`}
                value={one.grade}
                onChange={(grade) => change(one.column, { grade })}
              />
            ),
          },
          {
            title: t("harvest.why"),
            render: (_, one) => <Reasons of={data.columns[one.column]} labels={labels} />,
          },
          {
            title: t("catalogue.shared"),
            width: 70,
            render: (_, one) => (
              <Checkbox
                aria-label={`${t("catalogue.shared")} ${one.column}`}
                checked={one.shared}
                onChange={(event) => change(one.column, { shared: event.target.checked })}
              />
            ),
          },
        ]}
      />
    </Card>
  );
}
