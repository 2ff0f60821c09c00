/** Writing down what was done on a device. */

import { Button, Form, Input, Modal, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { post } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { cityNow } from "../parts/time";

export function RecordForm({
  thing,
  plan,
  what,
  done,
}: {
  thing: number;
  plan?: number;
  what?: string;
  done: () => void;
}) {
  const { t } = useLanguage();
  const { session } = useSession();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm();
  const { send, busy, problem } = useSend(async (given: Record<string, string | undefined>) => {
    const kept = Object.entries(given).filter(([, one]) => one !== undefined && one !== "");
    await post("/api/devices/records", {
      things: [thing],
      plan: plan ?? null,
      ...Object.fromEntries(kept),
    });
    setOpen(false);
    done();
  });
  const start = {
    what: what ?? "",
    who: session?.display || session?.name,
    done_on: dayjs(cityNow()).format("YYYY-MM-DD"),
    result: "done",
  };
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("fleet.record")}
      </Button>
      <Modal
        open={open}
        title={t("fleet.record")}
        okText={t("form.save")}
        onOk={() => form.submit()}
        confirmLoading={busy}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        {problem && <ProblemBox problem={problem} />}
        <Form form={form} layout="vertical" onFinish={send} initialValues={start}>
          <Form.Item name="done_on" label={t("fleet.done_on")} rules={[{ required: true }]}>
            <Input placeholder="2026-07-01" />
          </Form.Item>
          <Form.Item name="who" label={t("fleet.who")} rules={[{ required: true }]}>
            <Input maxLength={128} />
          </Form.Item>
          <Form.Item name="what" label={t("fleet.was_done")} rules={[{ required: true }]}>
            <Input.TextArea rows={2} />
          </Form.Item>
          <Form.Item name="result" label={t("fleet.result")}>
            <Select
              options={["done", "partly", "failed"].map((one) => ({
                value: one,
                label: t(`fleet.result_${one}` as Key),
              }))}
            />
          </Form.Item>
          <Form.Item name="parts" label={t("fleet.parts")}>
            <Input />
          </Form.Item>
          <Form.Item name="next_due" label={t("fleet.next_due")}>
            <Input placeholder="2026-10-01" />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}
