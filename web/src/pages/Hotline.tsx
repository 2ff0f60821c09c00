import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { Articles } from "../hotline/Articles";
import { CallBacks } from "../hotline/CallBacks";
import { Desk } from "../hotline/Desk";
import { Today } from "../hotline/Today";
import "../hotline/desk.css";
import { type Key, useLanguage } from "../i18n";

const TABS = [
  { key: "desk", page: Desk, permission: "cases.hotline" },
  { key: "backs", page: CallBacks, permission: "cases.hotline" },
  { key: "today", page: Today, permission: "cases.hotline" },
  { key: "articles", page: Articles, permission: "cases.read" },
];

export default function Hotline() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const tabs = TABS.filter((one) => may(one.permission));
  const given = useParams().tab;
  const tab = tabs.find((one) => one.key === given) ?? tabs[0];
  return (
    <div className="page desk-page">
      <div className="page-head">
        <h2>{t("hotline.title")}</h2>
      </div>
      <Tabs
        activeKey={tab?.key}
        onChange={(key) => navigate(key === "desk" ? "/hotline" : `/hotline/${key}`)}
        items={tabs.map((one) => ({
          key: one.key,
          label: t(`hotline.tab_${one.key}` as Key),
          destroyOnHidden: one.key !== "desk",
          children: <one.page />,
        }))}
      />
    </div>
  );
}
