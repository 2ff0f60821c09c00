/** Which column of the target comes from which of the source; columns are chosen, not typed. */

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Checkbox, Form, Input, Select, Space } from "antd";
import { type Key, useLanguage } from "../../i18n";
import type { Column } from "../editors/shapes";
import type { RuleRow } from "./jobDraft";

const OTHERWISE = ["reject", "keep", "empty"];

/** A rule for each column of the target that the source has too; of a new dataset, for all. */
export function sameNames(from: Column[], to: Column[] | undefined): RuleRow[] {
  const names = new Set(from.map((one) => one.name));
  const wanted = to ? to.filter((one) => names.has(one.name)) : from;
  return wanted.map((one) => ({ to: one.name, how: "column", from: one.name }));
}

function options(columns: Column[]) {
  return columns.map((one) => ({
    value: one.name,
    label: one.comment ? `${one.name} ${one.comment}` : one.name,
  }));
}

function Origin({ at, columns }: { at: number; columns: Column[] }) {
  const { t } = useLanguage();
  const how = Form.useWatch(["mapping", at, "how"]);
  const given = options(columns);
  if (how === "constant")
    return (
      <Form.Item name={[at, "constant"]} noStyle>
        <Input aria-label={t("job.constant")} maxLength={500} />
      </Form.Item>
    );
  if (how === "join")
    return (
      <Space.Compact style={{ width: "100%" }}>
        <Form.Item name={[at, "join"]} noStyle>
          <Select mode="tags" aria-label={t("job.join")} options={given} style={{ width: "75%" }} />
        </Form.Item>
        <Form.Item name={[at, "between"]} noStyle>
          <Input aria-label={t("job.between")} placeholder={t("job.between")} style={{ width: "25%" }} maxLength={20} />
        </Form.Item>
      </Space.Compact>
    );
  return (
    <Form.Item name={[at, "from"]} rules={[{ required: true, message: t("form.required") }]} style={{ margin: 0 }}>
      <AutoComplete aria-label={t("job.from_column")} options={given} showSearch={{ filterOption: true }} />
    </Form.Item>
  );
}

function Codes({ at }: { at: number }) {
  const { t } = useLanguage();
  const codes = Form.useWatch(["mapping", at, "codes"]);
  return (
    <>
      <Form.Item name={[at, "codes"]} noStyle>
        <Input.TextArea
          aria-label={t("job.codes")}
          placeholder={t("job.codes_hint")}
          autoSize={{ minRows: 1, maxRows: 6 }}
        />
      </Form.Item>
      {codes?.trim() && (
        <Form.Item name={[at, "otherwise"]} initialValue="reject" noStyle>
          <Select
            aria-label={t("job.otherwise")}
            style={{ width: "100%", marginTop: 4 }}
            options={OTHERWISE.map((one) => ({ value: one, label: t(`job.otherwise.${one}` as Key) }))}
          />
        </Form.Item>
      )}
    </>
  );
}

export function MappingForm({ from, to }: { from: Column[]; to: Column[] | undefined }) {
  const { t } = useLanguage();
  const form = Form.useFormInstance();
  const must = [{ required: true, message: t("form.required") }];
  return (
    <Form.List name="mapping">
      {(rows, { add, remove }) => (
        <div className="items-form">
          {rows.length === 0 && <p className="quiet">{t("job.mapping_none")}</p>}
          {rows.length > 0 && (
            <table style={{ width: "100%", minWidth: 900 }}>
              <thead>
                <tr>
                  {(["to_column", "how", "origin", "trim", "codes"] as const).map((one) => (
                    <th key={one}>{t(`job.${one}`)}</th>
                  ))}
                  <th />
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.key} style={{ verticalAlign: "top" }}>
                    <td style={{ width: "22%" }}>
                      <Form.Item name={[row.name, "to"]} rules={must} style={{ margin: 0 }}>
                        <AutoComplete
                          aria-label={t("job.to_column")}
                          options={options(to ?? [])}
                          showSearch={{ filterOption: true }}
                        />
                      </Form.Item>
                    </td>
                    <td style={{ width: 110 }}>
                      <Form.Item name={[row.name, "how"]} noStyle>
                        <Select
                          aria-label={t("job.how")}
                          style={{ width: "100%" }}
                          options={["column", "join", "constant"].map((one) => ({
                            value: one,
                            label: t(`job.how.${one}` as Key),
                          }))}
                        />
                      </Form.Item>
                    </td>
                    <td style={{ width: "28%" }}>
                      <Origin at={row.name} columns={from} />
                    </td>
                    <td style={{ textAlign: "center", width: 70 }}>
                      <Form.Item name={[row.name, "trim"]} valuePropName="checked" noStyle>
                        <Checkbox aria-label={t("job.trim")} />
                      </Form.Item>
                    </td>
                    <td>
                      <Codes at={row.name} />
                    </td>
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
          <Space wrap>
            <Button icon={<PlusOutlined />} onClick={() => add({ to: "", how: "column" })}>
              {t("job.add_rule")}
            </Button>
            {from.length > 0 && (
              <Button onClick={() => form.setFieldValue("mapping", sameNames(from, to))}>
                {t("job.same_names")}
              </Button>
            )}
          </Space>
        </div>
      )}
    </Form.List>
  );
}
