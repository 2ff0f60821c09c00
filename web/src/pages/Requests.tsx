/** Requests and grants: what the own organisation asked, has to answer, may use, complains of. */

import { Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { useLanguage } from "../i18n";
import { ComplaintList, GrantList, RequestList } from "../sharing/grants/Lists";

export default function Requests() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const { tab } = useParams();
  const tabs = [
    { key: "grants", label: t("grants.grants"), children: <GrantList /> },
    { key: "complaints", label: t("grants.complaints"), children: <ComplaintList /> },
  ];
  if (may("sharing.provide"))
    tabs.unshift({ key: "answer", label: t("grants.to_answer"), children: <RequestList side="provider" /> });
  if (may("sharing.request"))
    tabs.unshift({ key: "asked", label: t("grants.asked"), children: <RequestList side="user" /> });
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.requests")}</h2>
      </div>
      <Tabs
        activeKey={tab ?? tabs[0]?.key ?? ""}
        onChange={(key) => navigate(`/sharing/requests/${key}`)}
        items={tabs}
        destroyOnHidden
      />
    </div>
  );
}
