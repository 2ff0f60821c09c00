/** What the command does: level, orders, entries of the log, the end. */

import { Button, Form, Input, InputNumber, Modal, Select, Space } from "antd";
import { type ReactNode, useState } from "react";
import { type Problem, post } from "../data/http";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { AlertForm } from "./AlertForm";
import type { IncidentFull } from "./types";

type Values = Record<string, unknown>;

/** A button that asks for a few words in a window and sends them. */
function Ask({
  label,
  path,
  children,
  onDone,
  danger,
  shape = (values) => values,
}: {
  label: string;
  path: string;
  children: ReactNode;
  onDone: () => void;
  danger?: boolean;
  shape?: (values: Values) => unknown;
}) {
  const [shown, show] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Values>();
  const submit = async (values: Values) => {
    setBusy(true);
    try {
      await post(path, shape(values));
      show(false);
      onDone();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        danger={danger}
        onClick={() => {
          setProblem(undefined);
          form.resetFields();
          show(true);
        }}
      >
        {label}
      </Button>
      <Modal
        open={shown}
        title={label}
        onCancel={() => show(false)}
        onOk={() => form.submit()}
        okButtonProps={{ loading: busy, danger }}
        destroyOnHidden
      >
        <Form form={form} layout="vertical" onFinish={submit}>
          {children}
        </Form>
        {problem && <ProblemBox problem={problem} />}
      </Modal>
    </>
  );
}

export function Command({ found, onDone }: { found: IncidentFull; onDone: () => void }) {
  const { t } = useLanguage();
  const path = `/api/emergencies/${found.no}`;
  const must = [{ required: true, message: t("form.required") }];
  const entries = ["instruction", "report", "decision"];
  return (
    <Space wrap>
      <Ask label={t("emergency.change_level")} path={`${path}/level`} onDone={onDone}>
        <Form.Item name="level" label={t("emergency.level")} rules={must}>
          <Select
            options={found.levels
              .filter((one) => one.name !== found.level)
              .map((one) => ({ value: one.name, label: one.title }))}
          />
        </Form.Item>
        <Form.Item name="reason" label={t("emergency.reason")} rules={must}>
          <Input.TextArea rows={2} maxLength={500} />
        </Form.Item>
      </Ask>
      <Ask label={t("emergency.order")} path={`${path}/tasks`} onDone={onDone}>
        <Form.Item name="title" label={t("emergency.order_title")} rules={must}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="function" label={t("emergency.function")} rules={must}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="minutes" label={t("emergency.minutes")} rules={must} initialValue={30}>
          <InputNumber min={1} max={43200} />
        </Form.Item>
      </Ask>
      <Ask label={t("emergency.write_log")} path={`${path}/log`} onDone={onDone}>
        <Form.Item name="kind" label={t("emergency.kind")} rules={must} initialValue="instruction">
          <Select
            options={entries.map((one) => ({
              value: one,
              label: t(`emergency.kind.${one}` as Key),
            }))}
          />
        </Form.Item>
        <Form.Item name="text" label={t("emergency.words")} rules={must}>
          <Input.TextArea rows={3} maxLength={2000} />
        </Form.Item>
      </Ask>
      <Ask label={t("emergency.add_case")} path={`${path}/cases`} onDone={onDone}>
        <Form.Item name="case" label={t("emergency.case_no")} rules={must}>
          <InputNumber min={1} precision={0} />
        </Form.Item>
      </Ask>
      <AlertForm found={found} onDone={onDone} />
      <Ask
        label={t("emergency.end")}
        path={`${path}/end`}
        onDone={onDone}
        danger
        shape={(values) => ({ answers: values })}
      >
        <p className="quiet">{t("emergency.end_about")}</p>
        {found.questions.map((one) => (
          <Form.Item key={one.name} name={one.name} label={one.title} rules={must}>
            <Input.TextArea rows={2} maxLength={2000} />
          </Form.Item>
        ))}
      </Ask>
    </Space>
  );
}
