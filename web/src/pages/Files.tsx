/** Files for the own organisation: what grants give, what was made, the keys that open it. */

import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useLanguage } from "../i18n";
import { Deliveries } from "../sharing/files/Deliveries";
import { Keys } from "../sharing/files/Keys";
import { MyFiles } from "../sharing/files/MyFiles";

export default function Files() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const { tab } = useParams();
  const show = (key: string) => navigate(`/sharing/files/${key}`);
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.files")}</h2>
      </div>
      <Tabs
        activeKey={tab ?? "mine"}
        onChange={show}
        destroyOnHidden
        items={[
          { key: "mine", label: t("files.mine"), children: <MyFiles onOrdered={() => show("made")} /> },
          { key: "made", label: t("files.deliveries"), children: <Deliveries /> },
          { key: "keys", label: t("files.keys"), children: <Keys /> },
        ]}
      />
    </div>
  );
}
