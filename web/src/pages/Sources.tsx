/** Where departments' data lies, and drafts of the catalogue made of it. */

import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { useLanguage } from "../i18n";
import { Harvest } from "../sharing/harvest/Harvest";
import { Nodes } from "../sharing/sources/Nodes";
import { SourceList } from "../sharing/sources/SourceList";

export default function Sources() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const { tab = "list" } = useParams();
  const tabs = [{ key: "list", label: t("source.tab"), children: <SourceList /> }];
  if (may("sharing.compile"))
    tabs.push({ key: "harvest", label: t("harvest.tab"), children: <Harvest /> });
  tabs.push({ key: "nodes", label: t("node.tab"), children: <Nodes /> });
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.sources")}</h2>
        <span className="quiet">{t("source.about")}</span>
      </div>
      <Tabs
        activeKey={tab}
        onChange={(key) => navigate(key === "list" ? "/sources" : `/sources/${key}`)}
        items={tabs}
        destroyOnHidden
      />
    </div>
  );
}
