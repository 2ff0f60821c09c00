/** What a value must be to go into the target, and which rows of the source are read. */

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Checkbox, Form, Input, Select } from "antd";
import type { ReactNode } from "react";
import { type Key, useLanguage } from "../../i18n";
import { NO_VALUE } from "./jobDraft";

export const IDENTIFIERS = [
  "resident_id",
  "resident_id_15",
  "permanent_residence",
  "credit_code",
  "organisation_code",
  "division",
  "bank_card",
  "mobile",
  "landline",
  "telephone",
  "passport",
  "plate",
];

const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "starts", "contains", "null", "present"];

function Rows({
  name,
  heads,
  fresh,
  label,
  children,
}: {
  name: string;
  heads: Key[];
  fresh: object;
  label: Key;
  children: (at: number) => ReactNode[];
}) {
  const { t } = useLanguage();
  return (
    <Form.List name={name}>
      {(rows, { add, remove }) => (
        <div className="items-form">
          {rows.length > 0 && (
            <table style={{ width: "100%", minWidth: 640 }}>
              <thead>
                <tr>
                  {heads.map((one) => (
                    <th key={one}>{t(one)}</th>
                  ))}
                  <th />
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.key} style={{ verticalAlign: "top" }}>
                    {children(row.name).map((cell, at) => (
                      <td key={heads[at]}>{cell}</td>
                    ))}
                    <td style={{ width: 32 }}>
                      <Button
                        type="text"
                        danger
                        size="small"
                        icon={<DeleteOutlined />}
                        aria-label={t("job.remove_row", { number: row.name + 1 })}
                        onClick={() => remove(row.name)}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <Button icon={<PlusOutlined />} onClick={() => add(fresh)}>
            {t(label)}
          </Button>
        </div>
      )}
    </Form.List>
  );
}

function ColumnField({ at, columns }: { at: number; columns: string[] }) {
  const { t } = useLanguage();
  return (
    <Form.Item
      name={[at, "column"]}
      rules={[{ required: true, message: t("form.required") }]}
      style={{ margin: 0 }}
    >
      <AutoComplete
        aria-label={t("job.column")}
        options={columns.map((value) => ({ value, label: value }))}
        showSearch={{ filterOption: true }}
      />
    </Form.Item>
  );
}

export function ChecksForm({ columns }: { columns: string[] }) {
  const { t } = useLanguage();
  const line = (at: number, name: "pattern" | "least" | "most") => (
    <Form.Item name={[at, name]} noStyle>
      <Input aria-label={t(`job.${name}`)} maxLength={500} />
    </Form.Item>
  );
  return (
    <Rows
      name="checks"
      label="job.add_check"
      fresh={{ column: "" }}
      heads={["job.column", "job.required", "job.identifier", "job.pattern", "job.least", "job.most"]}
    >
      {(at) => [
        <ColumnField at={at} columns={columns} />,
        <Form.Item name={[at, "required"]} valuePropName="checked" noStyle>
          <Checkbox aria-label={t("job.required")} />
        </Form.Item>,
        <Form.Item name={[at, "identifier"]} noStyle>
          <Select
            allowClear
            aria-label={t("job.identifier")}
            style={{ width: 160 }}
            options={IDENTIFIERS.map((one) => ({ value: one, label: t(`job.identifier.${one}` as Key) }))}
          />
        </Form.Item>,
        line(at, "pattern"),
        line(at, "least"),
        line(at, "most"),
      ]}
    </Rows>
  );
}

function FilterValue({ at }: { at: number }) {
  const { t } = useLanguage();
  const operator = Form.useWatch(["where", at, "operator"]);
  if (NO_VALUE.includes(operator)) return null;
  return (
    <Form.Item name={[at, "value"]} noStyle>
      <Input aria-label={t("job.value")} maxLength={2000} placeholder={operator === "in" ? t("job.in_hint") : ""} />
    </Form.Item>
  );
}

export function FilterForm({ columns }: { columns: string[] }) {
  const { t, known } = useLanguage();
  return (
    <Rows
      name="where"
      label="job.add_filter"
      fresh={{ column: "", operator: "=" }}
      heads={["job.column", "job.operator", "job.value"]}
    >
      {(at) => [
        <ColumnField at={at} columns={columns} />,
        <Form.Item name={[at, "operator"]} noStyle>
          <Select
            aria-label={t("job.operator")}
            style={{ width: 140 }}
            options={OPERATORS.map((one) => ({ value: one, label: known(`job.operator.${one}`) ?? one }))}
          />
        </Form.Item>,
        <FilterValue at={at} />,
      ]}
    </Rows>
  );
}
