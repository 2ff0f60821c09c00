/** A task of a plan changed or taken out; a running plan asks for the reason. */

import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber, Modal, Select, Space } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { patch, type Problem, removeWith } from "../data/http";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import type { Task } from "./types";

interface Given {
  due?: string;
  wanted?: string;
  weight?: number;
  rhythm?: string;
  milestones?: { title: string; due: string }[];
  reason?: string;
}

export function ChangeTask({
  task,
  runs,
  onDone,
}: {
  task: Task;
  runs: boolean;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const [shown, show] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const path = `/api/plan-tasks/${task.id}`;
  const send = async (what: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await what();
      show(false);
      onDone();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const open = task.marks
    .filter((one) => !one.done_at)
    .map((one) => ({ title: one.title, due: dayjs(one.due_at).format("YYYY-MM-DD") }));
  const change = ({ reason = "", milestones = [], ...values }: Given) => {
    const given = Object.fromEntries(
      Object.entries(values).filter(([, value]) => value != null && value !== ""),
    );
    const moved = JSON.stringify(milestones) !== JSON.stringify(open);
    const body = moved ? { ...given, milestones } : given;
    return send(() => patch(path, { change: body, reason }));
  };
  const takeOut = () =>
    form
      .validateFields()
      .then(({ reason = "" }) => send(() => removeWith(path, { reason })))
      .catch(() => undefined);
  return (
    <>
      <Button
        type="text"
        size="small"
        icon={<EditOutlined />}
        aria-label={`${t("tasks.change")} ${task.number}`}
        onClick={() => {
          setProblem(undefined);
          show(true);
        }}
      />
      <Modal
        open={shown}
        title={`${task.number} ${task.title}`}
        onCancel={() => show(false)}
        destroyOnHidden
        footer={
          <Space>
            <Button danger loading={busy} onClick={takeOut}>
              {t("tasks.remove")}
            </Button>
            <Button type="primary" loading={busy} onClick={() => form.submit()}>
              {t("tasks.save")}
            </Button>
          </Space>
        }
      >
        <Form
          form={form}
          layout="vertical"
          onFinish={change}
          initialValues={{
            wanted: task.wanted,
            weight: task.weight,
            rhythm: task.rhythm,
            milestones: open,
          }}
          preserve={false}
        >
          <Form.Item name="due" label={t("tasks.new_due")}>
            <Input type="date" />
          </Form.Item>
          <Form.Item name="wanted" label={t("tasks.wanted")}>
            <Input.TextArea rows={2} maxLength={5000} />
          </Form.Item>
          <Space>
            <Form.Item name="weight" label={t("tasks.weight")}>
              <InputNumber min={0.01} />
            </Form.Item>
            <Form.Item name="rhythm" label={t("tasks.rhythm")}>
              <Select
                style={{ width: 140 }}
                options={(["weekly", "monthly", "none"] as const).map((one) => ({
                  value: one,
                  label: t(`tasks.rhythm_${one}`),
                }))}
              />
            </Form.Item>
          </Space>
          <Form.Item label={t("tasks.milestones")} help={t("tasks.milestones_about")}>
            <Form.List name="milestones">
              {(fields, { add, remove }) => (
                <>
                  {fields.map((field) => (
                    <Space key={field.key} align="baseline" style={{ display: "flex" }}>
                      <Form.Item
                        name={[field.name, "due"]}
                        rules={[{ required: true, message: t("form.required") }]}
                      >
                        <Input type="date" aria-label={t("tasks.new_due")} />
                      </Form.Item>
                      <Form.Item
                        name={[field.name, "title"]}
                        rules={[{ required: true, message: t("form.required") }]}
                      >
                        <Input maxLength={200} aria-label={t("tasks.milestones")} />
                      </Form.Item>
                      <Button
                        type="text"
                        icon={<DeleteOutlined />}
                        aria-label={t("form.remove")}
                        onClick={() => remove(field.name)}
                      />
                    </Space>
                  ))}
                  <Button size="small" onClick={() => add()}>
                    {t("tasks.milestone_add")}
                  </Button>
                </>
              )}
            </Form.List>
          </Form.Item>
          {runs && (
            <Form.Item
              name="reason"
              label={t("tasks.reason")}
              rules={[{ required: true, message: t("form.required") }]}
            >
              <Input.TextArea rows={2} />
            </Form.Item>
          )}
        </Form>
        {problem?.faults.map((one) => (
          <p key={`${one.column}.${one.why}`} className="warn">
            {one.column_title}: {one.text}
          </p>
        ))}
        {problem && problem.faults.length === 0 && <ProblemBox problem={problem} />}
      </Modal>
    </>
  );
}
