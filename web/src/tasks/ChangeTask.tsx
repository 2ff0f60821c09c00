/** A task of a plan changed or taken out; a running plan asks for the reason. */

import { EditOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Space } from "antd";
import { useState } from "react";
import { patch, type Problem, removeWith } from "../data/http";
import { dayOf } from "../data/zone";
import { useLanguage } from "../i18n";
import { FormFaults } from "./Faults";
import { type Milestone, Milestones, Reason, WeightAndRhythm } from "./fields";
import type { Task } from "./types";

interface Given {
  due?: string;
  wanted?: string;
  weight?: number;
  rhythm?: string;
  milestones?: Milestone[];
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
    .map((one) => ({ title: one.title, due: dayOf(one.due_at) }));
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
          <WeightAndRhythm />
          <Milestones about={t("tasks.milestones_about")} />
          {runs && <Reason />}
        </Form>
        <FormFaults problem={problem} />
      </Modal>
    </>
  );
}
