/** Whether people took what was proposed, and whether it was right. */

import { Statistic, Table } from "antd";
import type { ColumnsType } from "antd/es/table";
import { useGet } from "../data/use";
import { type Key, type Translate, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { percent } from "./reasons";
import type { ClassCounted, Outcomes as Found, Shares } from "./types";

const FIGURES = ["made", "sent", "accepted", "changed", "refused"];
const TAKEN = ["made", "first", "listed", "other", "corrected"];

function columns<T extends Shares>(t: Translate, figures: string[]): ColumnsType<T> {
  return [
    ...figures.map((key) => ({
      key,
      dataIndex: key,
      title: t(`learning.count_${key}` as Key),
      align: "right" as const,
      width: 110,
    })),
    {
      key: "acceptance",
      title: t("learning.acceptance"),
      align: "right",
      width: 110,
      render: (_, one) => percent(one.acceptance),
    },
    {
      key: "accuracy",
      title: t("learning.accuracy"),
      align: "right",
      width: 150,
      render: (_, one) => `${percent(one.accuracy)} (${one.right}/${one.closed})`,
    },
  ];
}

function Part<T extends Shares>({
  id,
  title,
  rows,
  all,
}: {
  id: string;
  title: string;
  rows: T[];
  all: ColumnsType<T>;
}) {
  return (
    <section className="block" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {rows.length ? (
        <Table<T>
          size="small"
          rowKey={(one) => JSON.stringify(one)}
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          dataSource={rows}
          columns={all}
          scroll={{ x: 900 }}
        />
      ) : (
        <Nothing />
      )}
    </section>
  );
}

export function Outcomes() {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Found>("/api/cases/proposals");
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  const named = (name: string, part: string) => ({
    key: name,
    dataIndex: name,
    title: t(`learning.${part}` as Key),
  });
  const taken: ColumnsType<ClassCounted> = [
    named("title", "proposed_class"),
    ...columns<ClassCounted>(t, TAKEN),
    {
      key: "instead",
      title: t("learning.instead"),
      render: (_, one) => one.instead.map((each) => `${each.title} ${each.count}`).join(" · "),
    },
  ];
  return (
    <>
      <div className="block" style={{ display: "flex", gap: 48 }}>
        <Statistic
          title={t("learning.model")}
          value={data.version === null ? t("learning.no_model") : String(data.version)}
        />
        <Statistic
          title={t("learning.send_from")}
          value={data.send_from ? percent(data.send_from) : t("learning.never")}
        />
      </div>
      <Part id="taken" title={t("learning.taken")} rows={data.classes} all={taken} />
      <Part
        id="by-organisation"
        title={t("learning.by_organisation")}
        rows={data.by_organisation}
        all={[named("organisation_name", "of_by_organisation"), ...columns(t, FIGURES)]}
      />
      <Part
        id="by-class"
        title={t("learning.by_class")}
        rows={data.by_class}
        all={[named("title", "of_by_class"), ...columns(t, FIGURES)]}
      />
      <Part
        id="by-version"
        title={t("learning.by_version")}
        rows={data.items}
        all={[named("version", "of_by_version"), ...columns(t, FIGURES)]}
      />
    </>
  );
}
