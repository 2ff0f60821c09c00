/** What may be done with one device: edit, new secret, revoke, replace, retire. */

import { Alert, Button, Form, Input, Modal, Popconfirm } from "antd";
import { type ReactNode, useState } from "react";
import { type Problem, patch, post } from "../data/http";
import { useSend } from "../data/send";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { Secret } from "./Secret";
import type { DeviceFull } from "./types";

const EDITED = ["name", "supplier", "model", "serial", "gateway", "network", "installed_on"] as const;

interface Told {
  name: string;
  secret: string;
}

function Dialog({
  title,
  danger,
  children,
  start,
  submit,
}: {
  title: string;
  danger?: boolean;
  children: ReactNode;
  start?: object;
  submit: (given: Record<string, string | undefined>) => Promise<void>;
}) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm();
  const { send, busy, problem } = useSend(async (given: Record<string, string | undefined>) => {
    await submit(given);
    setOpen(false);
  });
  return (
    <>
      <Button danger={danger} onClick={() => setOpen(true)}>
        {title}
      </Button>
      <Modal
        open={open}
        title={title}
        okText={t("form.save")}
        onOk={() => form.submit()}
        confirmLoading={busy}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        {problem && <ProblemBox problem={problem} />}
        <Form form={form} layout="vertical" onFinish={send} initialValues={start}>
          {children}
        </Form>
      </Modal>
    </>
  );
}

export function Actions({ device, changed }: { device: DeviceFull; changed: () => void }) {
  const { t } = useLanguage();
  const [told, setTold] = useState<Told>();
  const [problem, setProblem] = useState<Problem>();
  const path = `/api/devices/${device.thing}`;
  const things = { things: [device.thing] };
  const run = async (work: () => Promise<void>) => {
    setProblem(undefined);
    try {
      await work();
      changed();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const renew = () =>
    run(async () => {
      const made = await post<{ items: Told[] }>("/api/devices/credentials", things);
      setTold(made.items[0]);
    });
  const revoke = () =>
    run(async () => {
      await post("/api/devices/credentials/revoke", things);
      setTold(undefined);
    });
  const edit = async (given: Record<string, string | undefined>) => {
    const body = Object.fromEntries(EDITED.map((name) => [name, given[name] ?? ""]));
    await patch(path, { ...body, installed_on: given.installed_on || null });
    changed();
  };
  const replace = async (given: Record<string, string | undefined>) => {
    const kept = Object.entries(given).filter(([, one]) => one !== undefined && one !== "");
    const made = await post<{ credential: string; secret: string }>(
      `${path}/replace`,
      Object.fromEntries(kept),
    );
    setTold({ name: made.credential, secret: made.secret });
    changed();
  };
  const retire = async (given: Record<string, string | undefined>) => {
    await post(`${path}/retire`, given);
    changed();
  };
  const active = device.credential !== null && device.credential.revoked_at === null;
  const label = (name: string) =>
    name === "name" ? t("device.name") : t(`fleet.${name}` as Parameters<typeof t>[0]);
  return (
    <>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap", marginBottom: 12 }}>
        <Dialog title={t("form.edit")} start={device} submit={edit}>
          {EDITED.map((name) => (
            <Form.Item key={name} name={name} label={label(name)}>
              <Input />
            </Form.Item>
          ))}
        </Dialog>
        <Popconfirm title={t("fleet.renew_sure")} onConfirm={renew}>
          <Button>{active ? t("fleet.renew") : t("fleet.give_secret")}</Button>
        </Popconfirm>
        {active && (
          <Popconfirm title={t("fleet.revoke_sure")} onConfirm={revoke}>
            <Button>{t("fleet.revoke")}</Button>
          </Popconfirm>
        )}
        <Dialog title={t("fleet.replace")} submit={replace}>
          <p className="quiet">{t("fleet.replace_note")}</p>
          <Form.Item name="why" label={t("fleet.why")} rules={[{ required: true }]}>
            <Input />
          </Form.Item>
          <Form.Item name="code" label={t("fleet.new_code")} extra={t("fleet.empty_keeps")}>
            <Input maxLength={128} />
          </Form.Item>
          {(["serial", "model", "supplier", "firmware"] as const).map((name) => (
            <Form.Item key={name} name={name} label={label(name)}>
              <Input />
            </Form.Item>
          ))}
        </Dialog>
        <Dialog title={t("fleet.retire")} danger submit={retire}>
          <p className="quiet">{t("fleet.retire_note")}</p>
          <Form.Item name="why" label={t("fleet.why")} rules={[{ required: true }]}>
            <Input />
          </Form.Item>
        </Dialog>
      </div>
      {problem && <ProblemBox problem={problem} />}
      {told?.secret && (
        <Alert
          type="success"
          style={{ marginBottom: 12 }}
          title={<Secret name={told.name} secret={told.secret} />}
        />
      )}
    </>
  );
}
