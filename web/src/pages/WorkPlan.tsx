/** One work plan: its tasks with milestones and lights, its units, its history. */

import { App, Button, Form, Input, Modal, Progress, Space, Table, Tag } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { type Problem, post } from "../data/http";
import { useGet } from "../data/use";
import { whoDid } from "../data/who";
import { useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { AddTask } from "../tasks/AddTask";
import { ChangeHead } from "../tasks/ChangeHead";
import { ChangeTask } from "../tasks/ChangeTask";
import { Lights } from "../tasks/Light";
import { TasksFile } from "../tasks/TasksFile";
import { TaskTable } from "../tasks/TaskTable";
import type { PlanFull } from "../tasks/types";

function Command({ found, onDone }: { found: PlanFull; onDone: (found: PlanFull) => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [ending, end] = useState(false);
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<{ reason: string }>();
  const path = `/api/work-plans/${found.id}`;
  const send = async (step: string, body: unknown) => {
    setBusy(true);
    try {
      onDone(await post<PlanFull>(`${path}/${step}`, body));
      end(false);
    } catch (error) {
      message.error((error as Problem).title);
    } finally {
      setBusy(false);
    }
  };
  const runs = found.state === "running";
  return (
    <Space wrap className="no-print">
      {!runs && found.task_count > 0 && (
        <Button type="primary" loading={busy} onClick={() => send("start", {})}>
          {t("tasks.start")}
        </Button>
      )}
      <ChangeHead found={found} onDone={onDone} />
      <AddTask plan={found} onDone={onDone} />
      <TasksFile label={t("tasks.add_file")} path={`${path}/tasks`} reason={runs} onDone={onDone} />
      {runs && (
        <Button danger onClick={() => end(true)}>
          {t("tasks.end")}
        </Button>
      )}
      <Modal
        open={ending}
        title={t("tasks.end")}
        onCancel={() => end(false)}
        onOk={() => form.submit()}
        okButtonProps={{ danger: true, loading: busy }}
        destroyOnHidden
      >
        <Form form={form} layout="vertical" onFinish={(values) => send("end", values)}>
          <Form.Item
            name="reason"
            label={t("tasks.reason")}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Input.TextArea rows={2} />
          </Form.Item>
        </Form>
      </Modal>
    </Space>
  );
}

export default function WorkPlan() {
  const { t } = useLanguage();
  const id = Number(useParams().id);
  const { data, problem, loading, reload, set } = useGet<PlanFull>(`/api/work-plans/${id}`);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (loading && !data) return <Busy />;
  if (!data) return null;
  return (
    <div className="page">
      <div className="block case-head">
        <h2>{data.title}</h2>
        <Tag>{data.state_title}</Tag>
        <Lights plan={data} />
        <span style={{ flex: 1 }} />
        {data.may_change && <Command found={data} onDone={set} />}
        <a href={`/api/work-plans/${id}.xlsx`}>{t("tasks.export")}</a>
      </div>
      <div className="block">
        <Progress percent={data.percent ?? 0} />
        <p className="quiet">
          {[
            `${data.starts} – ${data.ends}`,
            data.owner_name,
            data.basis,
            t("tasks.count", { count: data.task_count, done: data.done }),
            data.milestones_late ? t("tasks.late", { count: data.milestones_late }) : "",
            data.reports_missing ? t("tasks.missing", { count: data.reports_missing }) : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
        <TaskTable
          tasks={data.tasks}
          starts={data.starts}
          ends={data.ends}
          change={
            data.may_change
              ? (task) => (
                  <ChangeTask task={task} runs={data.state === "running"} onDone={reload} />
                )
              : undefined
          }
        />
      </div>
      <div className="case-grid">
        <section className="block" aria-labelledby="units">
          <h3 id="units">{t("tasks.units")}</h3>
          <Table
            rowKey="id"
            size="small"
            dataSource={data.units}
            pagination={false}
            columns={[
              { title: t("tasks.lead"), dataIndex: "name" },
              {
                title: t("tasks.task"),
                render: (_, one) => t("tasks.count", { count: one.tasks, done: one.done }),
              },
              {
                title: t("tasks.percent"),
                width: 140,
                render: (_, one) => <Progress percent={one.percent ?? 0} size="small" />,
              },
            ]}
          />
        </section>
        {data.history.length > 0 && (
          <section className="block" aria-labelledby="history">
            <h3 id="history">{t("tasks.history")}</h3>
            <ul className="feed">
              {data.history.toReversed().map((one, row) => (
                <li key={row} style={{ padding: "6px 0" }}>
                  <b>{one.title}</b>{" "}
                  <span className="quiet">
                    {whoDid(one)} · <When at={one.at} />
                  </span>
                  {one.reason && <div>{one.reason}</div>}
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}
