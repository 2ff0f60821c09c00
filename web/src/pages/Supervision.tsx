/** Supervision: all work plans, and the tasks of one's own unit. */

import { Progress, Table, Tabs } from "antd";
import { Link, useNavigate } from "react-router";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet, usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { Lights } from "../tasks/Light";
import { TasksFile } from "../tasks/TasksFile";
import { TaskTable } from "../tasks/TaskTable";
import type { Plan, Task } from "../tasks/types";

function Plans() {
  const { t } = useLanguage();
  const { items, more, loading, problem, reload } = usePages<Plan>("/api/work-plans");
  if (problem && !items.length) return <ProblemBox problem={problem} retry={reload} />;
  if (loading && !items.length) return <Busy />;
  if (!items.length) return <Nothing>{t("tasks.none")}</Nothing>;
  return (
    <>
      <Table<Plan>
        rowKey="id"
        size="small"
        dataSource={items}
        pagination={false}
        columns={[
          {
            title: t("tasks.plans"),
            render: (_, one) => <Link to={`/supervision/${one.id}`}>{one.title}</Link>,
          },
          { title: t("tasks.owner"), dataIndex: "owner_name", width: 150 },
          {
            title: t("tasks.period"),
            width: 200,
            render: (_, one) => `${one.starts} – ${one.ends}`,
          },
          {
            title: t("tasks.task"),
            width: 170,
            render: (_, one) => t("tasks.count", { count: one.task_count, done: one.done }),
          },
          {
            title: t("tasks.percent"),
            width: 150,
            render: (_, one) => <Progress percent={one.percent ?? 0} size="small" />,
          },
          { title: t("tasks.light"), width: 120, render: (_, one) => <Lights plan={one} /> },
          { title: t("tasks.state"), dataIndex: "state_title", width: 90 },
        ]}
      />
      <More more={more} />
    </>
  );
}

function Mine() {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Page<Task>>("/api/plan-tasks");
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  if (!data.items.length) return <Nothing>{t("tasks.none_mine")}</Nothing>;
  return <TaskTable tasks={data.items} />;
}

export default function Supervision() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const office = may("cases.dispatch");
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.supervision")}</h2>
        {office && (
          <TasksFile
            label={t("tasks.new")}
            path="/api/work-plans"
            plan
            onDone={(found) => navigate(`/supervision/${found.id}`)}
          />
        )}
      </div>
      <Tabs
        defaultActiveKey={office ? "plans" : "mine"}
        items={[
          { key: "plans", label: t("tasks.plans"), children: <Plans /> },
          { key: "mine", label: t("tasks.mine"), children: <Mine /> },
        ]}
      />
    </div>
  );
}
