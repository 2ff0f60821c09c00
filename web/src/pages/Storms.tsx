import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { type Key, useLanguage } from "../i18n";
import { SilenceList } from "../storms/SilenceList";
import { StormList } from "../storms/StormList";

const TABS = [
  { key: "storms", page: StormList, permission: "cases.dispatch" },
  { key: "silences", page: SilenceList, permission: "cases.read" },
];

export default function Storms() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const tabs = TABS.filter((one) => may(one.permission));
  const given = useParams().tab;
  const tab = tabs.find((one) => one.key === given) ?? tabs[0];
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.storms")}</h2>
      </div>
      <Tabs
        activeKey={tab?.key}
        onChange={(key) => navigate(`/storms/${key}`)}
        destroyOnHidden
        items={tabs.map((one) => ({
          key: one.key,
          label: t(`storms.tab_${one.key}` as Key),
          children: <one.page />,
        }))}
      />
    </div>
  );
}
