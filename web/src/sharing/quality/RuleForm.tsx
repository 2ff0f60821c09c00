/** A rule made by its kind: what must hold of which columns, tried on the data, and switched on. */

import { Button, Collapse, Form, Input, Select } from "antd";
import { useState } from "react";
import { Problem, post, put, remove } from "../../data/http";
import { type Key, useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import "../catalogue.css";
import { EditorDrawer, useChosen, useMust } from "../editors/EditorDrawer";
import type { Place } from "../editors/fault";
import { ResourceSelect } from "../editors/selects";
import { KindFields } from "./RuleFields";
import { Conditions, useItems } from "./RuleRows";
import { documentOf, type KindOf, type RuleDraft } from "./ruleDraft";
import { Trial, type Tried } from "./Trial";

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const OF_TABLE = ["unknown_table", "not_yours", "nothing_to_check"].map((one) => `sharing.quality.${one}`);
const SEVERITIES = ["urgent", "warning", "notice"];

/** The place of a field that the server names, in the body of a rule. */
function placeIn(kind: KindOf | undefined, key: unknown, expression: boolean): Place | undefined {
  if (!kind) return undefined;
  const whole: Place = ["body", kind.kind];
  const found = kind.fields.find((one) => (expression ? one.kind === "expression" : one.name === key));
  if (kind.shape === "expression") return whole;
  return found && kind.shape === "fields" ? [...whole, found.name] : undefined;
}

export function RuleForm({
  of,
  kinds,
  version,
  set,
  onClose,
  onDone,
}: {
  of: RuleDraft | undefined;
  kinds: KindOf[];
  version: number;
  set: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const must = useMust();
  const chosen = useChosen();
  const [form] = Form.useForm<RuleDraft>();
  const [tried, setTried] = useState<{ text: string; items: Tried[] }>();
  const [failed, setFailed] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const chosenKind = Form.useWatch("kind", form) ?? of?.kind;
  const kind = kinds.find((one) => one.kind === chosenKind) ?? kinds[0];
  const table = Form.useWatch("table", form) ?? of?.table;
  const items = useItems(table);
  const all = Form.useWatch([], form);
  // A trial is of the rule itself: its words and its place may change beneath what it found.
  const asked = (given: RuleDraft, of: KindOf) =>
    documentOf({ ...given, name: "trial", title_zh: of.title, title_en: undefined }, of);
  const current = kind && tried && all ? asked(form.getFieldsValue(), kind) : undefined;
  const path = (name: string) => `/api/sharing/quality/rules/${encodeURIComponent(name)}`;
  const attempt = async () => {
    setTried(undefined);
    setFailed(undefined);
    const names = form.getFieldsError().map((one) => one.name);
    try {
      await form.validateFields(names.filter(([first]) => first !== "name" && first !== "title_zh"));
    } catch {
      return;
    }
    if (!kind) return;
    const text = asked(form.getFieldsValue(), kind);
    setBusy(true);
    try {
      const { items } = await post<{ items: Tried[] }>("/api/sharing/quality/trials", { text });
      setTried({ text, items });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setFailed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <EditorDrawer<RuleDraft>
      title={of ? of.title_zh || of.name : t("quality.new_rule")}
      form={form}
      initial={of ?? { kind: kinds[0]?.kind, severity: "warning" }}
      save={async (given) => {
        if (kind) await put(path(of ? set : given.name), { text: documentOf({ ...of, ...given }, kind), version });
      }}
      place={(problem) => {
        const { key } = problem.fields;
        if (problem.code === "sharing.quality.rules_changed" && !of) return ["name"];
        if (OF_TABLE.includes(problem.code)) return ["table"];
        return placeIn(kind, key, problem.code === "sharing.quality.bad_expression");
      }}
      onClose={onClose}
      onDone={onDone}
      removal={of && { sure: t("quality.remove_sure"), run: () => remove(path(set)) }}
    >
      <Form.Item name="table" label={t("quality.resource")} rules={chosen}>
        <ResourceSelect<string> by="code" />
      </Form.Item>
      <Form.Item name="kind" label={t("quality.kind")} extra={kind?.hint}>
        <Select
          showSearch={{ optionFilterProp: "label" }}
          options={kinds.map((one) => ({ value: one.kind, label: one.title }))}
        />
      </Form.Item>
      {kind && <KindFields key={kind.kind} of={kind} table={table} />}
      <Collapse
        ghost
        size="small"
        defaultActiveKey={of?.where || of?.except ? ["rows"] : []}
        items={[
          {
            key: "rows",
            label: t("quality.some_rows"),
            forceRender: true,
            children: (
              <>
                <Form.Item label={t("quality.only_where")}>
                  <Conditions at={["where"]} items={items} />
                </Form.Item>
                <Form.Item label={t("quality.not_where")}>
                  <Conditions at={["except"]} items={items} />
                </Form.Item>
              </>
            ),
          },
        ]}
      />
      <Form.Item name="title_zh" label={t("quality.title_zh")} rules={must}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="title_en" label={t("quality.title_en")}>
        <Input maxLength={200} />
      </Form.Item>
      <div className="two">
        <Form.Item name="severity" label={t("quality.severity")}>
          <Select options={SEVERITIES.map((one) => ({ value: one, label: t(`severity.${one}` as Key) }))} />
        </Form.Item>
        <Form.Item
          name="name"
          label={t("quality.rule_set")}
          rules={[...must, { pattern: NAME, message: t("quality.name_hint") }]}
          extra={t("quality.name_hint")}
        >
          <Input maxLength={64} disabled={of !== undefined} />
        </Form.Item>
      </div>
      <Button loading={busy} onClick={attempt} style={{ marginBottom: 12 }}>
        {t("quality.try")}
      </Button>
      {failed && <ProblemBox problem={failed} />}
      {tried && tried.text === current && <Trial of={tried.items} />}
    </EditorDrawer>
  );
}
