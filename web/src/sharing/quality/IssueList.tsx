/** Issues: what rules find in the data of a department, with every finding in words. */

import { Alert, Segmented, Table, Tag } from "antd";
import { useState } from "react";
import { withQuery } from "../../data/http";
import { useGet, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { SeverityMark } from "../../parts/tags";
import { When } from "../../parts/time";
import type { Issue, IssueFound, IssueFull } from "./types";

const STATES = ["open", "closed", "all"] as const;

export function IssueList() {
  const { t } = useLanguage();
  const [state, setState] = useState<string>("open");
  const list = usePages<Issue>(withQuery("/api/sharing/quality/issues", { state }));
  return (
    <div data-testid="quality-issues">
      <Segmented
        value={state}
        onChange={setState}
        options={STATES.map((one) => ({ value: one, label: t(`quality.state.${one}` as Key) }))}
        style={{ marginBottom: 12 }}
      />
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<Issue>
        size="small"
        rowKey="id"
        pagination={false}
        loading={list.loading}
        dataSource={list.items}
        scroll={{ x: 900 }}
        locale={{ emptyText: <Nothing>{t("quality.no_issues")}</Nothing> }}
        expandable={{ expandedRowRender: (one) => <IssueFindings id={one.id} /> }}
        columns={[
          {
            title: t("quality.severity"),
            width: 90,
            render: (_, one) => <SeverityMark severity={one.severity} />,
          },
          { title: t("quality.resource"), dataIndex: "resource_name" },
          { title: t("quality.rule"), dataIndex: "title" },
          { title: t("quality.department"), dataIndex: "organisation_name", width: 140 },
          {
            title: t("quality.failed"),
            width: 110,
            render: (_, one) => (one.broken ? t("quality.broken") : `${one.failed} / ${one.checked}`),
          },
          {
            title: t("quality.opened_at"),
            width: 180,
            render: (_, one) => <When at={one.opened_at} />,
          },
          {
            title: t("quality.closed_at"),
            width: 180,
            render: (_, one) => (one.closed_at ? <When at={one.closed_at} /> : null),
          },
        ]}
      />
      <More more={list.more} />
    </div>
  );
}

/** The findings of one issue; read when it is opened. */
export function IssueFindings({ id }: { id: number }) {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<IssueFull>(`/api/sharing/quality/issues/${id}`);
  if (!data) return problem ? <ProblemBox problem={problem} retry={reload} /> : <Busy />;
  if (data.broken) return <Alert type="warning" title={data.broken} />;
  const more = data.failed - data.findings.length;
  return (
    <>
      <Table<IssueFound>
        size="small"
        rowKey={(one) => `${one.row} ${one.column} ${one.text}`}
        pagination={data.findings.length > 20 ? { pageSize: 20 } : false}
        dataSource={data.findings}
        columns={[
          {
            title: t("quality.where"),
            width: 220,
            render: (_, one) =>
              Object.values(one.key).join(" · ") || (one.row ? `#${one.row}` : t("quality.whole")),
          },
          {
            title: t("quality.what"),
            render: (_, one) => (
              <>
                {one.text.replace(`${Object.values(one.key).join(" · ")}: `, "")}{" "}
                {!one.sure && <Tag>{t("quality.unsure")}</Tag>}
              </>
            ),
          },
        ]}
      />
      {more > 0 && <p className="quiet">{t("quality.more_found", { count: more })}</p>}
    </>
  );
}
