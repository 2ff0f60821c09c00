/** A task put into a plan by a form; a running plan asks for the reason. */

import { Button, Form, Input, InputNumber, Modal, Space } from "antd";
import { useState } from "react";
import { type Problem, post } from "../data/http";
import { useLanguage } from "../i18n";
import { FormFaults } from "./Faults";
import { type Milestone, Milestones, Reason, Units, useMust, WeightAndRhythm } from "./fields";
import type { PlanFull } from "./types";

interface Given {
  number: string;
  title: string;
  lead: number;
  due: string;
  milestones?: Milestone[];
  reason?: string;
}

/** The number behind the highest of those that are numbers. */
function next(plan: PlanFull): string {
  return String(1 + Math.max(0, ...plan.tasks.map((one) => Number(one.number) || 0)));
}

export function AddTask({
  plan,
  onDone,
}: {
  plan: PlanFull;
  onDone: (found: PlanFull) => void;
}) {
  const { t } = useLanguage();
  const must = useMust();
  const [shown, show] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const send = async ({ reason = "", ...task }: Given) => {
    setBusy(true);
    try {
      onDone(await post<PlanFull>(`/api/work-plans/${plan.id}/tasks`, { tasks: [task], reason }));
      show(false);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        onClick={() => {
          setProblem(undefined);
          show(true);
        }}
      >
        {t("tasks.add")}
      </Button>
      <Modal
        open={shown}
        title={t("tasks.add")}
        width={640}
        okText={t("tasks.save")}
        okButtonProps={{ loading: busy }}
        onOk={() => form.submit()}
        onCancel={() => show(false)}
        afterOpenChange={(open) => open && form.setFieldValue("number", next(plan))}
        destroyOnHidden
      >
        <Form
          form={form}
          layout="vertical"
          onFinish={send}
          preserve={false}
        >
          <Space align="start">
            <Form.Item name="number" label={t("tasks.number")} rules={must}>
              <Input maxLength={32} style={{ width: 90 }} />
            </Form.Item>
            <Form.Item name="title" label={t("tasks.task")} rules={must}>
              <Input maxLength={200} style={{ width: 480 }} />
            </Form.Item>
          </Space>
          <Form.Item name="wanted" label={t("tasks.wanted")}>
            <Input.TextArea rows={2} maxLength={5000} />
          </Form.Item>
          <Units name="lead" label={t("tasks.lead")} needed />
          <Units name="joint" label={t("tasks.joint")} many />
          <Space align="start">
            <Form.Item name="due" label={t("tasks.due")} rules={must}>
              <Input type="date" min={plan.starts} max={plan.ends} />
            </Form.Item>
            <Form.Item name="target" label={t("tasks.target")}>
              <InputNumber />
            </Form.Item>
            <Form.Item name="unit" label={t("tasks.unit")}>
              <Input maxLength={32} style={{ width: 100 }} />
            </Form.Item>
          </Space>
          <WeightAndRhythm />
          <Milestones />
          {plan.state === "running" && <Reason />}
        </Form>
        <FormFaults problem={problem} />
      </Modal>
    </>
  );
}
