/** What a grant gives, narrowed: by its provider who answers a request, or while it is in force. */

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, InputNumber, Modal, Select, Tag } from "antd";
import { useState } from "react";
import { post } from "../../data/http";
import { useSend } from "../../data/send";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import "../catalogue.css";
import type { Resource } from "../catalogueTypes";
import { type Narrowed, narrowed, OPERATORS, VALUELESS } from "./narrowing";
import type { Terms } from "./types";

const LISTS = ["fields", "plain", "verify", "modes"] as const;

export interface Giving {
  label: Key;
  path: string;
  terms: Terms;
  /** Of the days that are left. */
  days: number;
  body: (terms: Terms, reason: string) => unknown;
  /** Whether it needs a reason. */
  needed: boolean;
}

function Rows({ of }: { of: Resource }) {
  const { t } = useLanguage();
  const columns = of.items.map((one) => ({ value: one.column, label: `${one.name} ${one.column}` }));
  const must = [{ required: true, message: t("form.required") }];
  return (
    <Form.List name="rows">
      {(rows, { add, remove }) => (
        <>
          {rows.map((row) => (
            <div key={row.key} className="grant-row">
              <Form.Item name={[row.name, "column"]} rules={must}>
                <Select
                  aria-label={t("grants.row_column")}
                  placeholder={t("grants.row_column")}
                  showSearch={{ optionFilterProp: "label" }}
                  options={columns}
                />
              </Form.Item>
              <Form.Item name={[row.name, "operator"]} initialValue="=">
                <Select
                  aria-label={t("grants.row_operator")}
                  options={OPERATORS.map((one) => ({ value: one, label: t(`grants.operator.${one}` as Key) }))}
                />
              </Form.Item>
              <Form.Item
                noStyle
                shouldUpdate={(before: Narrowed, after: Narrowed) =>
                  before.rows?.[row.name]?.operator !== after.rows?.[row.name]?.operator
                }
              >
                {({ getFieldValue }) =>
                  VALUELESS.includes(getFieldValue(["rows", row.name, "operator"])) ? (
                    <span />
                  ) : (
                    <Form.Item name={[row.name, "value"]} rules={must}>
                      <Input
                        maxLength={500}
                        aria-label={t("grants.row_value")}
                        placeholder={t("grants.row_value")}
                      />
                    </Form.Item>
                  )
                }
              </Form.Item>
              <Button
                type="text"
                aria-label={t("form.remove")}
                icon={<DeleteOutlined />}
                onClick={() => remove(row.name)}
              />
            </div>
          ))}
          <Button size="small" icon={<PlusOutlined />} onClick={() => add({ operator: "=" })}>
            {t("grants.add_row")}
          </Button>
        </>
      )}
    </Form.List>
  );
}

function Inside({ of, resource, done }: { of: Giving; resource: number; done: () => void }) {
  const { t } = useLanguage();
  const { data, problem: missing } = useGet<Resource>(`/api/sharing/resources/${resource}`);
  const { terms } = of;
  const { send, busy, problem } = useSend(async (given: Narrowed) => {
    await post(of.path, of.body(narrowed(terms, given, data?.items ?? []), given.reason ?? ""));
    done();
  });
  if (!data) return missing ? <ProblemBox problem={missing} /> : <Busy />;
  const name = (column: string) => data.items.find((one) => one.column === column)?.name ?? column;
  const shared = new Set(data.items.filter((one) => one.shared).map((one) => one.column));
  const offered = (list: (typeof LISTS)[number]) =>
    list === "fields" || list === "plain" ? terms[list].filter((one) => shared.has(one)) : terms[list];
  const words = (list: string, one: string) =>
    list === "modes" ? t(`catalogue.share_mode.${one}` as Key) : name(one);
  const initial = Object.fromEntries(LISTS.map((one) => [one, offered(one)]));
  return (
    <Form<Narrowed>
      layout="vertical"
      initialValues={{ ...initial, per_minute: terms.per_minute, per_day: terms.per_day, days: of.days }}
      onFinish={send}
    >
      {problem && <ProblemBox problem={problem} />}
      {LISTS.filter((one) => terms[one].length > 0).map((list) => (
        <Form.Item
          key={list}
          name={list}
          label={t(`grants.${list}` as Key)}
          rules={[{ required: list === "modes" || (list === "fields" && terms.verify.length === 0) }]}
        >
          <Checkbox.Group options={offered(list).map((one) => ({ value: one, label: words(list, one) }))} />
        </Form.Item>
      ))}
      <Form.Item label={t("grants.rows_given")} extra={t("grants.rows_hint")}>
        {terms.rows.length > 0 && (
          <div style={{ marginBottom: 6 }}>
            {terms.rows.map((row) => (
              <Tag key={JSON.stringify(row)}>
                {`${name(row.column)} ${t(`grants.operator.${row.operator}` as Key)} ${String(row.value ?? "")}`}
              </Tag>
            ))}
          </div>
        )}
        <Rows of={data} />
      </Form.Item>
      <div className="three">
        {(["per_minute", "per_day", "days"] as const).map((one) => (
          <Form.Item key={one} name={one} label={t(`grants.${one}` as Key)} rules={[{ required: true }]}>
            <InputNumber min={1} max={one === "days" ? of.days : terms[one]} precision={0} style={{ width: "100%" }} />
          </Form.Item>
        ))}
      </div>
      <Form.Item name="reason" label={t("grants.reason")} rules={[{ required: of.needed, whitespace: of.needed }]}>
        <Input.TextArea rows={2} maxLength={2000} />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={busy}>
        {t("grants.confirm")}
      </Button>
    </Form>
  );
}

export function GiveButton({ of, resource, title, done }: { of: Giving; resource: number; title: string; done: () => void }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="small" type="link" onClick={() => setOpen(true)}>
        {t(of.label)}
      </Button>
      <Modal
        open={open}
        width={680}
        footer={null}
        destroyOnHidden
        title={`${t(of.label)}: ${title}`}
        onCancel={() => setOpen(false)}
      >
        <Inside
          of={of}
          resource={resource}
          done={() => {
            setOpen(false);
            done();
          }}
        />
      </Modal>
    </>
  );
}
