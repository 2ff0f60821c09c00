/** Ask for a resource: fields, purpose, how long. */

import { Button, Checkbox, Form, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { post } from "../../data/http";
import { useSend } from "../../data/send";
import { type Key, useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import type { Resource } from "../catalogueTypes";

interface Given {
  fields: string[];
  plain?: string[];
  modes: string[];
  purpose: string;
  days: number;
  per_day: number;
}

const MODES = ["api", "table", "file"];

export function RequestButton({ of, onDone }: { of: Resource; onDone: () => void }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const shared = of.items.filter((one) => one.shared);
  const labelled = shared.filter((one) => one.label);
  const { send, busy, problem } = useSend(async ({ purpose, ...given }: Given) => {
    const plain = (given.plain ?? []).filter((one) => given.fields.includes(one));
    const terms = { ...given, plain };
    await post("/api/sharing/requests", { resource: of.id, purpose, terms });
    setOpen(false);
    onDone();
  });
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("grants.request")}</Button>
      <Modal open={open} title={`${t("grants.request")}: ${of.name}`} footer={null} onCancel={() => setOpen(false)}>
        {problem && <ProblemBox problem={problem} />}
        <Form
          layout="vertical"
          onFinish={send}
          initialValues={{
            fields: shared.map((one) => one.column),
            modes: [of.share_mode],
            days: 366,
            per_day: 100000,
          }}
        >
          <Form.Item name="fields" label={t("grants.fields")} rules={[{ required: true }]}>
            <Checkbox.Group
              options={shared.map((one) => ({
                value: one.column,
                label: one.label ? `${one.name} (${t("grants.masked")})` : one.name,
              }))}
            />
          </Form.Item>
          <Form.Item name="modes" label={t("grants.modes")} rules={[{ required: true }]}>
            <Checkbox.Group
              options={MODES.map((one) => ({ value: one, label: t(`catalogue.share_mode.${one}` as Key) }))}
            />
          </Form.Item>
          {labelled.length > 0 && of.share_type === "conditional" && (
            <Form.Item name="plain" label={t("grants.plain")} extra={t("grants.plain_hint")}>
              <Checkbox.Group
                options={labelled.map((one) => ({ value: one.column, label: one.name }))}
              />
            </Form.Item>
          )}
          <Form.Item name="purpose" label={t("grants.purpose")} rules={[{ required: true, whitespace: true }]}>
            <Input.TextArea rows={3} maxLength={2000} />
          </Form.Item>
          <Form.Item name="days" label={t("grants.days")}>
            <InputNumber min={1} max={1830} />
          </Form.Item>
          <Form.Item name="per_day" label={t("grants.per_day")}>
            <InputNumber min={1} max={100000000} />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={busy}>
            {t("grants.send")}
          </Button>
        </Form>
      </Modal>
    </>
  );
}
