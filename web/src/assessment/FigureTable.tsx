/** Groups with their counts, rates and times; a figure opens the cases that it counts. */

import { Button, Table } from "antd";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing } from "../parts/states";
import { type Group, percent, whole } from "./types";

const COUNTS = ["filed", "closed", "backlog", "late", "excused"];
const RATES = [
  "closing_rate",
  "on_time_closing_rate",
  "on_time_acceptance_rate",
  "rework_rate",
  "reopening_rate",
  "call_back_rate",
  "satisfaction_rate",
  "participation_rate",
];

export function FigureTable({
  by,
  items,
  loading = false,
  onOpen,
}: {
  by: string;
  items: Group[];
  loading?: boolean;
  onOpen?: (group: Group, count: string) => void;
}) {
  const { t, lang } = useLanguage();
  const cell = (one: Group, name: string, text: string) =>
    onOpen && text !== "–" && text !== "0" ? (
      <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(one, name)}>
        {text}
      </Button>
    ) : (
      text
    );
  return (
    <div className="table-scroll">
      <Table<Group>
        rowKey="key"
        size="small"
        scroll={{ x: 1960 }}
        pagination={items.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
        dataSource={items}
        locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("assess.no_figures")}</Nothing> }}
        columns={[
          {
            title: t(`assess.${by}` as Key),
            fixed: "left",
            width: 170,
            render: (_, one) => one.title[lang],
          },
          ...COUNTS.map((name) => ({
            title: t(`assess.${name}` as Key),
            align: "right" as const,
            width: 100,
            sorter: (one: Group, other: Group) => one.counts[name]! - other.counts[name]!,
            render: (_: unknown, one: Group) => cell(one, name, whole(one.counts[name], lang)),
          })),
          ...RATES.map((name) => ({
            title: t(`assess.${name}` as Key),
            align: "right" as const,
            width: 128,
            sorter: (one: Group, other: Group) =>
              (one.rates[name] ?? -1) - (other.rates[name] ?? -1),
            render: (_: unknown, one: Group) => cell(one, name, percent(one.rates[name])),
          })),
          ...["average_working_minutes", "median_working_minutes"].map((name) => ({
            title: t(`assess.${name}` as Key),
            align: "right" as const,
            width: 130,
            sorter: (one: Group, other: Group) =>
              (one.times[name] ?? -1) - (other.times[name] ?? -1),
            render: (_: unknown, one: Group) => whole(one.times[name], lang),
          })),
        ]}
      />
    </div>
  );
}
