/** The columns of a table with their types, its key, and a few values. */

import { Table, Tag } from "antd";
import { type Key, useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import { type Column, type End, useShape } from "../editors/shapes";

export function TableShape({ of }: { of: End }) {
  const { t, lang } = useLanguage();
  const { data, problem, reload } = useShape(of);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  return (
    <div style={{ padding: "4px 0 12px" }}>
      <p className="quiet">
        {data.comment}{" "}
        {data.rows !== null && t("source.rows", { count: data.rows.toLocaleString(lang) })}{" "}
        {data.key.length > 0 ? t("source.key", { key: data.key.join(", ") }) : t("source.no_key")}
      </p>
      <Table<Column>
        rowKey="name"
        size="small"
        pagination={false}
        scroll={{ x: 500 }}
        dataSource={data.columns}
        columns={[
          {
            title: t("source.column"),
            render: (_, one) => (
              <>
                {one.name} {data.key.includes(one.name) && <Tag color="blue">{t("source.in_key")}</Tag>}
                {one.comment && <div className="quiet">{one.comment}</div>}
              </>
            ),
          },
          {
            title: t("source.type"),
            width: 130,
            render: (_, one) => (
              <>
                {t(`catalogue.type.${one.type}` as Key)}
                {one.length ? ` ${one.length}${one.scale ? `.${one.scale}` : ""}` : ""}
              </>
            ),
          },
          {
            title: t("source.samples"),
            render: (_, one) => <span className="quiet">{one.samples.join("、")}</span>,
          },
        ]}
      />
    </div>
  );
}
