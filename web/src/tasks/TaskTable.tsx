import { Progress, Table } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useLanguage } from "../i18n";
import { Day, Light, Line } from "./Light";
import type { Task } from "./types";

/** Tasks of a plan (with its days for the line of milestones) or of one's own unit. */
export function TaskTable({
  tasks,
  starts,
  ends,
  change,
}: {
  tasks: Task[];
  starts?: string;
  ends?: string;
  change?: (task: Task) => ReactNode;
}) {
  const { t } = useLanguage();
  return (
    <Table<Task>
      rowKey="id"
      size="small"
      dataSource={tasks}
      pagination={tasks.length > 100 ? { pageSize: 100 } : false}
      scroll={{ x: 1100 }}
      columns={[
        { title: t("tasks.number"), dataIndex: "number", width: 64 },
        {
          title: t("tasks.task"),
          render: (_, one) => (
            <>
              {one.case ? <Link to={`/cases/${one.case}`}>{one.title}</Link> : one.title}
              {starts === undefined && (
                <div className="quiet">
                  <Link to={`/supervision/${one.plan}`}>{one.plan_title}</Link>
                </div>
              )}
              {one.last_report && <div className="quiet clip">{one.last_report}</div>}
            </>
          ),
        },
        { title: t("tasks.lead"), dataIndex: "lead_name", width: 130 },
        {
          title: t("tasks.joint"),
          width: 130,
          render: (_, one) => one.joint.map((each) => each.name).join("、") || "–",
        },
        { title: t("tasks.due"), width: 104, render: (_, one) => <Day at={one.due_at} /> },
        ...(starts && ends
          ? [
              {
                title: t("tasks.milestones"),
                width: 200,
                render: (_: unknown, one: Task) => (
                  <Line marks={one.marks} starts={starts} ends={ends} />
                ),
              },
            ]
          : []),
        {
          title: t("tasks.percent"),
          width: 130,
          render: (_, one) => <Progress percent={one.percent} size="small" />,
        },
        { title: t("tasks.state"), dataIndex: "state_title", width: 90 },
        {
          title: t("tasks.light"),
          width: 200,
          render: (_, one) => <Light light={one.light} why />,
        },
        ...(change ? [{ width: 44, render: (_: unknown, one: Task) => change(one) }] : []),
      ]}
    />
  );
}
