/** Behind the catalogue: information systems with their signs, duties with their conflicts, and
 * the scores of departments. */

import { Alert, Progress, Table, Tag } from "antd";
import type { Page } from "../data/types";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";

interface Sign {
  sign: string;
  text: string;
}

interface System {
  id: number;
  name: string;
  organisation_name: string;
  functions: string[];
  state: string;
  approved_by: string;
  funding: string;
  users: number;
  use: { calls: number; people: number; last_at: string | null; known: boolean };
  signs: Sign[];
  zombie: boolean;
}

interface Duty {
  id: number;
  element: string;
  organisation_name: string;
  basis: string;
  resource: string;
  conflicts: { sort: string; text: string; duties: number[] }[];
}

interface Score {
  organisation: number;
  organisation_name: string;
  resources: number;
  completeness: number | null;
  freshness: number | null;
  late: number;
}

export function Systems() {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Page<System>>("/api/sharing/systems");
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  if (!data.items.length) return <Nothing>{t("catalogue.no_systems")}</Nothing>;
  return (
    <Table<System>
      rowKey="id"
      size="small"
      dataSource={data.items}
      pagination={data.items.length > 50 ? { pageSize: 50 } : false}
      scroll={{ x: 1000 }}
      columns={[
        {
          title: t("catalogue.system"),
          render: (_, one) => (
            <>
              {one.name} {one.zombie && <Tag color="red">{t("catalogue.zombie")}</Tag>}
              <div className="quiet">{one.functions.join("、")}</div>
            </>
          ),
        },
        { title: t("catalogue.unit"), dataIndex: "organisation_name", width: 140 },
        {
          title: t("catalogue.state"),
          width: 90,
          render: (_, one) => t(`catalogue.system.${one.state}` as Key),
        },
        { title: t("catalogue.approved_by"), dataIndex: "approved_by", width: 130 },
        { title: t("catalogue.funding"), dataIndex: "funding", width: 120 },
        {
          title: t("catalogue.use"),
          width: 180,
          render: (_, one) =>
            one.use.known ? (
              <>
                {t("catalogue.used", { calls: one.use.calls, people: one.use.people })}
                {one.use.last_at && (
                  <div className="quiet">
                    <When at={one.use.last_at} />
                  </div>
                )}
              </>
            ) : (
              <span className="quiet">{t("catalogue.unknown_use")}</span>
            ),
        },
        {
          title: t("catalogue.signs"),
          width: 320,
          render: (_, one) => (
            <ul className="changes">
              {one.signs.map((sign) => (
                <li key={sign.sign}>{sign.text}</li>
              ))}
            </ul>
          ),
        },
      ]}
    />
  );
}

export function DutyList() {
  const { t } = useLanguage();
  const { items, problem, loading, more, reload } = usePages<Duty>("/api/sharing/duties", 100);
  if (problem && !items.length) return <ProblemBox problem={problem} retry={reload} />;
  if (loading && !items.length) return <Busy />;
  if (!items.length) return <Nothing>{t("catalogue.no_duties")}</Nothing>;
  const found = items.flatMap((one) =>
    one.conflicts.map((each) => `${each.sort} ${each.duties.join(" ")}`),
  );
  const count = new Set(found).size;
  return (
    <>
      {count > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t("catalogue.conflicts", { count })}
          style={{ marginBottom: 12 }}
        />
      )}
      <Table<Duty>
        rowKey="id"
        size="small"
        dataSource={items}
        pagination={false}
        columns={[
          { title: t("catalogue.element"), dataIndex: "element" },
          { title: t("catalogue.unit"), dataIndex: "organisation_name", width: 160 },
          { title: t("catalogue.basis"), dataIndex: "basis", width: 220 },
          { title: t("catalogue.code"), dataIndex: "resource", width: 130 },
          {
            title: t("catalogue.problem"),
            width: 300,
            render: (_, one) =>
              one.conflicts.map((each) => <div key={each.sort}>{each.text}</div>),
          },
        ]}
      />
      <More more={more} />
    </>
  );
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
