/** The information items of a resource. */

import { CheckOutlined } from "@ant-design/icons";
import { Table } from "antd";
import { useSession } from "../data/session";
import { type Key, useLanguage } from "../i18n";
import type { Item } from "./catalogueTypes";
import { LabelTags, useLabels } from "./labels";

export function ItemTable({ items }: { items: Item[] }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const labels = useLabels(may("sharing.read"));
  const yes = (value: boolean) =>
    value ? <CheckOutlined aria-label={t("catalogue.yes")} /> : <span className="quiet">–</span>;
  return (
    <Table<Item>
      rowKey="column"
      size="small"
      dataSource={items}
      pagination={items.length > 50 ? { pageSize: 50 } : false}
      scroll={{ x: 820 }}
      columns={[
        { title: "#", width: 44, render: (_, one) => items.indexOf(one) + 1 },
        {
          title: t("catalogue.item_name"),
          render: (_, one) => (
            <>
              {one.name}
              {one.text && <div className="quiet">{one.text}</div>}
            </>
          ),
        },
        { title: t("catalogue.column"), dataIndex: "column", width: 170, render: (name) => <code>{name}</code> },
        {
          title: t("catalogue.type"),
          width: 130,
          render: (_, one) =>
            `${t(`catalogue.type.${one.type}` as Key)} ${one.type}${one.length ? `(${one.length})` : ""}`,
        },
        {
          title: t("catalogue.label"),
          width: 150,
          render: (_, one) => <LabelTags label={one.label} grade={one.grade} labels={labels} />,
        },
        { title: t("catalogue.key"), width: 70, align: "center", render: (_, one) => yes(one.key) },
        { title: t("catalogue.shared"), width: 70, align: "center", render: (_, one) => yes(one.shared) },
        { title: t("catalogue.opened"), width: 70, align: "center", render: (_, one) => yes(one.opened) },
      ]}
    />
  );
}
