/** What a class of cases asks of whoever reports: one field for each question. */

import { DatePicker, Form, Input, Select } from "antd";
import type { Question } from "../data/types";
import { useLanguage } from "../i18n";

export type Answers = Record<string, unknown>;

/** Answers as the server takes them: instants as text, nothing for what was left empty. */
export function answersOf(form: Question[], given: Answers | undefined): Answers {
  const taken: Answers = {};
  for (const one of form) {
    const value = given?.[one.code];
    if (value === undefined || value === null || value === "") continue;
    taken[one.code] =
      one.datatype === "datetime" ? (value as { toISOString(): string }).toISOString() : value;
  }
  return taken;
}

function Field({ asked, id, ...rest }: { asked: Question; id?: string }) {
  const options = asked.values.map((one) => ({ value: one.key, label: one.name }));
  if (asked.datatype === "text")
    return <Input.TextArea id={id} rows={3} maxLength={4000} {...rest} />;
  if (asked.datatype === "number") return <Input id={id} inputMode="decimal" {...rest} />;
  if (asked.datatype === "datetime")
    return <DatePicker id={id} showTime style={{ width: "100%" }} {...rest} />;
  if (options.length)
    return (
      <Select
        id={id}
        allowClear
        mode={asked.datatype === "multivaluelist" ? "multiple" : undefined}
        options={options}
        {...rest}
      />
    );
  return <Input id={id} maxLength={255} {...rest} />;
}

export function ClassForm({ form }: { form: Question[] }) {
  const { t } = useLanguage();
  if (!form.length) return null;
  return (
    <fieldset className="class-form" aria-label={t("report.form")} data-testid="class-form">
      {form.map((one) =>
        one.variable ? (
          <Form.Item
            key={one.code}
            name={["answers", one.code]}
            label={one.title}
            extra={one.hint || undefined}
            rules={[
              { required: one.required, message: t("form.required") },
              ...(one.datatype === "number"
                ? [{ pattern: /^\s*-?\d+(\.\d+)?\s*$/, message: t("report.bad_number") }]
                : []),
            ]}
          >
            <Field asked={one} />
          </Form.Item>
        ) : (
          <p key={one.code}>{one.title}</p>
        ),
      )}
    </fieldset>
  );
}
