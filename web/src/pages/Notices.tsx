import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { type Key, useLanguage } from "../i18n";
import { Deliveries } from "../notices/Deliveries";
import { Mine } from "../notices/Mine";
import { Preferences } from "../notices/Preferences";
import { Webhooks } from "../notices/Webhooks";

const TABS = [
  { key: "mine", page: Mine, permission: "notices.own" },
  { key: "preferences", page: Preferences, permission: "notices.own" },
  { key: "deliveries", page: Deliveries, permission: "notices.read" },
  { key: "webhooks", page: Webhooks, permission: "notices.read" },
];

export default function Notices() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const tabs = TABS.filter((one) => may(one.permission));
  const given = useParams().tab;
  const tab = tabs.find((one) => one.key === given) ?? TABS[0]!;
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("notices.title")}</h2>
      </div>
      <Tabs
        activeKey={tab.key}
        onChange={(key) => navigate(key === "mine" ? "/notices" : `/notices/${key}`)}
        destroyOnHidden
        items={tabs.map((one) => ({
          key: one.key,
          label: t(`notices.tab_${one.key}` as Key),
          children: <one.page />,
        }))}
      />
    </div>
  );
}
