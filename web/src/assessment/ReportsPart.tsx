/** Reports that were made: read, downloaded, made by hand. */

import { Button, Checkbox, Input, Segmented, Select, Space, Table, Tag } from "antd";
import { lazy, Suspense, useState } from "react";
import { Problem, post, put, remove } from "../data/http";
import { useSession } from "../data/session";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { FigureTable } from "./FigureTable";
import { PeriodChoice, shownDays, usual } from "./period";
import { Heads } from "./RatesPart";
import { ScoreTable } from "./ScoresPart";
import type { ReportAnswer, ReportLine } from "./types";

const TrendChart = lazy(() => import("./TrendChart"));
const SPANS = ["day", "week", "month", "period"];

function Shown({ report }: { report: number }) {
  const { t, lang } = useLanguage();
  const [by, setBy] = useState("organisation");
  const { data, problem, reload } = useGet<ReportAnswer>(`/api/assessment/reports/${report}`);
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  const { body } = data;
  return (
    <section className="block" data-testid="report" style={{ marginTop: 16 }}>
      <h3>
        {t(`assess.span_${data.span}` as Key)} · {shownDays(data)}
      </h3>
      <p className="quiet">
        {t("assess.digest", { digest: data.digest })}{" "}
        {["xlsx", "pdf"].map((kind) => (
          <Button
            key={kind}
            size="small"
            style={{ marginLeft: 8 }}
            href={`/api/assessment/reports/${report}.${kind}?lang=${lang}`}
          >
            {t(`assess.file_${kind}` as Key)}
          </Button>
        ))}
      </p>
      <Heads figures={body.total} />
      {body.days.length > 1 && (
        <Suspense fallback={<Busy />}>
          <TrendChart spans={body.days} label={t("assess.days")} />
        </Suspense>
      )}
      <div className="filters" style={{ marginTop: 14 }}>
        <Segmented
          value={by}
          onChange={setBy}
          options={Object.keys(body.groups).map((one) => ({
            value: one,
            label: t(`assess.${one}` as Key),
          }))}
        />
      </div>
      <FigureTable by={by} items={body.groups[by] ?? []} />
      {body.scores.map((one) => (
        <div key={one.scheme.code} style={{ marginTop: 18 }}>
          <h3>{one.scheme.title[lang]}</h3>
          <ScoreTable answer={one} />
        </div>
      ))}
    </section>
  );
}

interface Told {
  span: string;
  mine: boolean;
  names: string[];
  fixed: string[];
}

/** Of which reports one is told, and, for those who see everything, who else is. */
function Subscriptions() {
  const { t } = useLanguage();
  const { may, session } = useSession();
  const found = useGet<{ items: Told[] }>("/api/assessment/subscribers");
  const [failed, setFailed] = useState<Problem>();
  const [name, setName] = useState("");
  const [span, setSpan] = useState("day");
  const change = (one: string, who: string, told: boolean) => {
    setFailed(undefined);
    const path = `/api/assessment/subscribers/${one}/${encodeURIComponent(who)}`;
    (told ? put(path, {}) : remove(path))
      .then(found.reload)
      .catch((error) => setFailed(error instanceof Problem ? error : undefined));
  };
  const items = found.data?.items ?? [];
  const named = (one: string) => t(`assess.span_${one}` as Key);
  return (
    <section className="block" data-testid="subscribers" style={{ marginTop: 16 }}>
      <h3>{t("assess.subscribe")}</h3>
      {failed && <ProblemBox problem={failed} />}
      <p>
        {items.map((one) => (
          <Checkbox
            key={one.span}
            checked={one.mine}
            onChange={(event) => change(one.span, session?.name ?? "", event.target.checked)}
          >
            {named(one.span)}
          </Checkbox>
        ))}
      </p>
      {may("cases.assess_all") && (
        <>
          {items.map((one) => (
            <p key={one.span}>
              {named(one.span)}:{" "}
              {one.fixed.map((who) => (
                <Tag key={`file ${who}`}>{who}</Tag>
              ))}
              {one.names.map((who) => (
                <Tag key={who} closable onClose={() => change(one.span, who, false)}>
                  {who}
                </Tag>
              ))}
              {one.fixed.length + one.names.length === 0 && "–"}
            </p>
          ))}
          <Space>
            <Input
              aria-label={t("assess.subscriber")}
              placeholder={t("assess.subscriber")}
              value={name}
              maxLength={64}
              onChange={(event) => setName(event.target.value)}
            />
            <Select
              value={span}
              style={{ minWidth: 100 }}
              onChange={setSpan}
              options={items.map((one) => ({ value: one.span, label: named(one.span) }))}
            />
            <Button disabled={!name.trim()} onClick={() => change(span, name.trim(), true)}>
              {t("assess.subscribe_add")}
            </Button>
          </Space>
        </>
      )}
    </section>
  );
}

export function ReportsPart() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [span, setSpan] = useState<string>();
  const [days, setDays] = useState(() => usual("yesterday"));
  const [open, setOpen] = useState<number>();
  const [failed, setFailed] = useState<Problem>();
  const path = `/api/assessment/reports${span ? `?span=${span}` : ""}`;
  const { items, problem, loading, more, reload } = usePages<ReportLine>(path, 20);
  const make = () => {
    setFailed(undefined);
    post<{ report: number }>("/api/assessment/reports", { span: "period", ...days })
      .then((made) => {
        setOpen(made.report);
        reload();
      })
      .catch((error) => setFailed(error instanceof Problem ? error : undefined));
  };
  return (
    <>
      <div className="filters">
        <Select
          allowClear
          style={{ minWidth: 140 }}
          placeholder={t("assess.all_reports")}
          value={span}
          onChange={setSpan}
          options={SPANS.map((one) => ({ value: one, label: t(`assess.span_${one}` as Key) }))}
        />
        {may("cases.assess_all") && (
          <>
            <PeriodChoice value={days} onChange={setDays} />
            <Button type="primary" onClick={make}>
              {t("assess.make_report")}
            </Button>
          </>
        )}
      </div>
      {failed && <ProblemBox problem={failed} />}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <div className="table-scroll">
        <Table<ReportLine>
          rowKey="report"
          size="small"
          pagination={false}
          dataSource={items}
          locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("assess.no_reports")}</Nothing> }}
          columns={[
            {
              title: t("assess.report"),
              render: (_, one) => (
                <Button type="link" size="small" onClick={() => setOpen(one.report)}>
                  {t(`assess.span_${one.span}` as Key)} {shownDays(one)}
                </Button>
              ),
            },
            {
              title: t("assess.made_at"),
              render: (_, one) => <When at={one.made_at} />,
            },
            {
              title: t("assess.made_by"),
              render: (_, one) =>
                one.made_by.startsWith("system:")
                  ? t("case.by_itself")
                  : one.made_by.replace(/^user:/, ""),
            },
            { title: "SHA-256", render: (_, one) => <code>{one.digest.slice(0, 12)}</code> },
          ]}
        />
      </div>
      <More more={more} />
      <Subscriptions />
      {open !== undefined && <Shown key={open} report={open} />}
    </>
  );
}
