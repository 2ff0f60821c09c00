/** Behind the catalogue: systems, duties, demands, what is not shared, and the classes. */

import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useLanguage } from "../i18n";
import "../sharing/catalogue.css";
import { Classes } from "../sharing/lists/Classes";
import { Demands } from "../sharing/lists/Demands";
import { Duties } from "../sharing/lists/Duties";
import { NegativeList } from "../sharing/lists/NegativeList";
import { Systems } from "../sharing/lists/Systems";

export default function SharingLists() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const { tab = "systems" } = useParams();
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.lists")}</h2>
      </div>
      <Tabs
        activeKey={tab}
        onChange={(key) => navigate(`/sharing/lists/${key}`)}
        destroyOnHidden
        items={[
          { key: "systems", label: t("lists.systems"), children: <Systems /> },
          { key: "duties", label: t("lists.duties"), children: <Duties /> },
          { key: "demands", label: t("lists.demands"), children: <Demands /> },
          { key: "negative", label: t("lists.negative"), children: <NegativeList /> },
          { key: "classes", label: t("lists.classes"), children: <Classes /> },
        ]}
      />
    </div>
  );
}
