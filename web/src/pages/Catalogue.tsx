/** The resource catalogue: searched, compiled, reviewed. */

import { Button, Space, Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { useLanguage } from "../i18n";
import { BulkFile } from "../sharing/BulkFile";
import "../sharing/catalogue.css";
import { OwnEntries, ReviewList } from "../sharing/EntryLists";
import { Scores } from "../sharing/Scores";
import { SearchPart } from "../sharing/SearchPart";

export default function Catalogue() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const { tab = "search" } = useParams();
  const tabs = [{ key: "search", label: t("catalogue.search"), children: <SearchPart /> }];
  if (may("sharing.compile"))
    tabs.push({
      key: "entries",
      label: may("sharing.review") ? t("catalogue.all_entries") : t("catalogue.mine"),
      children: <OwnEntries />,
    });
  tabs.push({ key: "scores", label: t("catalogue.scores"), children: <Scores /> });
  if (may("sharing.review"))
    tabs.push({ key: "review", label: t("catalogue.review"), children: <ReviewList /> });
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.catalogue")}</h2>
        {may("sharing.compile") && (
          <Space wrap>
            <Button type="primary" onClick={() => navigate("/catalogue/new")}>
              {t("catalogue.new")}
            </Button>
            <BulkFile onDone={() => navigate("/catalogue/entries")} />
          </Space>
        )}
        <a href="/api/sharing/resources/export.xlsx">{t("catalogue.export")}</a>
      </div>
      <Tabs
        activeKey={tab}
        onChange={(key) => navigate(key === "search" ? "/catalogue" : `/catalogue/${key}`)}
        items={tabs}
        destroyOnHidden
      />
    </div>
  );
}
