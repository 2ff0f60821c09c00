/** How well cases are handled: now, rates, scores, reports. */

import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { Operations } from "../assessment/Operations";
import { rememberToday } from "../assessment/period";
import { RatesPart } from "../assessment/RatesPart";
import { ReportsPart } from "../assessment/ReportsPart";
import { ScoresPart } from "../assessment/ScoresPart";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";

const TABS = [
  { key: "now", page: Operations },
  { key: "rates", page: RatesPart },
  { key: "scores", page: ScoresPart },
  { key: "reports", page: ReportsPart },
];

export default function Assessment() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const given = useParams().tab;
  const { data, problem, reload } = useGet<{ today: string }>("/api/assessment/schemes");
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (!data) return <Busy />;
  rememberToday(data.today);
  const tab = TABS.find((one) => one.key === given) ?? TABS[0]!;
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.assessment")}</h2>
      </div>
      <Tabs
        activeKey={tab.key}
        onChange={(key) => navigate(`/assessment/${key}`)}
        destroyOnHidden
        items={TABS.map((one) => ({
          key: one.key,
          label: t(`assess.tab_${one.key}` as Key),
          children: <one.page />,
        }))}
      />
    </div>
  );
}
