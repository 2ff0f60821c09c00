/** The fields of a rule, drawn from what its kind asks for. */

import { Button, Checkbox, Form, Input, InputNumber, Segmented, Select } from "antd";
import type { ReactNode } from "react";
import { useLanguage } from "../../i18n";
import { useChosen, useMust } from "../editors/EditorDrawer";
import { ResourceSelect } from "../editors/selects";
import { FigureFields, Tolerance } from "./FigureFields";
import { type FieldOf, type KindOf, offered, WAY } from "./ruleDraft";
import { type Choice, ColumnSelect, Conditions, type Path, Several, useItems } from "./RuleRows";

/** A text of columns and signs; a click on a column writes it. */
function Expression({
  items,
  value = "",
  onChange,
  id,
}: {
  items: Choice[];
  value?: string;
  onChange?: (text: string) => void;
  id?: string;
}) {
  const plain = /^[A-Za-z_]\w*$/;
  const written = (column: string) => (plain.test(column) ? column : `"${column.replaceAll('"', '""')}"`);
  return (
    <>
      <Input.TextArea
        id={id}
        rows={2}
        maxLength={2000}
        spellCheck={false}
        value={value}
        onChange={(event) => onChange?.(event.target.value)}
      />
      <div className="rule-columns">
        {items.map((item) => (
          <Button
            key={item.value}
            size="small"
            onClick={() => onChange?.(`${value}${value && !value.endsWith(" ") ? " " : ""}${written(item.value)}`)}
          >
            {item.label}
          </Button>
        ))}
      </div>
    </>
  );
}

function control(field: FieldOf, items: Choice[]): ReactNode {
  switch (field.kind) {
    case "column":
      return <ColumnSelect items={items} />;
    case "columns":
      return <ColumnSelect items={items} many />;
    case "values":
      return <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />;
    case "table":
      return <ResourceSelect<string> by="code" />;
    case "tables":
      return <ResourceSelect<string> by="code" many />;
    case "choice":
      return (
        <Select
          allowClear={!field.required}
          placeholder={field.options.find((option) => option.value === field.default)?.title}
          options={field.options.map((option) => ({ value: option.value, label: option.title }))}
        />
      );
    case "number":
    case "whole":
      return (
        <InputNumber
          min={field.kind === "whole" ? 0 : undefined}
          precision={field.kind === "whole" ? 0 : undefined}
          placeholder={field.default === null ? undefined : String(field.default)}
          style={{ width: "100%" }}
        />
      );
    case "share":
      return (
        <InputNumber
          min={0}
          suffix="%"
          placeholder={field.default === null ? undefined : String(Number(field.default) * 100)}
          style={{ width: "100%" }}
        />
      );
    case "expression":
      return <Expression items={items} />;
    default:
      return <Input maxLength={field.kind === "end" ? 40 : 500} spellCheck={false} />;
  }
}

/** One field. ``at``: its name where it stands; ``path``: from the top of the form. */
function RuleField({ field, at, path, table }: { field: FieldOf; at: Path; path: Path; table: string | undefined }) {
  const { t } = useLanguage();
  const chosen = useChosen();
  const must = useMust();
  const named = Form.useWatch<string | undefined>([...path.slice(0, -1), field.table || "-"]);
  const items = useItems(field.table ? named : table);
  const rest = { label: field.title, extra: field.hint || undefined };
  switch (field.kind) {
    case "flag":
      return (
        <Form.Item name={at} valuePropName="checked" extra={rest.extra}>
          <Checkbox>{field.title}</Checkbox>
        </Form.Item>
      );
    case "conditions":
      return (
        <Form.Item {...rest}>
          <Conditions at={at} items={items} />
        </Form.Item>
      );
    case "figure":
      return (
        <Form.Item {...rest} required={field.required}>
          <FigureFields at={at} path={path} table={table} />
        </Form.Item>
      );
    case "figures":
      return (
        <Form.Item {...rest} required={field.required}>
          <Several at={at} add={t("quality.add_figure")} least={1}>
            {(row) => <FigureFields at={[row]} path={[...path, row]} table={table} />}
          </Several>
        </Form.Item>
      );
    case "tolerance":
      return (
        <Form.Item {...rest}>
          <Tolerance at={at} />
        </Form.Item>
      );
    default: {
      const texts = ["expression", "pattern", "end"].includes(field.kind);
      return (
        <Form.Item {...rest} name={at} rules={field.required ? (texts ? must : chosen) : undefined}>
          {control(field, items)}
        </Form.Item>
      );
    }
  }
}

/** The fields below ``at``, those of the chosen alternative. */
function Fields({ of, at, path, table }: { of: KindOf; at: Path; path: Path; table: string | undefined }) {
  const way = Form.useWatch<number | undefined>([...path, WAY]) ?? 0;
  const title = (name: string) => of.fields.find((field) => field.name === name)?.title ?? name;
  return (
    <>
      {of.alternatives.length > 0 && (
        <Form.Item name={[...at, WAY]} initialValue={0}>
          <Segmented options={of.alternatives.map((group, value) => ({ value, label: title(group[0] ?? "") }))} />
        </Form.Item>
      )}
      {offered(of, way).map((field) => {
        const required = field.required || of.alternatives.some((group) => group[0] === field.name);
        return (
          <RuleField
            key={field.name}
            field={{ ...field, required }}
            at={[...at, field.name]}
            path={[...path, field.name]}
            table={table}
          />
        );
      })}
    </>
  );
}

export function KindFields({ of, table }: { of: KindOf; table: string | undefined }) {
  const { t } = useLanguage();
  const chosen = useChosen();
  const must = useMust();
  const items = useItems(table);
  const at = ["body", of.kind];
  switch (of.shape) {
    case "columns":
      return (
        <Form.Item name={at} label={t("quality.columns")} rules={chosen}>
          <ColumnSelect items={items} many />
        </Form.Item>
      );
    case "expression":
      return (
        <Form.Item name={at} label={of.title} rules={must}>
          <Expression items={items} />
        </Form.Item>
      );
    case "fields":
      return <Fields of={of} at={at} path={at} table={table} />;
    default:
      return (
        <Several at={at} add={t("quality.add_column")} least={1}>
          {(row) => (
            <>
              <Form.Item name={[row, "column"]} label={t("quality.column")} rules={chosen}>
                <ColumnSelect items={items} />
              </Form.Item>
              <Fields of={of} at={[row]} path={[...at, row]} table={table} />
            </>
          )}
        </Several>
      );
  }
}
