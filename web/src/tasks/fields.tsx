/** Fields that the forms of plans and tasks share. */

import { DeleteOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber, Select, Space } from "antd";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";

export interface Milestone {
  title: string;
  due: string;
}

interface Unit {
  id: number;
  name_zh: string;
  name_en: string;
}

export function useMust() {
  const { t } = useLanguage();
  return [{ required: true, message: t("form.required") }];
}

export function Units({
  name,
  label,
  many,
  needed,
}: {
  name: string;
  label: string;
  many?: boolean;
  needed?: boolean;
}) {
  const { lang } = useLanguage();
  const units = useGet<Page<Unit>>("/api/registry/organisations?limit=500");
  const must = useMust();
  const said = (one: Unit) =>
    lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en;
  return (
    <Form.Item name={name} label={label} rules={needed ? must : []}>
      <Select
        allowClear
        mode={many ? "multiple" : undefined}
        showSearch={{ optionFilterProp: "label" }}
        options={units.data?.items.map((one) => ({ value: one.id, label: said(one) }))}
      />
    </Form.Item>
  );
}

export function WeightAndRhythm() {
  const { t } = useLanguage();
  return (
    <Space style={{ display: "flex" }}>
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
  );
}

export function Milestones({ about }: { about?: string }) {
  const { t } = useLanguage();
  const must = useMust();
  return (
    <Form.Item label={t("tasks.milestones")} help={about}>
      <Form.List name="milestones">
        {(fields, { add, remove }) => (
          <>
            {fields.map((field) => (
              <Space key={field.key} align="baseline" style={{ display: "flex" }}>
                <Form.Item name={[field.name, "due"]} rules={must}>
                  <Input type="date" aria-label={t("tasks.milestone_due")} />
                </Form.Item>
                <Form.Item name={[field.name, "title"]} rules={must}>
                  <Input
                    maxLength={200}
                    aria-label={t("tasks.milestones")}
                    placeholder={t("tasks.milestones")}
                  />
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
  );
}

/** Why a running plan is changed. */
export function Reason() {
  const { t } = useLanguage();
  return (
    <Form.Item name="reason" label={t("tasks.reason")} rules={useMust()}>
      <Input.TextArea rows={2} />
    </Form.Item>
  );
}
