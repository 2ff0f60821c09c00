/** A job of exchange written: from where to where, by which mapping and checks, and when. */

import { App, Button, Checkbox, Form, Input, InputNumber, Select, Switch } from "antd";
import { type ReactNode, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { Problem, post, put } from "../data/http";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import "../sharing/catalogue.css";
import { useMust } from "../sharing/editors/EditorDrawer";
import { cleared, placed } from "../sharing/editors/fault";
import { UnitSelect } from "../sharing/editors/selects";
import { useShape } from "../sharing/editors/shapes";
import { ChecksForm, FilterForm } from "../sharing/exchange/ChecksForm";
import { RuleChoice } from "../sharing/exchange/RuleChoice";
import { FromFields, ToFields } from "../sharing/exchange/EndFields";
import { draftOf, type JobDraft, NEW, placeOf, type Spec, specOf } from "../sharing/exchange/jobDraft";
import { MappingForm } from "../sharing/exchange/MappingForm";
import { Preview, type Tried } from "../sharing/exchange/Preview";
import { ScheduleField } from "../sharing/exchange/ScheduleField";
import type { JobFull } from "../sharing/exchange/types";

type JobWithSpec = JobFull & { spec: Spec; revision: number };

function Block({ id, title, hint, children }: { id: string; title: Key; hint?: Key; children: ReactNode }) {
  const { t } = useLanguage();
  return (
    <section className="block" aria-labelledby={id}>
      <h3 id={id}>{t(title)}</h3>
      {hint && <p className="quiet">{t(hint)}</p>}
      {children}
    </section>
  );
}

/** A place of its own for what is wrong with many rows. */
function Fault({ name }: { name: string }) {
  return (
    <Form.Item name={name} style={{ marginBottom: 0 }} className="fault">
      <span />
    </Form.Item>
  );
}

function About({ isNew }: { isNew: boolean }) {
  const { t } = useLanguage();
  const must = useMust();
  return (
    <Block id="about" title="job.about">
      <div className="job-ends">
        <Form.Item name="name" label={t("job.name")} rules={must}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="code" label={t("job.code")} rules={must} extra={t("edit.code_hint")}>
          <Input maxLength={48} disabled={!isNew} />
        </Form.Item>
        <Form.Item name="organisation" label={t("job.organisation")} extra={t("job.organisation_hint")}>
          <UnitSelect />
        </Form.Item>
        <Form.Item name="enabled" label={t("job.enabled")} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
    </Block>
  );
}

function Running({ columns }: { columns: string[] }) {
  const { t } = useLanguage();
  const mode = Form.useWatch("mode");
  const node = Form.useWatch("from_kind") === "node";
  const number = (name: "batch" | "most_rejected" | "tries", least: number, most: number) => (
    <Form.Item name={name} label={t(`job.${name}`)} extra={t(`job.${name}_hint`)}>
      <InputNumber min={least} max={most} style={{ width: 160 }} />
    </Form.Item>
  );
  return (
    <Block id="running" title="job.running">
      <Form.Item name="mode" label={t("exchange.mode")} extra={t(`job.mode.${mode ?? "full"}` as Key)}>
        <Select
          options={["full", "incremental", "captured"].map((one) => ({
            value: one,
            label: t(`exchange.mode.${one}` as Key),
            disabled: node && one !== "full",
          }))}
        />
      </Form.Item>
      {mode === "incremental" && (
        <>
          <Form.Item
            name="by"
            label={t("job.by")}
            rules={[{ required: true, message: t("form.required") }]}
            extra={t("job.by_hint")}
          >
            <Select showSearch options={columns.map((value) => ({ value, label: value }))} />
          </Form.Item>
          <Form.Item name="overlap" label={t("job.overlap")} extra={t("job.overlap_hint")}>
            <InputNumber min={0} max={31_536_000} style={{ width: 160 }} />
          </Form.Item>
        </>
      )}
      {mode === "full" && (
        <Form.Item name="removals" valuePropName="checked" extra={t("job.removals_hint")}>
          <Checkbox>{t("job.removals")}</Checkbox>
        </Form.Item>
      )}
      {!node && <ScheduleField />}
      {number("batch", 1, 200_000)}
      {number("most_rejected", 0, 1_000_000)}
      {number("tries", 1, 100)}
    </Block>
  );
}

function Ends() {
  const { t } = useLanguage();
  const source = Form.useWatch("from_source");
  const table = Form.useWatch("from_table");
  const fromSet = Form.useWatch("from_dataset");
  const fromKind = Form.useWatch("from_kind");
  const toSource = Form.useWatch("to_source");
  const toTable = Form.useWatch("to_table");
  const toSet = Form.useWatch("to_dataset");
  const toKind = Form.useWatch("to_kind");
  const mapping = Form.useWatch("mapping") as JobDraft["mapping"] | undefined;
  const from = useShape(
    fromKind === "table" ? { source, table } : fromKind === "dataset" ? { dataset: fromSet } : {},
  );
  const to = useShape(
    toKind === "table" ? { source: toSource, table: toTable } : toKind === "dataset" ? { dataset: toSet } : {},
  );
  const given = from.data?.columns ?? [];
  const names = given.map((one) => one.name);
  const mapped = (mapping ?? []).map((one) => one?.to).filter((one): one is string => !!one);
  const filled = mapped.length ? mapped : names;
  return (
    <>
      <div className="job-ends">
        <Block id="from" title="exchange.from">
          <FromFields />
          {from.problem && !from.data && <ProblemBox problem={from.problem} retry={from.reload} />}
          {fromKind !== "node" && (
            <>
              <h4>{t("job.filters")}</h4>
              <FilterForm columns={names} />
              <Fault name="fault_where" />
            </>
          )}
        </Block>
        <Block id="to" title="exchange.to">
          <ToFields columns={filled} />
          {to.problem && !to.data && <ProblemBox problem={to.problem} retry={to.reload} />}
        </Block>
      </div>
      <Block id="mapping" title="job.mapping" hint="job.mapping_hint">
        <MappingForm from={given} to={to.data?.columns} />
        <Fault name="fault_mapping" />
      </Block>
      <Block id="checks" title="job.checks" hint="job.checks_hint">
        <ChecksForm columns={filled} />
        <Fault name="fault_checks" />
        <RuleChoice />
      </Block>
      <Running columns={names} />
    </>
  );
}

function Written({ job }: { job?: JobWithSpec }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [form] = Form.useForm<JobDraft>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState<"save" | "try">();
  const [tried, setTried] = useState<Tried>();
  const node = Form.useWatch("from_kind", form) === "node";
  const all = () => form.getFieldsValue(true) as JobDraft;
  const act = async (kind: "save" | "try", work: () => Promise<void>) => {
    setBusy(kind);
    setProblem(undefined);
    setTried(undefined);
    cleared(form);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!placed(form, error, placeOf(error, all()))) setProblem(error);
    } finally {
      setBusy(undefined);
    }
  };
  const save = () =>
    act("save", async () => {
      const { code, name, organisation, enabled } = all();
      const body = {
        name,
        organisation: organisation ?? null,
        enabled,
        spec: specOf(all()),
        revision: job?.revision ?? 0,
      };
      await put(`/api/sharing/exchange/${encodeURIComponent(code)}`, body);
      void message.success(t("form.saved"));
      navigate(`/exchange/${code}`);
    });
  const attempt = async () => {
    try {
      await form.validateFields();
    } catch {
      return;
    }
    await act("try", async () => {
      setTried(await post<Tried>("/api/sharing/exchange-preview", { spec: specOf(all()) }));
    });
  };
  return (
    <Form<JobDraft>
      form={form}
      layout="vertical"
      initialValues={job ? draftOf(job, job.spec) : NEW}
      scrollToFirstError
      onFinish={save}
    >
      <div className="block case-head">
        <h2>{job ? job.name : t("job.new")}</h2>
        <span style={{ flex: 1 }} />
        <Button onClick={() => navigate(job ? `/exchange/${job.code}` : "/exchange")}>
          {t("catalogue.back")}
        </Button>
        {!node && (
          <Button loading={busy === "try"} onClick={attempt}>
            {t("job.preview")}
          </Button>
        )}
        <Button type="primary" htmlType="submit" loading={busy === "save"}>
          {t("form.save")}
        </Button>
      </div>
      {problem && <ProblemBox problem={problem} />}
      {tried && (
        <Block id="tried" title="job.preview">
          <Preview of={tried} />
        </Block>
      )}
      <About isNew={!job} />
      <Ends />
    </Form>
  );
}

export default function JobForm() {
  const { code } = useParams();
  const path = code ? `/api/sharing/exchange/${encodeURIComponent(code)}` : null;
  const { data, problem, reload } = useGet<JobWithSpec>(path);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (code && !data) return <Busy />;
  return (
    <div className="page job-form">
      <Written key={data?.revision ?? "new"} job={data} />
    </div>
  );
}
