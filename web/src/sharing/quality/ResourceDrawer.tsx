/** One resource: what each rule said of it, how it went, its open issues; check it now. */

import { Button, Descriptions, Drawer, Table } from "antd";
import { lazy, Suspense, useState } from "react";
import { type Problem, post } from "../../data/http";
import { useSession } from "../../data/session";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import { SeverityMark } from "../../parts/tags";
import { When } from "../../parts/time";
import { IssueFindings } from "./IssueList";
import { Dimensions, Score } from "./Score";
import type { Issue, ResourceFull, RuleResult } from "./types";

const ScoreChart = lazy(() => import("./ScoreChart"));

export function ResourceDrawer({
  id,
  close,
  changed,
}: {
  id: number | undefined;
  close: () => void;
  changed: () => void;
}) {
  const { t } = useLanguage();
  return (
    <Drawer
      open={id !== undefined}
      onClose={close}
      width={860}
      title={t("quality.resource")}
      destroyOnHidden
    >
      {id !== undefined && <Inside id={id} changed={changed} />}
    </Drawer>
  );
}

function Inside({ id, changed }: { id: number; changed: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Problem>();
  const base = `/api/sharing/quality/resources/${id}`;
  const { data, problem, reload } = useGet<ResourceFull>(base);
  if (!data) return problem ? <ProblemBox problem={problem} retry={reload} /> : <Busy />;
  const check = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      await post(`${base}/runs`);
      changed();
    } catch (error) {
      setFailed(error as Problem);
    }
    setBusy(false);
    reload();
  };
  const points = [...data.runs].reverse();
  return (
    <div data-testid="quality-resource">
      <h3 style={{ marginTop: 0 }}>{data.name}</h3>
      {failed && <ProblemBox problem={failed} />}
      <Descriptions
        size="small"
        column={2}
        items={[
          { key: "code", label: t("quality.code"), children: data.code },
          { key: "who", label: t("quality.department"), children: data.organisation_name },
          { key: "score", label: t("quality.score"), children: <Score value={data.score} /> },
          {
            key: "at",
            label: t("quality.checked_at"),
            children: data.checked_at ? <When at={data.checked_at} /> : "—",
          },
        ]}
      />
      <Dimensions values={data.dimensions} />
      {points.length > 1 && (
        <Suspense fallback={<Busy />}>
          <ScoreChart label={t("quality.score")} points={points} height={120} />
        </Suspense>
      )}
      {data.mine && may("sharing.provide") && (
        <Button type="primary" loading={busy} onClick={check} style={{ margin: "12px 0" }}>
          {t("quality.check_now")}
        </Button>
      )}
      <Table<RuleResult>
        size="small"
        rowKey="rule"
        pagination={false}
        dataSource={data.rules}
        columns={[
          { title: t("quality.rule"), render: (_, one) => <Rule one={one} /> },
          {
            title: t("quality.dimension"),
            width: 110,
            render: (_, one) => t(`quality.dimension.${one.dimension}` as Key),
          },
          {
            title: t("quality.severity"),
            width: 90,
            render: (_, one) => <SeverityMark severity={one.severity} />,
          },
          {
            title: t("quality.failed"),
            width: 140,
            render: (_, one) => `${one.failed} / ${one.checked}`,
          },
        ]}
      />
      {data.issues.length > 0 && (
        <>
          <h4>{t("quality.open_issues")}</h4>
          <Table<Issue>
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={data.issues}
            expandable={{ expandedRowRender: (one) => <IssueFindings id={one.id} /> }}
            columns={[
              { title: t("quality.rule"), dataIndex: "title" },
              {
                title: t("quality.opened_at"),
                width: 180,
                render: (_, one) => <When at={one.opened_at} />,
              },
              { title: t("quality.failed"), dataIndex: "failed", width: 100 },
            ]}
          />
        </>
      )}
    </div>
  );
}

function Rule({ one }: { one: RuleResult }) {
  return (
    <>
      {one.title}
      {one.broken && <div className="quiet">{one.broken}</div>}
    </>
  );
}
