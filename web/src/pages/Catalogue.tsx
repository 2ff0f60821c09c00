/** The resource catalogue: searched, compiled, reviewed. */

import { Button, Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useSession } from "../data/session";
import { useLanguage } from "../i18n";
import "../sharing/catalogue.css";
import { OwnEntries, ReviewList } from "../sharing/EntryLists";
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
  if (may("sharing.review"))
    tabs.push({ key: "review", label: t("catalogue.review"), children: <ReviewList /> });
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.catalogue")}</h2>
        {may("sharing.compile") && (
          <Button type="primary" onClick={() => navigate("/catalogue/new")}>
            {t("catalogue.new")}
          </Button>
        )}
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
