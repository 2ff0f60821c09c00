import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { type Key, useLanguage } from "../i18n";
import { Outcomes } from "../learning/Outcomes";
import { ClassList, DispatchList } from "../learning/WorkList";

const TABS = [
  { key: "dispatch", page: DispatchList },
  { key: "class", page: ClassList },
  { key: "outcomes", page: Outcomes },
];

export default function Proposals() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const given = useParams().tab;
  const tab = TABS.find((one) => one.key === given) ?? TABS[0];
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.proposals")}</h2>
      </div>
      <Tabs
        activeKey={tab?.key}
        onChange={(key) => navigate(`/proposals/${key}`)}
        destroyOnHidden
        items={TABS.map((one) => ({
          key: one.key,
          label: t(`learning.tab_${one.key}` as Key),
          children: <one.page />,
        }))}
      />
    </div>
  );
}
