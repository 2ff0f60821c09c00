/** What is said of a plan, changed; a running plan asks for the reason. */

import { Button, Form, Input, Modal, Space } from "antd";
import { useState } from "react";
import { patch, type Problem } from "../data/http";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import type { PlanFull } from "./types";

interface Given {
  zh?: string;
  en?: string;
  basis?: string;
  starts: string;
  ends: string;
  reason?: string;
}

export function ChangeHead({ found, onDone }: { found: PlanFull; onDone: (found: PlanFull) => void }) {
  const { t } = useLanguage();
  const [shown, show] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const needed = [{ required: true, message: t("form.required") }];
  const send = async ({ zh = "", en = "", basis = "", starts, ends, reason = "" }: Given) => {
    setBusy(true);
    setProblem(undefined);
    const { owner, case_class, version } = found;
    const title = Object.fromEntries(
      Object.entries({ "zh-CN": zh, en }).filter(([, words]) => words.trim()),
    );
    const body = { title, basis, starts, ends, owner, case_class, reason, version };
    try {
      onDone(await patch<PlanFull>(`/api/work-plans/${found.id}`, body));
      show(false);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button onClick={() => show(true)}>{t("tasks.change_head")}</Button>
      <Modal
        open={shown}
        title={t("tasks.change_head")}
        okText={t("tasks.save")}
        okButtonProps={{ loading: busy }}
        onOk={form.submit}
        onCancel={() => show(false)}
        destroyOnHidden
      >
        {problem && <ProblemBox problem={problem} />}
        <Form
          form={form}
          layout="vertical"
          onFinish={send}
          preserve={false}
          initialValues={{
            zh: found.titles["zh-CN"],
            en: found.titles.en,
            basis: found.basis,
            starts: found.starts,
            ends: found.ends,
          }}
        >
          <Form.Item name="zh" label={t("tasks.title_zh")}>
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item name="en" label={t("tasks.title_en")}>
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item name="basis" label={t("tasks.basis")}>
            <Input maxLength={500} />
          </Form.Item>
          <Space>
            <Form.Item name="starts" label={t("tasks.starts")} rules={needed}>
              <Input type="date" />
            </Form.Item>
            <Form.Item name="ends" label={t("tasks.ends")} rules={needed}>
              <Input type="date" />
            </Form.Item>
          </Space>
          {found.state === "running" && (
            <Form.Item name="reason" label={t("tasks.reason")} rules={needed}>
              <Input.TextArea rows={2} />
            </Form.Item>
          )}
        </Form>
      </Modal>
    </>
  );
}
