/** A rule made by its kind: what must hold of which columns, tried on the data, and switched on. */

import { Button, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { Problem, post, put, remove } from "../../data/http";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import "../catalogue.css";
import type { Resource } from "../catalogueTypes";
import { EditorDrawer, useChosen, useMust } from "../editors/EditorDrawer";
import { ResourceSelect } from "../editors/selects";
import { IDENTIFIERS } from "../exchange/ChecksForm";
import { documentOf, KINDS, OF_MANY, OF_ONE, type Kind, type RuleDraft } from "./ruleDraft";
import { Trial, type Tried } from "./Trial";

const TYPES = ["integer", "number", "date", "instant", "boolean"];
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const OF_TABLE = ["unknown_table", "not_yours", "nothing_to_check"].map((one) => `sharing.quality.${one}`);
const SEVERITIES = ["urgent", "warning", "notice"];

function useItems(code: string | undefined) {
  const path = code ? `/api/sharing/resources/by-code/${code}` : null;
  const { data } = useGet<Resource>(path);
  return (data?.items ?? []).map((one) => ({
    value: one.column,
    label: one.name === one.column ? one.name : `${one.name} ${one.column}`,
  }));
}

function KindFields({ kind, table }: { kind: Kind; table: string | undefined }) {
  const { t } = useLanguage();
  const chosen = useChosen();
  const must = useMust();
  const items = useItems(table);
  const other = Form.useWatch("other");
  const there = useItems(kind === "reference" ? other : undefined);
  return (
    <>
      {OF_MANY.includes(kind) && (
        <Form.Item name="columns" label={t("quality.columns")} rules={chosen}>
          <Select mode="multiple" options={items} />
        </Form.Item>
      )}
      {OF_ONE.includes(kind) && (
        <Form.Item name="column" label={t("quality.column")} rules={chosen}>
          <Select showSearch={{ optionFilterProp: "label" }} options={items} />
        </Form.Item>
      )}
      {kind === "type" && (
        <Form.Item name="type" label={t("quality.type")} rules={chosen}>
          <Select options={TYPES.map((one) => ({ value: one, label: t(`quality.type.${one}` as Key) }))} />
        </Form.Item>
      )}
      {kind === "range" && (
        <div className="two">
          <Form.Item name="least" label={t("job.least")} extra={t("quality.end_hint")}>
            <Input maxLength={40} />
          </Form.Item>
          <Form.Item name="most" label={t("job.most")}>
            <Input maxLength={40} />
          </Form.Item>
        </div>
      )}
      {kind === "pattern" && (
        <Form.Item name="pattern" label={t("job.pattern")} rules={must} extra={t("quality.pattern_hint")}>
          <Input maxLength={500} />
        </Form.Item>
      )}
      {kind === "identifier" && (
        <Form.Item name="identifier" label={t("job.identifier")} rules={chosen}>
          <Select options={IDENTIFIERS.map((one) => ({ value: one, label: t(`job.identifier.${one}` as Key) }))} />
        </Form.Item>
      )}
      {kind === "values" && (
        <Form.Item name="values" label={t("quality.values")} rules={chosen} extra={t("quality.values_hint")}>
          <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />
        </Form.Item>
      )}
      {kind === "reference" && (
        <>
          <Form.Item name="other" label={t("quality.other")} rules={chosen}>
            <ResourceSelect<string> by="code" />
          </Form.Item>
          <Form.Item name="there" label={t("quality.there")} rules={chosen} extra={t("quality.there_hint")}>
            <Select mode="multiple" options={there} />
          </Form.Item>
        </>
      )}
      {kind === "holds" && (
        <Form.Item name="condition" label={t("quality.condition")} rules={must} extra={t("quality.condition_hint")}>
          <Input.TextArea rows={2} maxLength={2000} spellCheck={false} />
        </Form.Item>
      )}
      {kind === "depends" && (
        <Form.Item name="by" label={t("quality.by")} rules={chosen}>
          <Select mode="multiple" options={items} />
        </Form.Item>
      )}
      {kind === "fresh" && (
        <Form.Item name="days" label={t("quality.days")} extra={t("quality.days_hint")}>
          <InputNumber min={1} max={3660} />
        </Form.Item>
      )}
    </>
  );
}

export function RuleForm({
  of,
  version,
  set,
  onClose,
  onDone,
}: {
  of: RuleDraft | undefined;
  version: number;
  set: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const must = useMust();
  const chosen = useChosen();
  const [form] = Form.useForm<RuleDraft>();
  const [tried, setTried] = useState<Tried[]>();
  const [failed, setFailed] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const kind = Form.useWatch("kind", form) ?? of?.kind ?? "required";
  const table = Form.useWatch("table", form) ?? of?.table;
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
    const held = form.getFieldsValue();
    const title_zh = held.title_zh || t(`quality.kind.${kind}` as Key);
    const given = { ...held, title_zh, name: "trial" };
    setBusy(true);
    try {
      const body = { text: documentOf(given) };
      setTried((await post<{ items: Tried[] }>("/api/sharing/quality/trials", body)).items);
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
      initial={of ?? { kind: "required", severity: "warning" }}
      save={(given) => put(path(of ? set : given.name), { text: documentOf({ ...of, ...given }), version })}
      place={(problem) => {
        const { key } = problem.fields;
        if (problem.code === "sharing.quality.rules_changed" && !of) return ["name"];
        if (OF_TABLE.includes(problem.code)) return ["table"];
        if (problem.code === "sharing.quality.bad_expression") return ["condition"];
        return typeof key === "string" ? [key] : undefined;
      }}
      onClose={onClose}
      onDone={onDone}
      removal={of && { sure: t("quality.remove_sure"), run: () => remove(path(set)) }}
    >
      <Form.Item name="table" label={t("quality.resource")} rules={chosen}>
        <ResourceSelect<string> by="code" />
      </Form.Item>
      <Form.Item name="kind" label={t("quality.kind")} extra={t(`quality.kind_hint.${kind}` as Key)}>
        <Select options={KINDS.map((one) => ({ value: one, label: t(`quality.kind.${one}` as Key) }))} />
      </Form.Item>
      <KindFields kind={kind} table={table} />
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
      {tried && <Trial of={tried} />}
    </EditorDrawer>
  );
}
