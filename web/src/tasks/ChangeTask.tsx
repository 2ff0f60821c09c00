/** A task of a plan changed or taken out; a running plan asks for the reason. */

import { EditOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber, Modal, Select, Space } from "antd";
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
  const change = ({ reason = "", ...values }: Given) => {
    const given = Object.entries(values).filter(([, value]) => value != null && value !== "");
    return send(() => patch(path, { change: Object.fromEntries(given), reason }));
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
          initialValues={{ wanted: task.wanted, weight: task.weight, rhythm: task.rhythm }}
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
