/** Tasks from a file: chosen, checked, then written; what is wrong is shown by row and column. */

import { Alert, Button, Form, Input, Modal, Select, Space, Table, Upload } from "antd";
import { useState } from "react";
import { type Fault, type Problem, sendForm } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import type { PlanFull } from "./types";

interface Given {
  title_zh: string;
  title_en?: string;
  basis?: string;
  starts: string;
  ends: string;
  owner?: number;
  reason?: string;
}

interface Unit {
  id: number;
  name_zh: string;
  name_en: string;
}

function Faults({ faults }: { faults: Fault[] }) {
  const { t } = useLanguage();
  return (
    <div data-testid="faults">
      <Alert type="error" showIcon title={t("tasks.faults", { count: faults.length })} />
      <Table<Fault>
        size="small"
        rowKey={(one) => `${one.row}.${one.column}.${one.why}`}
        dataSource={faults}
        pagination={faults.length > 20 ? { pageSize: 20 } : false}
        columns={[
          { title: t("tasks.row"), dataIndex: "row", width: 60 },
          { title: t("tasks.column"), dataIndex: "column_title", width: 110 },
          { title: t("tasks.value"), dataIndex: "value", width: 160 },
          { title: t("tasks.problem"), dataIndex: "text" },
        ]}
      />
    </div>
  );
}

function Head() {
  const { t, lang } = useLanguage();
  const must = [{ required: true, message: t("form.required") }];
  const units = useGet<Page<Unit>>("/api/registry/organisations?limit=500");
  const name = (one: Unit) =>
    lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en;
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
      <Form.Item name="owner" label={t("tasks.owner")}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={units.data?.items.map((one) => ({ value: one.id, label: name(one) }))}
        />
      </Form.Item>
    </>
  );
}

/** A button and its window: a new plan, or more tasks for one (``reason`` where it runs). */
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
    if (plan) {
      const title: Record<string, string> = { "zh-CN": values.title_zh };
      if (values.title_en) title.en = values.title_en;
      const { basis = "", starts, ends, owner = null } = values;
      body.append("plan", JSON.stringify({ title, basis, starts, ends, owner }));
    }
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
        const found = await sendForm<PlanFull>(path, body);
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
            <Button type="primary" disabled={!file} loading={busy} onClick={() => submit(false)}>
              {t("tasks.save")}
            </Button>
          </Space>
        }
      >
        <Form form={form} layout="vertical">
          {plan && <Head />}
          {reason && (
            <Form.Item
              name="reason"
              label={t("tasks.reason")}
              rules={[{ required: true, message: t("form.required") }]}
            >
              <Input.TextArea rows={2} />
            </Form.Item>
          )}
          <Form.Item label={t("tasks.file")}>
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
