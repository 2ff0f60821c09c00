/** What is not shared, each with the law on which that rests. */

import { Link } from "react-router";
import { usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { ListFrame } from "./ListFrame";
import type { NotShared } from "./types";

export function NegativeList() {
  const { t } = useLanguage();
  const found = usePages<NotShared>("/api/sharing/negative-list");
  return (
    <>
      <p className="quiet">{t("lists.negative_about")}</p>
      <ListFrame<NotShared>
        rowKey="id"
        found={found}
        empty={t("lists.no_negative")}
        columns={[
          {
            title: t("lists.resource"),
            render: (_, one) => <Link to={`/catalogue/entry/${one.id}`}>{one.name}</Link>,
          },
          { title: t("lists.code"), dataIndex: "code", width: 160 },
          { title: t("lists.organisation"), dataIndex: "organisation_name", width: 180 },
          { title: t("lists.legal_basis"), dataIndex: "basis" },
        ]}
      />
    </>
  );
}
