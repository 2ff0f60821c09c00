/** A draft of the catalogue written: a new entry, or the next version of one. */

import { Alert, App, Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { Navigate, useNavigate, useParams } from "react-router";
import { type Problem, post, put } from "../data/http";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import "../sharing/catalogue.css";
import {
  type ClassRow,
  CYCLES,
  type Entry,
  FORMATS,
  OPEN_TYPES,
  type Resource,
  SHARE_MODES,
  SHARE_TYPES,
} from "../sharing/catalogueTypes";
import { DatasetSelect, SourceSelect, TableSelect } from "../sharing/editors/selects";
import { BLANK, ItemsForm } from "../sharing/ItemsForm";

interface Unit {
  id: number;
  name_zh: string;
  name_en: string;
}

const NEW = {
  format: "database",
  share_type: "conditional",
  share_mode: "api",
  open_type: "none",
  update_cycle: "irregular",
  keywords: [],
  related: [],
  items: [BLANK],
};

function Choice({ name, values }: { name: keyof Entry; values: readonly string[] }) {
  const { t } = useLanguage();
  return (
    <Form.Item name={name} label={t(`catalogue.${name}` as Key)}>
      <Select
        options={values.map((one) => ({ value: one, label: t(`catalogue.${name}.${one}` as Key) }))}
      />
    </Form.Item>
  );
}

function Line({ name, hint, rows }: { name: keyof Entry; hint?: Key; rows?: number }) {
  const { t } = useLanguage();
  const label = t(`catalogue.${name}` as Key);
  return (
    <Form.Item name={name} label={label} extra={hint && t(hint)}>
      {rows ? <Input.TextArea rows={rows} /> : <Input />}
    </Form.Item>
  );
}

function About() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const units = useGet<Page<Unit>>(
    may("sharing.review") ? "/api/registry/organisations?limit=1000" : null,
  );
  const classes = useGet<Page<ClassRow>>("/api/sharing/classes");
  const name = (one: { name_zh: string; name_en: string }) =>
    lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en;
  return (
    <>
      <Form.Item
        name="name"
        label={t("catalogue.name")}
        rules={[{ required: true, whitespace: true, message: t("form.required") }]}
      >
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="class_code" label={t("catalogue.class_code")}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={classes.data?.items
            .filter((one) => one.code.length > 1)
            .map((one) => ({ value: one.code, label: `${one.code} ${name(one)}` }))}
        />
      </Form.Item>
      {may("sharing.review") && (
        <Form.Item
          name="organisation"
          label={t("catalogue.organisation")}
          rules={[{ required: true, message: t("form.required") }]}
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={units.data?.items.map((one) => ({ value: one.id, label: name(one) }))}
          />
        </Form.Item>
      )}
      <Line name="provider_code" hint="catalogue.provider_hint" />
      <Line name="summary" rows={3} />
      <Form.Item name="keywords" label={t("catalogue.keywords")}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />
      </Form.Item>
      <Form.Item name="related" label={t("catalogue.related")}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[",", "，", "、"]} />
      </Form.Item>
    </>
  );
}

/** Where the data lies: a dataset that is kept here, or a table of a source. */
function Places() {
  const { t } = useLanguage();
  const { may } = useSession();
  const source = Form.useWatch("source");
  return (
    <>
      <Form.Item name="dataset" label={t("catalogue.dataset")}>
        {may("sharing.operate") ? <DatasetSelect /> : <Input maxLength={128} />}
      </Form.Item>
      <Form.Item name="source" label={t("catalogue.source")}>
        <SourceSelect />
      </Form.Item>
      <Form.Item name="table" label={t("catalogue.table")}>
        <TableSelect source={source} />
      </Form.Item>
    </>
  );
}

function Terms() {
  const share = Form.useWatch("share_type");
  const open = Form.useWatch("open_type");
  return (
    <>
      <Choice name="share_type" values={SHARE_TYPES} />
      {share === "conditional" && <Line name="share_condition" rows={2} />}
      {share === "none" && <Line name="share_basis" hint="catalogue.basis_hint" rows={2} />}
      {share !== "none" && <Choice name="share_mode" values={SHARE_MODES} />}
      <Choice name="open_type" values={OPEN_TYPES} />
      {open === "conditional" && <Line name="open_condition" rows={2} />}
      <Choice name="update_cycle" values={CYCLES} />
      <Choice name="format" values={FORMATS} />
      <Places />
    </>
  );
}

function Faults({ problem }: { problem: Problem }) {
  const { t } = useLanguage();
  if (!problem.faults.length) return <ProblemBox problem={problem} />;
  return (
    <div data-testid="faults">
      <Alert type="error" showIcon title={t("catalogue.faults", { count: problem.faults.length })} />
      <ul className="changes">
        {problem.faults.map((one, place) => {
          const item = (one as unknown as { item: number }).item;
          return (
            <li key={place} className="warn">
              {item > 0 && `${t("catalogue.items")} ${item}, `}
              {one.column_title}: {one.text}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Written({ id, entry, revision }: { id?: number; entry: Partial<Entry>; revision?: number }) {
  const { t } = useLanguage();
  const { session } = useSession();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [form] = Form.useForm<Entry>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const save = async (values: Entry) => {
    const given = { ...entry, ...values };
    given.organisation ??= session?.organisation ?? 0;
    const told = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
    );
    for (const name of ["dataset", "source", "table"]) if (told[name] === "") delete told[name];
    setBusy(true);
    try {
      const after = id
        ? await put<Resource>(`/api/sharing/resources/${id}`, { ...told, revision })
        : await post<Resource>("/api/sharing/resources", told);
      message.success(t("catalogue.saved"));
      navigate(`/catalogue/entry/${after.id}`);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form form={form} layout="vertical" initialValues={entry} onFinish={save}>
      <div className="block case-head">
        <h2>{id ? entry.name : t("catalogue.new")}</h2>
        <span style={{ flex: 1 }} />
        <Button onClick={() => navigate(id ? `/catalogue/entry/${id}` : "/catalogue/entries")}>
          {t("catalogue.back")}
        </Button>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("catalogue.save")}
        </Button>
      </div>
      {problem && <Faults problem={problem} />}
      <div className="case-grid">
        <section className="block" aria-labelledby="about">
          <h3 id="about">{t("catalogue.describe")}</h3>
          <About />
        </section>
        <section className="block" aria-labelledby="terms">
          <h3 id="terms">{t("catalogue.sharing")}</h3>
          <Terms />
        </section>
      </div>
      <section className="block" aria-labelledby="items">
        <h3 id="items">{t("catalogue.items")}</h3>
        <ItemsForm />
      </section>
    </Form>
  );
}

export default function CatalogueForm() {
  const given = useParams().id;
  const id = given ? Number(given) : undefined;
  const { data, problem, reload } = useGet<Resource>(id ? `/api/sharing/resources/${id}` : null);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (id && !data) return <Busy />;
  if (data && data.draft?.state !== "draft")
    return <Navigate to={`/catalogue/entry/${id}`} replace />;
  const entry = data?.draft?.entry ?? NEW;
  return (
    <div className="page">
      <Written key={id ?? "new"} id={id} entry={entry} revision={data?.revision} />
    </div>
  );
}
