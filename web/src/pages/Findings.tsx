import { Select, Table } from "antd";
import { Link, useSearchParams } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import { useSession } from "../data/session";
import { type Finding, SEVERITIES } from "../data/types";
import { usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { inLanguage } from "../parts/feeds";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { SeverityMark, useRuleTitle } from "../parts/tags";
import { When } from "../parts/time";

export default function Findings() {
  const { t, lang } = useLanguage();
  const { layout } = useSession();
  const titleOf = useRuleTitle();
  const [query, setQuery] = useSearchParams();
  const values = {
    state: query.get("state") ?? "open",
    rule: query.get("rule") ?? "",
    severity: query.get("severity") ?? "",
  };
  const list = usePages<Finding>(withQuery("/api/findings", values));
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    next.set(name, value);
    setQuery(next, { replace: true });
  };
  useLive<Finding & { en?: Partial<Finding> }>("finding", (raw) => {
    const one = inLanguage(raw, lang);
    list.change((items) => {
      if (items.some((item) => item.id === one.id))
        return items.map((item) => (item.id === one.id ? { ...item, ...one } : item));
      const wanted =
        (values.state === "all" || values.state === one.state) &&
        (!values.rule || values.rule === `${one.pack}/${one.rule}`) &&
        (!values.severity || values.severity === one.severity);
      return wanted && one.rule ? [one, ...items] : items;
    });
  });
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.findings")}</h2>
      </div>
      <div className="filters">
        <Select
          style={{ width: 140 }}
          aria-label={t("case.state")}
          value={values.state}
          onChange={(value) => change("state", value)}
          options={(["open", "cleared", "withdrawn", "all"] as const).map((one) => ({
            value: one,
            label: t(`finding.${one}`),
          }))}
        />
        <Select
          style={{ width: 260 }}
          aria-label={t("finding.rule")}
          showSearch={{ optionFilterProp: "label" }}
          value={values.rule}
          onChange={(value) => change("rule", value)}
          options={[
            { value: "", label: t("finding.rule_all") },
            ...Object.entries(layout.rules).map(([value, label]) => ({ value, label })),
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
      </div>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <div className="table-scroll">
        <Table<Finding>
          rowKey="id"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
          columns={[
            {
              title: t("finding.what"),
              render: (_, one) => <Link to={`/findings/${one.id}`}>{titleOf(one)}</Link>,
            },
            { title: t("case.place"), render: (_, one) => one.place_name || "–" },
            {
              title: t("case.severity"),
              width: 100,
              render: (_, one) => <SeverityMark severity={one.severity} />,
            },
            { title: t("case.state"), width: 110, render: (_, one) => t(`finding.${one.state}`) },
            {
              title: t("finding.raised"),
              width: 190,
              render: (_, one) => <When at={one.raised_at} />,
            },
            {
              title: t("finding.ended"),
              width: 190,
              render: (_, one) => <When at={one.cleared_at} />,
            },
            {
              title: t("finding.case"),
              width: 90,
              render: (_, one) =>
                one.case ? <Link to={`/cases/${one.case}`}>#{one.case}</Link> : "–",
            },
          ]}
        />
        <More more={list.more} />
      </div>
    </div>
  );
}
