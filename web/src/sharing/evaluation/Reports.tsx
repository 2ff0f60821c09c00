/** Issued reports: read, downloaded, issued by hand, compared with a recomputation. */

import { Alert, Button, Select, Space, Table } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { PeriodChoice, usual } from "../../assessment/period";
import { get, post, Problem } from "../../data/http";
import { useSession } from "../../data/session";
import { useGet, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { FigureTable } from "./FigureTable";
import { ScoreTable } from "./ScoreTable";
import {
  type Asked,
  type Comparison,
  type Definitions,
  type Difference,
  type ReportAnswer,
  type ReportLine,
  shown,
} from "./types";

const PATH = "/api/sharing/evaluation/reports";
const SPANS = ["month", "year", "period"];

function Compared({
  told,
  report,
  found,
}: {
  told: Definitions;
  report: ReportAnswer;
  found: Comparison;
}) {
  const { t, lang } = useLanguage();
  const named = (key: number) =>
    key ? (report.body.items.find((one) => one.key === key)?.title[lang] ?? key) : t("evals.city");
  const what = (name: string) =>
    told.items.find((one) => one.figure === name)?.title ?? t("evals.points");
  const sort = (name: string) => told.items.find((one) => one.figure === name)?.sort ?? "count";
  const changed = found.sources.map((name) => told.sources[name] ?? name).join(", ");
  return (
    <div data-testid="evaluation-comparison" style={{ marginBottom: 14 }}>
      <Alert
        type={found.intact ? "success" : "error"}
        showIcon
        title={t(found.intact ? "evals.intact" : "evals.broken")}
        description={
          <>
            {changed ? t("evals.changed", { sources: changed }) : t("evals.unchanged")}
            {found.schemes && ` ${t("evals.other_schemes")}`}
          </>
        }
      />
      {found.differences.length > 0 && (
        <Table<Difference>
          rowKey={(one) => `${one.key} ${one.figure}`}
          size="small"
          pagination={found.differences.length > 50 ? { pageSize: 50 } : false}
          dataSource={found.differences}
          columns={[
            { title: t("evals.department"), render: (_, one) => named(one.key) },
            { title: t("evals.figure"), render: (_, one) => what(one.figure) },
            {
              title: t("evals.reported"),
              align: "right",
              render: (_, one) => shown(sort(one.figure), one.reported, lang),
            },
            {
              title: t("evals.now"),
              align: "right",
              render: (_, one) => shown(sort(one.figure), one.now, lang),
            },
          ]}
        />
      )}
    </div>
  );
}

export function Report({
  told,
  number,
  onOpen,
}: {
  told: Definitions;
  number: number;
  onOpen: (asked: Asked) => void;
}) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const { data, problem, reload } = useGet<ReportAnswer>(`${PATH}/${number}`);
  const [compared, setCompared] = useState<Comparison>();
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState<Problem>();
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  const compare = () => {
    setAsking(true);
    setFailed(undefined);
    get<Comparison>(`${PATH}/${number}/comparison`)
      .then(setCompared)
      .catch((error) => setFailed(error instanceof Problem ? error : undefined))
      .finally(() => setAsking(false));
  };
  return (
    <section className="block" data-testid="evaluation-report" style={{ marginTop: 16 }}>
      <h3>
        {t(`evals.span.${data.span}` as Key)} · {data.from} – {data.last}
      </h3>
      <p className="quiet" style={{ overflowWrap: "anywhere" }}>
        {t("evals.digest", { digest: data.digest })}
      </p>
      <Space wrap style={{ marginBottom: 14 }}>
        {["xlsx", "pdf"].map((kind) => (
          <Button key={kind} size="small" href={`${PATH}/${number}.${kind}?lang=${lang}`}>
            {t(`evals.file.${kind}` as Key)}
          </Button>
        ))}
        {may("sharing.review") && (
          <Button size="small" onClick={compare} loading={asking}>
            {t("evals.compare")}
          </Button>
        )}
      </Space>
      {failed && <ProblemBox problem={failed} />}
      {compared && <Compared told={told} report={data} found={compared} />}
      {data.body.scores.map((one) => (
        <ScoreTable key={one.scheme.code} told={told} scored={one} />
      ))}
      <FigureTable told={told} found={data.body} onOpen={onOpen} />
    </section>
  );
}

export function Reports({
  told,
  open,
  onOpen,
}: {
  told: Definitions;
  open: number | null;
  onOpen: (asked: Asked) => void;
}) {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const [span, setSpan] = useState<string>();
  const [days, setDays] = useState(() => usual("last_month"));
  const [failed, setFailed] = useState<Problem>();
  const [making, setMaking] = useState(false);
  const path = `${PATH}${span ? `?span=${span}` : ""}`;
  const { items, problem, loading, more, reload } = usePages<ReportLine>(path, 20);
  const make = () => {
    setFailed(undefined);
    setMaking(true);
    post<{ report: number }>(PATH, { span: "period", ...days })
      .then((made) => {
        navigate(`/sharing/evaluation/${made.report}`);
        reload();
      })
      .catch((error) => setFailed(error instanceof Problem ? error : undefined))
      .finally(() => setMaking(false));
  };
  return (
    <>
      <div className="filters">
        <Select
          allowClear
          style={{ minWidth: 140 }}
          placeholder={t("evals.all_reports")}
          value={span}
          onChange={setSpan}
          options={SPANS.map((one) => ({ value: one, label: t(`evals.span.${one}` as Key) }))}
        />
        {may("sharing.operate") && (
          <>
            <PeriodChoice value={days} onChange={setDays} />
            <Button type="primary" onClick={make} loading={making}>
              {t("evals.make")}
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
          locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("evals.no_reports")}</Nothing> }}
          columns={[
            {
              title: t("evals.report"),
              render: (_, one) => (
                <Button
                  type="link"
                  size="small"
                  onClick={() => navigate(`/sharing/evaluation/${one.report}`)}
                >
                  {t(`evals.span.${one.span}` as Key)} {one.from} – {one.last}
                </Button>
              ),
            },
            { title: t("evals.made_at"), render: (_, one) => <When at={one.made_at} /> },
            { title: t("evals.made_by"), dataIndex: "made_by" },
            { title: "SHA-256", render: (_, one) => <code>{one.digest.slice(0, 12)}</code> },
          ]}
        />
      </div>
      <More more={more} />
      {open !== null && <Report key={open} told={told} number={open} onOpen={onOpen} />}
    </>
  );
}
