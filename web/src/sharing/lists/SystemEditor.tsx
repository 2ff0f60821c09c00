/** A system of the ledger written: what it does, for whom, who approved it and who pays. */

import { DatePicker, Form, Input, InputNumber, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { post, put, remove } from "../../data/http";
import { useSession } from "../../data/session";
import { type Key, useLanguage } from "../../i18n";
import { EditorDrawer, useChosen, useMust } from "../editors/EditorDrawer";
import { UnitSelect } from "../editors/selects";
import type { System, SystemEntry } from "./types";

const SCOPES = ["nation", "province", "city", "district", "department", "office"];
const FREQUENCIES = ["constant", "daily", "weekly", "monthly", "yearly", "rarely"];
const STATES = ["building", "running", "stopped", "retired"];
const FIELDS = [
  ...["name", "organisation", "functions", "summary", "scope", "frequency", "users", "state", "approved_by"],
  ...["approved_on", "funding", "cost", "maintained_on", "capacity_used", "resources"],
] as (keyof SystemEntry)[];

type Draft = Omit<SystemEntry, "approved_on" | "maintained_on" | "capacity_used"> & {
  approved_on?: Dayjs | null;
  maintained_on?: Dayjs | null;
  capacity_used?: number | null;
};

const NEW: Partial<Draft> = {
  functions: [],
  scope: "department",
  frequency: "daily",
  users: 0,
  state: "running",
  cost: 0,
  resources: [],
};

/** The fields that the API takes back, as they were read. */
export function entryOf(one: System): SystemEntry {
  return Object.fromEntries(FIELDS.map((name) => [name, one[name]])) as unknown as SystemEntry;
}

function draftOf(one: System): Draft {
  const entry = entryOf(one);
  const day = (text: string) => (text ? dayjs(text) : null);
  return { ...entry, approved_on: day(entry.approved_on), maintained_on: day(entry.maintained_on) };
}

function Choice({ name, values }: { name: "scope" | "frequency" | "state"; values: string[] }) {
  const { t } = useLanguage();
  return (
    <Form.Item name={name} label={t(`lists.${name}`)}>
      <Select options={values.map((one) => ({ value: one, label: t(`lists.${name}.${one}` as Key) }))} />
    </Form.Item>
  );
}

function Words({ name, hint }: { name: "functions" | "resources"; hint: Key }) {
  const { t } = useLanguage();
  return (
    <Form.Item name={name} label={t(`lists.${name}`)} extra={t(hint)}>
      <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />
    </Form.Item>
  );
}

export function SystemEditor({
  of,
  onClose,
  onDone,
}: {
  of: System | undefined;
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const { session, may } = useSession();
  const must = useMust();
  const chosen = useChosen();
  const [form] = Form.useForm<Draft>();
  const save = async (given: Draft) => {
    const day = (at: Dayjs | null | undefined) => at?.format("YYYY-MM-DD") ?? "";
    const body = {
      ...(of ? entryOf(of) : {}),
      ...given,
      organisation: given.organisation ?? of?.organisation ?? session?.organisation,
      summary: given.summary ?? "",
      approved_by: given.approved_by ?? "",
      funding: given.funding ?? "",
      approved_on: day(given.approved_on),
      maintained_on: day(given.maintained_on),
      capacity_used: given.capacity_used ?? null,
    };
    if (of) await put(`/api/sharing/systems/${of.id}`, { ...body, revision: of.revision });
    else await post("/api/sharing/systems", body);
  };
  return (
    <EditorDrawer<Draft>
      title={of ? of.name : t("lists.new_system")}
      form={form}
      initial={of ? draftOf(of) : NEW}
      save={save}
      place={(problem) => {
        const field = String(problem.fields.field ?? "");
        return field ? [field.split(",")[0] ?? field] : undefined;
      }}
      onClose={onClose}
      onDone={onDone}
      removal={
        of && { sure: t("lists.remove_system_sure"), run: () => remove(`/api/sharing/systems/${of.id}`) }
      }
    >
      <Form.Item name="name" label={t("lists.name")} rules={must}>
        <Input maxLength={200} />
      </Form.Item>
      {may("sharing.review") && (
        <Form.Item name="organisation" label={t("lists.organisation")} rules={chosen}>
          <UnitSelect />
        </Form.Item>
      )}
      <Words name="functions" hint="lists.functions_hint" />
      <Form.Item name="summary" label={t("lists.summary")}>
        <Input.TextArea rows={2} maxLength={2000} />
      </Form.Item>
      <div className="two">
        <Choice name="scope" values={SCOPES} />
        <Choice name="frequency" values={FREQUENCIES} />
        <Form.Item name="users" label={t("lists.users")}>
          <InputNumber min={0} max={2 ** 31 - 1} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Choice name="state" values={STATES} />
        <Form.Item name="approved_by" label={t("lists.approved_by")}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="approved_on" label={t("lists.approved_on")}>
          <DatePicker style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="funding" label={t("lists.funding")}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="cost" label={t("lists.cost")}>
          <InputNumber min={0} max={1e14} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="maintained_on" label={t("lists.maintained_on")}>
          <DatePicker style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="capacity_used" label={t("lists.capacity_used")}>
          <InputNumber min={0} max={100} style={{ width: "100%" }} />
        </Form.Item>
      </div>
      <Words name="resources" hint="lists.resources_hint" />
    </EditorDrawer>
  );
}
