import { Button, Checkbox, Input, Select, Table } from "antd";
import { useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import { type CaseClass, type CaseSummary, type Page, SEVERITIES } from "../data/types";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { inLanguage } from "../parts/feeds";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { SeverityMark, StateTag } from "../parts/tags";
import { Countdown, When } from "../parts/time";

const KINDS = ["open", "new", "working", "waiting", "done", "void"] as const;
const FILTERS = ["kind", "case_class", "severity", "q", "mine", "handed_on", "overdue", "sort"] as const;

function Deadline({ one }: { one: CaseSummary }) {
  const { t } = useLanguage();
  if (one.kind === "done" || one.kind === "void")
    return <span className="quiet">{one.overdue ? t("case.was_late") : "–"}</span>;
  return <Countdown due={one.due_at} overdue={one.overdue} standing={one.kind === "waiting"} />;
}

/** A case on a phone: what a row of the table says, one below the other. */
function Card({ one }: { one: CaseSummary }) {
  return (
    <div className="case-card">
      <div>
        <Link to={`/cases/${one.no}`} onClick={(event) => event.stopPropagation()}>
          {one.no}
        </Link>{" "}
        <b>{one.title}</b>
      </div>
      <div className="case-card-marks">
        <StateTag kind={one.kind} title={one.state_title} />
        <SeverityMark severity={one.severity} />
        <Deadline one={one} />
      </div>
      <div className="quiet">
        {[one.organisation_name, one.grid_name, one.address].filter(Boolean).join(" · ")}
      </div>
      <div className="quiet">
        <When at={one.opened_at} />
      </div>
    </div>
  );
}

export default function Cases() {
  const { t, lang } = useLanguage();
  const { session, may } = useSession();
  const [query, setQuery] = useSearchParams();
  const navigate = useNavigate();
  const classes = useGet<Page<CaseClass>>("/api/cases/classes");
  const values = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const list = usePages<CaseSummary>(withQuery("/api/cases", values));
  const [arrived, setArrived] = useState(0);
  const [words, setWords] = useState(query.get("q") ?? "");
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    if (value) next.set(name, value);
    else next.delete(name);
    setQuery(next, { replace: true });
  };
  useEffect(() => {
    if (words === (query.get("q") ?? "")) return;
    const timer = setTimeout(() => change("q", words), 350);
    return () => clearTimeout(timer);
  }, [words]);
  useLive<CaseSummary>("case", (raw) => {
    const one = inLanguage(raw, lang);
    if (list.items.some((item) => item.no === one.no))
      list.change((items) => items.map((item) => (item.no === one.no ? one : item)));
    else setArrived((count) => count + 1);
  });
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.cases")}</h2>
        {arrived > 0 && (
          <Button
            type="primary"
            size="small"
            onClick={() => {
              setArrived(0);
              list.reload();
            }}
          >
            {t("case.arrived", { count: arrived })}
          </Button>
        )}
      </div>
      <search className="filters">
        <Input.Search
          allowClear
          style={{ width: 260 }}
          placeholder={t("case.search")}
          aria-label={t("case.search")}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onSearch={(text) => change("q", text)}
        />
        <Select
          style={{ width: 150 }}
          aria-label={t("case.kind")}
          value={values.kind}
          onChange={(value) => change("kind", value)}
          options={[
            { value: "", label: t("case.kind_all") },
            ...KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}` as Key) })),
          ]}
        />
        <Select
          style={{ width: 200 }}
          aria-label={t("case.class")}
          showSearch={{ optionFilterProp: "label" }}
          value={values.case_class}
          onChange={(value) => change("case_class", value)}
          options={[
            { value: "", label: t("case.class_all") },
            ...(classes.data?.items ?? []).map((one) => ({ value: one.code, label: one.title })),
          ]}
        />
        <Select
          style={{ width: 140 }}
          aria-label={t("case.severity")}
          value={values.severity}
          onChange={(value) => change("severity", value)}
          options={[
            { value: "", label: t("case.severity_all") },
            ...SEVERITIES.map((one) => ({ value: one, label: t(`severity.${one}` as Key) })),
          ]}
        />
        <Checkbox
          checked={values.overdue === "1"}
          onChange={(event) => change("overdue", event.target.checked ? "1" : "")}
        >
          {t("case.overdue")}
        </Checkbox>
        {!session?.roles.includes("citizen") && (
          <Checkbox
            checked={values.mine === "1"}
            onChange={(event) => change("mine", event.target.checked ? "1" : "")}
          >
            {t("case.mine")}
          </Checkbox>
        )}
        {session?.organisation != null && !may("cases.dispatch") && (
          <Checkbox
            checked={values.handed_on === "1"}
            onChange={(event) => change("handed_on", event.target.checked ? "1" : "")}
          >
            {t("case.handed_on")}
          </Checkbox>
        )}
        <Checkbox
          checked={values.sort === "due"}
          onChange={(event) => change("sort", event.target.checked ? "due" : "")}
        >
          {t("case.by_deadline")}
        </Checkbox>
      </search>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <div className="table-scroll">
        <Table<CaseSummary>
          className="case-list"
          rowKey="no"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
          onRow={(one) => ({ className: "row-link", onClick: () => navigate(`/cases/${one.no}`) })}
          columns={[
            {
              title: t("nav.cases"),
              responsive: ["xs"],
              render: (_, one) => <Card one={one} />,
            },
            {
              title: t("case.no"),
              responsive: ["sm"],
              dataIndex: "no",
              width: 84,
              render: (no: number) => (
                <Link to={`/cases/${no}`} onClick={(event) => event.stopPropagation()}>
                  {no}
                </Link>
              ),
            },
            {
              title: t("case.title"),
              responsive: ["sm"],
              dataIndex: "title",
              render: (_, one) => (
                <>
                  <div>{one.title}</div>
                  <div className="quiet" style={{ fontSize: 12 }}>
                    {[one.grid_name, one.address].filter(Boolean).join(" · ")}
                  </div>
                </>
              ),
            },
            {
              title: t("case.severity"),
              responsive: ["sm"],
              width: 96,
              render: (_, one) => <SeverityMark severity={one.severity} />,
            },
            {
              title: t("case.state"),
              responsive: ["sm"],
              width: 110,
              render: (_, one) => <StateTag kind={one.kind} title={one.state_title} />,
            },
            {
              title: t("case.with"),
              responsive: ["sm"],
              width: 190,
              render: (_, one) => (
                <>
                  <div>{one.organisation_name || "–"}</div>
                  <div className="quiet" style={{ fontSize: 12 }}>
                    {one.handler_name}
                  </div>
                </>
              ),
            },
            {
              title: t("case.deadline"),
              responsive: ["sm"],
              width: 150,
              render: (_, one) => <Deadline one={one} />,
            },
            {
              title: t("case.opened"),
              responsive: ["sm"],
              width: 180,
              render: (_, one) => <When at={one.opened_at} />,
            },
          ]}
        />
        <More more={list.more} />
      </div>
    </div>
  );
}
