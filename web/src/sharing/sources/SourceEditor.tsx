/** A source declared or changed. Its secret goes in and is never shown. */

import { Checkbox, Form, Input, InputNumber, Select } from "antd";
import { Link } from "react-router";
import { patch, type Problem, put, remove } from "../../data/http";
import { type Key, useLanguage } from "../../i18n";
import { EditorDrawer, useChosen, useMust } from "../editors/EditorDrawer";
import { named } from "../editors/fault";
import { type Source, UnitSelect } from "../editors/selects";
import { asked, KINDS, type Option, told, WITH_SECRET } from "./sourceKinds";

interface Draft {
  code: string;
  name: string;
  kind: string;
  organisation?: number;
  options: Record<string, unknown>;
  secret?: string;
  forget?: boolean;
}

function OptionField({ of }: { of: Option }) {
  const { t, known } = useLanguage();
  const chosen = useChosen();
  let input = <Input placeholder={of.hint} maxLength={1000} />;
  if (of.number) input = <InputNumber placeholder={of.hint} min={1} max={65535} />;
  if (of.pairs) input = <Input.TextArea rows={3} placeholder={t("source.tables_hint")} />;
  if (of.choices)
    input = (
      <Select
        allowClear
        options={of.choices.map((one) => ({
          value: one,
          label: known(`source.${of.name}.${one}`) ?? (one === "\t" ? "Tab" : one),
        }))}
      />
    );
  return (
    <Form.Item
      name={["options", of.name]}
      label={t(`source.option.${of.name}` as Key)}
      rules={of.needed ? chosen : []}
    >
      {input}
    </Form.Item>
  );
}

function Secret({ kept }: { kept: boolean }) {
  const { t } = useLanguage();
  const forget = Form.useWatch("forget");
  return (
    <>
      <Form.Item
        name="secret"
        label={t("source.secret")}
        extra={t(kept ? "source.secret_kept" : "source.secret_hint")}
      >
        <Input.Password autoComplete="new-password" maxLength={8192} disabled={forget} />
      </Form.Item>
      {kept && (
        <Form.Item name="forget" valuePropName="checked">
          <Checkbox>{t("source.secret_forget")}</Checkbox>
        </Form.Item>
      )}
    </>
  );
}

/** Links to the jobs and resources that use a source. */
function Users({ of }: { of: Problem }) {
  const { t } = useLanguage();
  const split = (name: string) => String(of.fields[name] ?? "").split(",").filter(Boolean);
  return (
    <ul data-testid="source-users">
      {split("jobs").map((one) => (
        <li key={`job.${one}`}>
          {t("source.used_by_job")} <Link to={`/exchange/${one}`}>{one}</Link>
        </li>
      ))}
      {split("resources").map((one) => (
        <li key={`resource.${one}`}>
          {t("source.used_by_resource")} <Link to={`/catalogue/entry/${one}`}>{one}</Link>
        </li>
      ))}
    </ul>
  );
}

export function SourceEditor({
  of,
  onClose,
  onSaved,
  onDone,
}: {
  of: Source | undefined;
  onClose: () => void;
  onSaved: (code: string) => void;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const must = useMust();
  const [form] = Form.useForm<Draft>();
  const kind = Form.useWatch("kind", form) ?? of?.kind ?? "postgresql";
  const path = (one: string) => `/api/sharing/sources/${encodeURIComponent(one)}`;
  const save = async (given: Draft) => {
    const secret = given.forget ? "" : given.secret || undefined;
    const body = {
      name: given.name,
      kind: given.kind,
      organisation: given.organisation ?? null,
      options: told(given.kind, given.options ?? {}),
      ...(secret === undefined ? {} : { secret }),
    };
    if (of) await patch(path(of.code), body);
    else await put(path(given.code), body);
    onSaved(of?.code ?? given.code);
  };
  return (
    <EditorDrawer<Draft>
      title={of ? of.name : t("source.new")}
      form={form}
      initial={
        of
          ? { ...of, organisation: of.organisation ?? undefined, options: asked(of.kind, of.options) }
          : { kind: "postgresql" }
      }
      save={save}
      place={(problem) => {
        const name = named(problem);
        if (problem.code === "sharing.source_exists") return ["code"];
        if (!name) return undefined;
        return ["code", "name", "kind", "secret"].includes(name) ? [name] : ["options", name];
      }}
      beside={(problem) => problem.code === "sharing.source_in_use" && <Users of={problem} />}
      onClose={onClose}
      onDone={onDone}
      removal={of && { sure: t("source.remove_sure"), run: () => remove(path(of.code)) }}
    >
      <Form.Item name="name" label={t("source.name")} rules={must}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="code" label={t("source.code")} rules={must} extra={t("edit.code_hint")}>
        <Input maxLength={48} disabled={of !== undefined} />
      </Form.Item>
      <Form.Item name="organisation" label={t("source.organisation")} extra={t("source.organisation_hint")}>
        <UnitSelect />
      </Form.Item>
      <Form.Item name="kind" label={t("source.kind")}>
        <Select
          options={Object.keys(KINDS).map((one) => ({ value: one, label: t(`source.kind.${one}` as Key) }))}
        />
      </Form.Item>
      {KINDS[kind]?.map((one) => (
        <OptionField key={`${kind}.${one.name}`} of={one} />
      ))}
      {WITH_SECRET.includes(kind) && <Secret kept={of?.has_secret ?? false} />}
    </EditorDrawer>
  );
}
