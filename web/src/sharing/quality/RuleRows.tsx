/** Rows of a form, and what its choices are: information items, conditions on them. */

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Form, Select } from "antd";
import type { ReactNode } from "react";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import type { Resource } from "../catalogueTypes";

export type Path = (string | number)[];

export interface Choice {
  value: string;
  label: string;
}

/** The information items of a resource, to be chosen from. */
export function useItems(code: string | undefined): Choice[] {
  const { data } = useGet<Resource>(code ? `/api/sharing/resources/by-code/${code}` : null);
  return (data?.items ?? []).map((item) => ({
    value: item.column,
    label: item.name === item.column ? item.name : `${item.name} ${item.column}`,
  }));
}

/** ``label``: what it is called where no label stands beside it. */
export function ColumnSelect({
  items,
  many,
  label,
  ...given
}: {
  items: Choice[];
  many?: boolean;
  label?: string;
  id?: string;
}) {
  return (
    <Select
      allowClear
      aria-label={label}
      placeholder={label}
      style={{ width: "100%" }}
      mode={many ? "multiple" : undefined}
      showSearch={{ optionFilterProp: "label" }}
      options={items}
      {...given}
    />
  );
}

/** Rows that can be added and taken away; ``least`` of them stay. */
export function Several({
  at,
  add,
  least = 0,
  fresh,
  children,
}: {
  at: Path;
  add: string;
  least?: number;
  fresh?: object;
  children: (name: number) => ReactNode;
}) {
  const { t } = useLanguage();
  const begun = Array.from({ length: least }, () => fresh ?? {});
  return (
    <Form.List name={at} initialValue={begun}>
      {(rows, list) => (
        <div className="rule-rows">
          {rows.map((row) => (
            <div className="rule-row" key={row.key}>
              <div>{children(row.name)}</div>
              <Button
                type="text"
                aria-label={t("form.remove")}
                icon={<DeleteOutlined />}
                disabled={rows.length <= least}
                onClick={() => list.remove(row.name)}
              />
            </div>
          ))}
          <Button size="small" icon={<PlusOutlined />} onClick={() => list.add(fresh ?? {})}>
            {add}
          </Button>
        </div>
      )}
    </Form.List>
  );
}

/** Columns with the values that rows must have, or must not. */
export function Conditions({ at, items }: { at: Path; items: Choice[] }) {
  const { t } = useLanguage();
  return (
    <Several at={at} add={t("quality.add_condition")}>
      {(row) => (
        <div className="two">
          <Form.Item name={[row, "column"]} noStyle>
            <ColumnSelect items={items} label={t("quality.column")} />
          </Form.Item>
          <Form.Item name={[row, "values"]} noStyle>
            <Select
              mode="tags"
              open={false}
              suffixIcon={null}
              aria-label={t("quality.values")}
              placeholder={t("quality.values")}
              tokenSeparators={[",", "，", "、"]}
            />
          </Form.Item>
        </div>
      )}
    </Several>
  );
}
