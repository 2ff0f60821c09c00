/** Information items as rows of a form. */

import { ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, InputNumber, Select } from "antd";
import { type Key, useLanguage } from "../i18n";
import { ITEM_TYPES, type Item } from "./catalogueTypes";
import { GradeSelect, LabelSelect, useLabels } from "./labels";

export const BLANK: Item = {
  name: "",
  column: "",
  type: "C",
  length: null,
  label: "",
  grade: "",
  key: false,
  shared: true,
  opened: false,
  text: "",
};

export function ItemsForm() {
  const { t } = useLanguage();
  const must = [{ required: true, message: t("form.required") }];
  const form = Form.useFormInstance();
  const labels = useLabels();
  /** A label brings its grade with it; it may be set otherwise. */
  const graded = (place: number, code: string) => {
    const grade = labels.find((one) => one.label === code)?.grade ?? "";
    form.setFieldValue(["items", place, "grade"], grade);
  };
  const called = (place: number) => form.getFieldValue(["items", place, "name"]) || String(place + 1);
  return (
    <Form.List name="items">
      {(rows, { add, remove, move }) => (
        <div className="items-form">
          <table>
            <thead>
              <tr>
                <th>#</th>
                {(["item_name", "column", "type", "length", "label", "grade"] as const).map((one) => (
                  <th key={one}>{t(`catalogue.${one}`)}</th>
                ))}
                {(["key", "shared", "opened"] as const).map((one) => (
                  <th key={one}>{t(`catalogue.${one}`)}</th>
                ))}
                <th>{t("catalogue.text")}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {rows.map((row, place) => (
                <tr key={row.key}>
                  <td>{place + 1}</td>
                  <td style={{ minWidth: 150 }}>
                    <Form.Item name={[row.name, "name"]} rules={must} noStyle>
                      <Input aria-label={t("catalogue.item_name")} maxLength={200} />
                    </Form.Item>
                  </td>
                  <td style={{ minWidth: 140 }}>
                    <Form.Item name={[row.name, "column"]} rules={must} noStyle>
                      <Input aria-label={t("catalogue.column")} maxLength={128} />
                    </Form.Item>
                  </td>
                  <td style={{ minWidth: 120 }}>
                    <Form.Item name={[row.name, "type"]} noStyle>
                      <Select
                        aria-label={t("catalogue.type")}
                        style={{ width: "100%" }}
                        options={ITEM_TYPES.map((one) => ({
                          value: one,
                          label: t(`catalogue.type.${one}` as Key),
                        }))}
                      />
                    </Form.Item>
                  </td>
                  <td>
                    <Form.Item name={[row.name, "length"]} noStyle>
                      <InputNumber aria-label={t("catalogue.length")} min={1} style={{ width: 76 }} />
                    </Form.Item>
                  </td>
                  <td>
                    <Form.Item name={[row.name, "label"]} noStyle>
                      <LabelSelect
                        labels={labels}
                        aria-label={t("catalogue.label")}
                        onChange={(code) => graded(row.name, code)}
                      />
                    </Form.Item>
                  </td>
                  <td>
                    <Form.Item name={[row.name, "grade"]} noStyle>
                      <GradeSelect aria-label={t("catalogue.grade")} />
                    </Form.Item>
                  </td>
                  {(["key", "shared", "opened"] as const).map((one) => (
                    <td key={one} style={{ textAlign: "center" }}>
                      <Form.Item name={[row.name, one]} valuePropName="checked" noStyle>
                        <Checkbox aria-label={t(`catalogue.${one}`)} />
                      </Form.Item>
                    </td>
                  ))}
                  <td style={{ minWidth: 130 }}>
                    <Form.Item name={[row.name, "text"]} noStyle>
                      <Input aria-label={t("catalogue.text")} />
                    </Form.Item>
                  </td>
                  <td style={{ whiteSpace: "nowrap" }}>
                    <Button
                      type="text"
                      size="small"
                      disabled={place === 0}
                      icon={<ArrowUpOutlined />}
                      aria-label={t("catalogue.up", { name: called(place) })}
                      onClick={() => move(place, place - 1)}
                    />
                    <Button
                      type="text"
                      size="small"
                      danger
                      icon={<DeleteOutlined />}
                      aria-label={t("catalogue.remove_item", { name: called(place) })}
                      onClick={() => remove(row.name)}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Button icon={<PlusOutlined />} onClick={() => add({ ...BLANK })}>
            {t("catalogue.add_item")}
          </Button>
        </div>
      )}
    </Form.List>
  );
}
