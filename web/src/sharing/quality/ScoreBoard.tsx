/** Scores by department and by resource, and how they went. */

import { Card, Table } from "antd";
import { lazy, Suspense, useState } from "react";
import { withQuery } from "../../data/http";
import { useGet, usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { ResourceDrawer } from "./ResourceDrawer";
import { Dimensions, Score } from "./Score";
import type { Department, ResourceScore, Scores } from "./types";

const ScoreChart = lazy(() => import("./ScoreChart"));

export function ScoreBoard() {
  const { t } = useLanguage();
  const [chosen, setChosen] = useState<Department>();
  const [shown, setShown] = useState<number>();
  const { data, problem, reload } = useGet<Scores>("/api/sharing/quality/scores");
  const query = { organisation: chosen?.organisation };
  const list = usePages<ResourceScore>(withQuery("/api/sharing/quality/resources", query));
  if (!data) return problem ? <ProblemBox problem={problem} retry={reload} /> : <Busy />;
  if (!data.departments.length) return <Nothing>{t("quality.nothing")}</Nothing>;
  const again = () => {
    reload();
    list.reload();
  };
  return (
    <div data-testid="quality-scores">
      <Card size="small" title={t("quality.trend")} style={{ marginBottom: 12 }}>
        <Suspense fallback={<div style={{ height: 150 }}><Busy /></div>}>
          <ScoreChart
            label={t("quality.score")}
            points={data.trend.map((one) => ({ at: `${one.day}T00:00`, score: one.score }))}
          />
        </Suspense>
      </Card>
      <Table<Department>
        size="small"
        rowKey="organisation"
        pagination={false}
        dataSource={data.departments}
        style={{ marginBottom: 12 }}
        rowSelection={{
          type: "radio",
          selectedRowKeys: chosen ? [chosen.organisation] : [],
          onChange: (_, rows) => setChosen(rows[0]),
        }}
        onRow={(one) => ({
          onClick: () =>
            setChosen(one.organisation === chosen?.organisation ? undefined : one),
        })}
        columns={[
          { title: t("quality.department"), dataIndex: "organisation_name" },
          {
            title: t("quality.score"),
            width: 260,
            render: (_, one) => <Score value={one.score} />,
          },
          { title: t("quality.resources"), dataIndex: "resources", width: 120 },
          { title: t("quality.open_issues"), dataIndex: "open_issues", width: 140 },
          {
            title: t("quality.checked_at"),
            width: 190,
            render: (_, one) => (one.checked_at ? <When at={one.checked_at} /> : null),
          },
        ]}
      />
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<ResourceScore>
        size="small"
        rowKey="resource"
        pagination={false}
        loading={list.loading}
        dataSource={list.items}
        scroll={{ x: 900 }}
        columns={[
          {
            title: t("quality.resource"),
            render: (_, one) => (
              <a role="button" tabIndex={0} onClick={() => setShown(one.resource)}>
                {one.name}
              </a>
            ),
          },
          { title: t("quality.department"), dataIndex: "organisation_name", width: 140 },
          {
            title: t("quality.score"),
            width: 220,
            render: (_, one) => <Score value={one.score} />,
          },
          {
            title: t("quality.dimensions"),
            render: (_, one) => <Dimensions values={one.dimensions} />,
          },
          { title: t("quality.open_issues"), dataIndex: "open_issues", width: 100 },
        ]}
      />
      <More more={list.more} />
      <ResourceDrawer id={shown} close={() => setShown(undefined)} changed={again} />
    </div>
  );
}
