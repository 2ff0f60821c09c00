/** Completeness and freshness of the catalogue by department. */

import { Progress, Table } from "antd";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";

interface Score {
  organisation: number;
  organisation_name: string;
  resources: number;
  completeness: number | null;
  freshness: number | null;
  late: number;
}

export function Scores() {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Page<Score>>("/api/sharing/scores");
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  if (!data.items.length) return <Nothing>{t("catalogue.none")}</Nothing>;
  const bar = (value: number | null) =>
    value === null ? "–" : <Progress percent={value} size="small" />;
  return (
    <Table<Score>
      rowKey="organisation"
      size="small"
      dataSource={data.items}
      pagination={data.items.length > 50 ? { pageSize: 50 } : false}
      columns={[
        { title: t("catalogue.unit"), dataIndex: "organisation_name" },
        { title: t("catalogue.resources"), dataIndex: "resources", width: 110, align: "right" },
        { title: t("catalogue.completeness"), width: 240, render: (_, one) => bar(one.completeness) },
        { title: t("catalogue.freshness"), width: 240, render: (_, one) => bar(one.freshness) },
        { title: t("catalogue.late"), dataIndex: "late", width: 120, align: "right" },
      ]}
    />
  );
}
