/** Figures that are compared, and how far they may lie apart. */

import { Collapse, Form, Input, InputNumber } from "antd";
import { useLanguage } from "../../i18n";
import { useChosen } from "../editors/EditorDrawer";
import { ResourceSelect } from "../editors/selects";
import type { Figure } from "./ruleDraft";
import { ColumnSelect, Conditions, type Path, Several, useItems } from "./RuleRows";

/** Figures of a table: one column, or several; of some rows; of another table. */
export function FigureFields({ at, path, table }: { at: Path; path: Path; table: string | undefined }) {
  const { t } = useLanguage();
  const chosen = useChosen();
  const other = Form.useWatch<string | undefined>([...path, "table"]);
  const terms = Form.useWatch<unknown[] | undefined>([...path, "terms"]);
  const own = useItems(table);
  const there = useItems(other ?? undefined);
  const items = other ? there : own;
  const several = (terms?.length ?? 1) > 1;
  const given = Form.useFormInstance().getFieldValue(path) as Figure | undefined;
  const narrowed = Boolean(given?.table || given?.where?.length || given?.except?.length);
  const more = (
    <>
      <Form.Item name={[...at, "table"]} label={t("quality.figure_table")}>
        <ResourceSelect<string> by="code" placeholder={t("quality.this_resource")} />
      </Form.Item>
      <Form.Item label={t("quality.only_where")}>
        <Conditions at={[...at, "where"]} items={items} />
      </Form.Item>
      <Form.Item label={t("quality.not_where")}>
        <Conditions at={[...at, "except"]} items={items} />
      </Form.Item>
      {other && (
        <Form.Item label={t("quality.joined")} extra={t("quality.joined_hint")}>
          <Several at={[...at, "by"]} add={t("quality.add_pair")}>
            {(row) => (
              <div className="two">
                <Form.Item name={[row, "rule"]} noStyle>
                  <ColumnSelect items={own} label={t("quality.joined_own")} />
                </Form.Item>
                <Form.Item name={[row, "own"]} noStyle>
                  <ColumnSelect items={there} label={t("quality.joined_there")} />
                </Form.Item>
              </div>
            )}
          </Several>
        </Form.Item>
      )}
    </>
  );
  return (
    <div className="rule-figure">
      <Several at={[...at, "terms"]} add={t("quality.add_column")} least={1}>
        {(row) => (
          <div className={several ? "two" : undefined}>
            <Form.Item name={[row, "column"]} rules={chosen} style={{ marginBottom: 0 }}>
              <ColumnSelect items={items} label={t("quality.column")} />
            </Form.Item>
            {several && (
              <Form.Item name={[row, "called"]} noStyle>
                <Input maxLength={200} placeholder={t("quality.called")} aria-label={t("quality.called")} />
              </Form.Item>
            )}
          </div>
        )}
      </Several>
      {several && (
        <Form.Item name={[...at, "item"]} label={t("quality.item_column")} extra={t("quality.item_column_hint")}>
          <Input maxLength={64} placeholder="item" />
        </Form.Item>
      )}
      <Collapse
        ghost
        size="small"
        defaultActiveKey={narrowed ? ["more"] : []}
        items={[{ key: "more", label: t("quality.figure_more"), forceRender: true, children: more }]}
      />
    </div>
  );
}

export function Tolerance({ at }: { at: Path }) {
  const { t } = useLanguage();
  return (
    <div className="three">
      <Form.Item name={[...at, "units"]} noStyle>
        <InputNumber min={0} prefix={t("quality.tolerance_units")} style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name={[...at, "relative"]} noStyle>
        <InputNumber min={0} prefix={t("quality.tolerance_relative")} suffix="%" style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item name={[...at, "absolute"]} noStyle>
        <InputNumber min={0} prefix={t("quality.tolerance_absolute")} style={{ width: "100%" }} />
      </Form.Item>
    </div>
  );
}
