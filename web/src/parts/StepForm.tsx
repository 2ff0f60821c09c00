/** What can be done with a case now: a form for each possible step, reasons for the others. */

import { UploadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Form, Input, Modal, Select, Upload, type UploadFile } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { get, type Problem, post, upload } from "../data/http";
import { type CaseClass, type CaseFull, type CaseStep, type Page, SEVERITIES } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Dictate } from "./Dictate";
import { MergeTarget } from "./MergeTarget";
import { asksItself, type Extras, StepFields } from "./StepFields";
import { ProblemBox } from "./states";

interface Given extends Extras {
  reason?: string;
  text?: string;
  photos?: UploadFile[];
  person?: number;
  case?: number;
  severity?: string;
  case_class?: string;
}

/** What is left to see of a case that the step gave to somebody else. */
interface Gone {
  no: number;
  state: string;
  visible: false;
}

interface Named {
  id: number;
  name_zh?: string;
  name_en?: string;
  name?: string;
}

function nameOf(one: Named, lang: string): string {
  if (one.name) return one.name;
  return (
    (lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en) ?? String(one.id)
  );
}

function Target({ found, step }: { found: CaseFull; step: CaseStep }) {
  const { t, lang } = useLanguage();
  const people = step.step === "transfer" || step.step === "dispatch" || step.step === "change";
  const organisations = useGet<Page<Named>>(
    people ? "/api/registry/organisations?limit=500" : null,
  );
  const persons = useGet<Page<Named>>(people ? "/api/registry/people?limit=500" : null);
  const classes = useGet<Page<CaseClass>>(step.step === "change" ? "/api/cases/classes" : null);
  if (step.step === "merge")
    return <MergeTarget found={found} />;
  const options = (list: Named[] | undefined) =>
    (list ?? []).map((one) => ({ value: one.id, label: nameOf(one, lang) }));
  return (
    <>
      <Form.Item name="organisation" label={t("step.to_organisation")}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={options(organisations.data?.items)}
        />
      </Form.Item>
      <Form.Item name="person" label={t("step.to_person")}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={options(persons.data?.items)}
        />
      </Form.Item>
      {step.step === "change" && (
        <>
          <Form.Item name="severity" label={t("case.severity")}>
            <Select
              allowClear
              options={SEVERITIES.map((one) => ({
                value: one,
                label: t(`severity.${one}` as Key),
              }))}
            />
          </Form.Item>
          <Form.Item name="case_class" label={t("case.class")}>
            <Select
              allowClear
              options={(classes.data?.items ?? []).map((one) => ({
                value: one.code,
                label: one.title,
              }))}
            />
          </Form.Item>
        </>
      )}
    </>
  );
}

const NEEDS_TARGET = new Set(["transfer", "merge", "change", "dispatch"]);
const PHOTOS = new Set(["report", "verify_ok", "verify_not_ok", "comment", "start", "ask_help"]);
const MAIN = ["accept", "dispatch", "start", "report", "verify_ok", "close"];

function target(given: Given): Record<string, unknown> | undefined {
  const to = {
    organisation: given.organisation,
    organisations: given.organisations,
    person: given.person,
    case: given.case,
    severity: given.severity,
    case_class: given.case_class,
  };
  const known = Object.fromEntries(Object.entries(to).filter(([, value]) => value !== undefined));
  return Object.keys(known).length ? known : undefined;
}

export function StepForm({ found, onDone }: { found: CaseFull; onDone: (next: CaseFull) => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [step, setStep] = useState<CaseStep>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [blocked, setBlocked] = useState(false);
  const [form] = Form.useForm<Given>();
  const possible = found.steps.filter((one) => one.allowed);
  const impossible = found.steps.filter((one) => !one.allowed);
  const open = (one: CaseStep) => {
    setProblem(undefined);
    form.resetFields();
    setStep(one);
  };
  const submit = async (given: Given) => {
    if (!step) return;
    setBusy(true);
    try {
      const files = (given.photos ?? []).flatMap((one) =>
        one.originFileObj ? [one.originFileObj] : [],
      );
      let evidence: { sha: string }[] = [];
      let { version } = found;
      if (files.length) {
        // Photos are kept before the step is taken, which makes a new version of the case.
        const path = `/api/cases/${found.no}`;
        evidence = (await upload<{ photos: { sha: string }[] }>(`${path}/photos`, files)).photos;
        const fresh = await get<CaseFull>(path);
        if (fresh.state === found.state) version = fresh.version;
      }
      const next = await post<CaseFull | Gone>(`/api/cases/${found.no}/${step.step}`, {
        reason: given.reason ?? "",
        text: given.text ?? "",
        to: target(given) ?? null,
        minutes: given.minutes ?? null,
        until: given.until?.toISOString() ?? null,
        rating: given.rating ?? null,
        solved: given.solved ?? null,
        evidence: evidence.map((one) => one.sha),
        version,
      });
      setStep(undefined);
      if ("visible" in next) navigate("/cases");
      else onDone(next);
      void message.success(t("step.done", { step: step.title }));
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const needs = (name: string) =>
    step?.needs.some((one) => one === name || one.startsWith(name)) ?? false;
  return (
    <>
      <div className="steps">
        {possible.map((one) => (
          <Button
            key={one.step}
            type={MAIN.includes(one.step) ? "primary" : "default"}
            onClick={() => open(one)}
            data-testid={`step-${one.step}`}
          >
            {one.title}
          </Button>
        ))}
        {possible.length === 0 && <span className="quiet">{t("step.none")}</span>}
      </div>
      {impossible.length > 0 && (
        <Button
          type="link"
          style={{ padding: 0, marginTop: 10 }}
          aria-expanded={blocked}
          onClick={() => setBlocked(!blocked)}
        >
          {t("step.blocked", { count: impossible.length })}
        </Button>
      )}
      {blocked && (
        <ul className="blocked">
          {impossible.map((one) => (
            <li key={one.step}>
              <b>{one.title}</b> <span className="quiet">
                {one.why_not}{" "}
                {one.why_not_code !== "only_centre" &&
                  t("loop.who", { who: one.who.join(t("loop.or")) })}
              </span>
            </li>
          ))}
        </ul>
      )}
      <Modal
        open={step !== undefined}
        title={step?.title}
        onCancel={() => setStep(undefined)}
        onOk={() => form.submit()}
        okText={step?.title}
        confirmLoading={busy}
        okButtonProps={{ id: "step-submit" }}
        destroyOnHidden
      >
        {problem && (
          <>
            <ProblemBox problem={problem} />
            {problem.status === 409 && (
              <Alert type="info" title={t("step.reload")} style={{ marginBottom: 12 }} />
            )}
          </>
        )}
        {step && (
          <Form form={form} layout="vertical" onFinish={submit} preserve={false}>
            {!asksItself(step.step) && (NEEDS_TARGET.has(step.step) || needs("to")) && (
              <Target found={found} step={step} />
            )}
            <StepFields found={found} step={step} />
            <Form.Item
              name="reason"
              label={t("step.reason")}
              rules={[{ required: needs("reason"), message: t("form.required") }]}
            >
              <Input maxLength={500} data-testid="step-reason" />
            </Form.Item>
            <Form.Item
              name="text"
              label={t("step.text")}
              rules={[{ required: needs("text"), message: t("form.required") }]}
            >
              <Input.TextArea rows={3} maxLength={4000} data-testid="step-text" />
            </Form.Item>
            <div style={{ marginBottom: 16 }}>
              <Dictate
                onText={(said) =>
                  form.setFieldValue(
                    "text",
                    `${form.getFieldValue("text") ?? ""}${said}`.slice(0, 4000),
                  )
                }
              />
            </div>
            {(PHOTOS.has(step.step) || needs("photo")) && (
              <Form.Item
                name="photos"
                label={t("step.photos")}
                valuePropName="fileList"
                getValueFromEvent={(event: { fileList: UploadFile[] }) => event.fileList}
                rules={[{ required: needs("photo"), message: t("form.required") }]}
              >
                <Upload accept="image/*" multiple listType="picture" beforeUpload={() => false}>
                  <Button icon={<UploadOutlined />}>{t("step.choose_photos")}</Button>
                </Upload>
              </Form.Item>
            )}
          </Form>
        )}
      </Modal>
    </>
  );
}
