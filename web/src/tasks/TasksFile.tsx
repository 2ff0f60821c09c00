/** Tasks from a file: chosen, checked, then written; what is wrong is shown by row and column. */

import { Alert, Button, Form, Input, Modal, Space, Upload } from "antd";
import { useState } from "react";
import { type Problem, post, sendForm } from "../data/http";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { Faults } from "./Faults";
import { Reason, Units, useMust } from "./fields";
import type { PlanFull } from "./types";

interface Given {
  title_zh: string;
  title_en?: string;
  basis?: string;
  starts: string;
  ends: string;
  owner?: number | null;
  reason?: string;
}

function Head() {
  const { t } = useLanguage();
  const must = useMust();
  return (
    <>
      <Form.Item name="title_zh" label={t("tasks.title_zh")} rules={must}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="title_en" label={t("tasks.title_en")}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="basis" label={t("tasks.basis")}>
        <Input maxLength={2000} />
      </Form.Item>
      <Space>
        <Form.Item name="starts" label={t("tasks.starts")} rules={must}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="ends" label={t("tasks.ends")} rules={must}>
          <Input type="date" />
        </Form.Item>
      </Space>
      <Units name="owner" label={t("tasks.owner")} />
    </>
  );
}

function head({ title_zh, title_en, basis = "", starts, ends, owner = null }: Given) {
  const title = title_en ? { "zh-CN": title_zh, en: title_en } : { "zh-CN": title_zh };
  return { title, basis, starts, ends, owner };
}

/** A button and its window: a new plan, with tasks or yet without, or more tasks for one
 * (``reason`` where it runs). */
export function TasksFile({
  label,
  path,
  plan,
  reason,
  onDone,
}: {
  label: string;
  path: string;
  plan?: boolean;
  reason?: boolean;
  onDone: (found: PlanFull) => void;
}) {
  const { t } = useLanguage();
  const [shown, show] = useState(false);
  const [file, setFile] = useState<File>();
  const [problem, setProblem] = useState<Problem>();
  const [ready, setReady] = useState<number>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const send = async (values: Given, look: boolean) => {
    const body = new FormData();
    if (plan) body.append("plan", JSON.stringify(head(values)));
    if (values.reason) body.append("reason", values.reason);
    if (file) body.append("file", file, file.name);
    setBusy(true);
    setProblem(undefined);
    setReady(undefined);
    try {
      if (look) {
        const found = await sendForm<{ tasks: unknown[] }>(`${path}?preview=true`, body);
        setReady(found.tasks.length);
      } else {
        const found = file
          ? await sendForm<PlanFull>(path, body)
          : await post<PlanFull>(path, head(values));
        show(false);
        onDone(found);
      }
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const submit = (look: boolean) =>
    form
      .validateFields()
      .then((values) => send(values, look))
      .catch(() => undefined);
  return (
    <>
      <Button
        type={plan ? "primary" : "default"}
        onClick={() => {
          form.resetFields();
          setFile(undefined);
          setProblem(undefined);
          setReady(undefined);
          show(true);
        }}
      >
        {label}
      </Button>
      <Modal
        open={shown}
        title={label}
        width={720}
        onCancel={() => show(false)}
        destroyOnHidden
        footer={
          <Space>
            <Button disabled={!file} loading={busy} onClick={() => submit(true)}>
              {t("tasks.preview")}
            </Button>
            <Button
              type="primary"
              disabled={!file && !plan}
              loading={busy}
              onClick={() => submit(false)}
            >
              {t("tasks.save")}
            </Button>
          </Space>
        }
      >
        <Form form={form} layout="vertical">
          {plan && <Head />}
          {reason && <Reason />}
          <Form.Item label={t("tasks.file")} help={plan && t("tasks.file_about")}>
            <Space wrap>
              <Upload
                accept=".xlsx,.csv"
                maxCount={1}
                showUploadList={false}
                beforeUpload={(chosen) => {
                  setFile(chosen);
                  setReady(undefined);
                  setProblem(undefined);
                  return false;
                }}
              >
                <Button>{t("tasks.choose")}</Button>
              </Upload>
              <span>{file?.name}</span>
              <a href="/api/work-plans/template.xlsx">{t("tasks.template")} .xlsx</a>
              <a href="/api/work-plans/template.csv">.csv</a>
            </Space>
          </Form.Item>
        </Form>
        {ready !== undefined && (
          <Alert type="success" showIcon title={t("tasks.ready", { count: ready })} />
        )}
        {problem &&
          (problem.faults.length ? (
            <Faults faults={problem.faults} />
          ) : (
            <ProblemBox problem={problem} />
          ))}
      </Modal>
    </>
  );
}
