import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useLanguage } from "../i18n";
import { Trace } from "../sharing/evidence/Trace";
import { UseLog } from "../sharing/evidence/UseLog";

/** The log of uses of shared data, and whose copy a leaked file is. */
export default function Evidence() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const tab = useParams().tab === "trace" ? "trace" : "log";
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.evidence")}</h2>
      </div>
      <Tabs
        activeKey={tab}
        onChange={(key) => navigate(`/evidence/${key}`)}
        destroyOnHidden
        items={[
          { key: "log", label: t("evidence.tab_log"), children: <UseLog /> },
          { key: "trace", label: t("evidence.tab_trace"), children: <Trace /> },
        ]}
      />
    </div>
  );
}
