import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { type Key, useLanguage } from "../i18n";
import { IssueList } from "../sharing/quality/IssueList";
import { RuleSets } from "../sharing/quality/RuleSets";
import { ScoreBoard } from "../sharing/quality/ScoreBoard";

const TABS = [
  { key: "scores", page: ScoreBoard, permission: "sharing.read" },
  { key: "issues", page: IssueList, permission: "sharing.provide" },
  { key: "rules", page: RuleSets, permission: "sharing.read" },
];

/** Quality of shared data. */
export default function Quality() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const tabs = TABS.filter((one) => may(one.permission));
  const given = useParams().tab;
  const tab = tabs.find((one) => one.key === given) ?? tabs[0];
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.quality")}</h2>
      </div>
      <Tabs
        activeKey={tab?.key}
        onChange={(key) => navigate(`/quality/${key}`)}
        destroyOnHidden
        items={tabs.map((one) => ({
          key: one.key,
          label: t(`quality.tab_${one.key}` as Key),
          children: <one.page />,
        }))}
      />
    </div>
  );
}
