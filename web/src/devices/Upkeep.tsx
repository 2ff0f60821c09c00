/** What is due on devices: plans, batteries, firmware. */

import { Button, Form, Input, InputNumber, Modal, Select, Table, Tag } from "antd";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { post } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { GroupChoice, KindChoice } from "./choices";
import { RecordForm } from "./RecordForm";
import type { Battery, Campaign, Due, Plan } from "./types";
import { AnnounceWork, Works } from "./Works";

function Section({ title, children, extra }: { title: string; children: ReactNode; extra?: ReactNode }) {
  return (
    <section style={{ marginBottom: 26 }}>
      <div style={{ display: "flex", gap: 12, alignItems: "center", marginBottom: 8 }}>
        <h3 style={{ margin: 0 }}>{title}</h3>
        {extra}
      </div>
      <div className="table-scroll">{children}</div>
    </section>
  );
}

function Maker({
  title,
  path,
  children,
  done,
  fixed,
}: {
  title: string;
  path: string;
  children: ReactNode;
  done: () => void;
  fixed?: Record<string, unknown>;
}) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm();
  const { send, busy, problem } = useSend(async (given: Record<string, unknown>) => {
    const kept = Object.entries(given).filter(([, one]) => one !== undefined && one !== "");
    await post(path, { ...fixed, ...Object.fromEntries(kept) });
    setOpen(false);
    form.resetFields();
    done();
  });
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {title}
      </Button>
      <Modal
        open={open}
        title={title}
        okText={t("form.save")}
        onOk={() => form.submit()}
        confirmLoading={busy}
        onCancel={() => setOpen(false)}
      >
        {problem && <ProblemBox problem={problem} />}
        <Form form={form} layout="vertical" onFinish={send}>
          {children}
        </Form>
      </Modal>
    </>
  );
}

function Plans({ changed, announced }: { changed: () => void; announced: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const kindTitle = useKindTitle();
  const list = useGet<Page<Plan>>("/api/devices/plans");
  const done = () => {
    list.reload();
    changed();
  };
  return (
    <Section
      title={t("fleet.plans")}
      extra={
        may("sensing.maintain") && (
          <Maker title={t("fleet.new_plan")} path="/api/devices/plans" done={done}>
            <Form.Item name="name" label={t("device.name")} rules={[{ required: true }]}>
              <Input maxLength={128} />
            </Form.Item>
            <Form.Item name="kind" label={t("device.kind")}>
              <KindChoice />
            </Form.Item>
            <Form.Item name="group" label={t("fleet.group")}>
              <GroupChoice />
            </Form.Item>
            <Form.Item name="every" label={t("fleet.every")} rules={[{ required: true }]}>
              <InputNumber min={1} max={3650} />
            </Form.Item>
            <Form.Item name="unit" label={t("fleet.unit")} rules={[{ required: true }]}>
              <Select
                options={["day", "month"].map((one) => ({
                  value: one,
                  label: t(`fleet.unit_${one}` as Key),
                }))}
              />
            </Form.Item>
            <Form.Item name="starts_on" label={t("fleet.starts_on")} rules={[{ required: true }]}>
              <Input placeholder="2026-07-01" />
            </Form.Item>
            <Form.Item name="what" label={t("fleet.to_do")} rules={[{ required: true }]}>
              <Input.TextArea rows={2} />
            </Form.Item>
          </Maker>
        )
      }
    >
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<Plan>
        rowKey="id"
        size="small"
        pagination={false}
        dataSource={list.data?.items}
        locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
        columns={[
          { title: t("device.name"), dataIndex: "name" },
          { title: t("device.kind"), render: (_, one) => (one.kind ? kindTitle(one.kind) : "–") },
          {
            title: t("fleet.every"),
            render: (_, one) => `${one.every} ${t(`fleet.unit_${one.unit}` as Key)}`,
          },
          { title: t("fleet.to_do"), dataIndex: "what" },
          { title: t("device.sum"), dataIndex: "devices", align: "right" },
          {
            title: t("fleet.overdue"),
            align: "right",
            render: (_, one) =>
              one.overdue ? <Tag color="error">{one.overdue}</Tag> : String(one.overdue),
          },
          {
            key: "announce",
            width: 130,
            render: (_, one) =>
              may("sensing.maintain") &&
              one.devices > 0 && <AnnounceWork plan={one} done={announced} />,
          },
        ]}
      />
    </Section>
  );
}

export function Upkeep() {
  const { t } = useLanguage();
  const { may } = useSession();
  const kindTitle = useKindTitle();
  const [turn, setTurn] = useState(0);
  const due = useGet<Page<Due>>("/api/devices/due");
  const batteries = useGet<Page<Battery>>("/api/devices/batteries?within=60");
  const firmware = useGet<Page<Campaign>>("/api/devices/firmware");
  const named = (one: { thing: number; name: string; code: string }) => (
    <Link to={`/device/${one.thing}`}>{one.name || one.code}</Link>
  );
  return (
    <>
      <Plans changed={due.reload} announced={() => setTurn(turn + 1)} />
      <Section title={t("fleet.works")}>
        <Works turn={turn} />
      </Section>
      <Section
        title={t("fleet.due")}
        extra={
          <Button size="small" href="/api/devices/due?format=csv">
            {t("fleet.download")}
          </Button>
        }
      >
        <Table<Due>
          rowKey={(one) => `${one.plan} ${one.thing}`}
          size="small"
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          dataSource={due.data?.items}
          locale={{ emptyText: due.loading ? <Busy /> : <Nothing>{t("fleet.none_due")}</Nothing> }}
          columns={[
            {
              title: t("fleet.due_on"),
              width: 170,
              render: (_, one) => (
                <>
                  {one.due_on} {one.overdue && <Tag color="error">{t("fleet.overdue")}</Tag>}
                </>
              ),
            },
            { title: t("device.name"), render: (_, one) => named(one) },
            { title: t("fleet.plan"), dataIndex: "plan_name" },
            { title: t("fleet.to_do"), dataIndex: "what" },
            {
              title: "",
              width: 110,
              render: (_, one) =>
                may("sensing.maintain") && (
                  <RecordForm thing={one.thing} plan={one.plan} what={one.what} done={due.reload} />
                ),
            },
          ]}
        />
      </Section>
      <Section title={t("fleet.batteries")}>
        <Table<Battery>
          rowKey="thing"
          size="small"
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          dataSource={batteries.data?.items}
          locale={{
            emptyText: batteries.loading ? <Busy /> : <Nothing>{t("fleet.none_low")}</Nothing>,
          }}
          columns={[
            { title: t("device.name"), render: (_, one) => named(one) },
            { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
            {
              title: t("fleet.level"),
              render: (_, one) => (
                <>
                  {one.percent} % {one.low && <Tag color="error">{t("fleet.low")}</Tag>}
                </>
              ),
            },
            {
              title: t("fleet.days_left"),
              render: (_, one) =>
                one.days_left === null
                  ? "–"
                  : t("fleet.days_left_by", { days: one.days_left, known: one.known_days }),
            },
          ]}
        />
        <p className="quiet">{t("fleet.battery_method")}</p>
      </Section>
      <Section
        title={t("fleet.firmware_campaigns")}
        extra={
          may("sensing.maintain") && (
            <Maker title={t("fleet.new_campaign")} path="/api/devices/firmware" done={firmware.reload}>
              <Form.Item name="name" label={t("device.name")} rules={[{ required: true }]}>
                <Input maxLength={128} />
              </Form.Item>
              <Form.Item name="kind" label={t("device.kind")} rules={[{ required: true }]}>
                <KindChoice />
              </Form.Item>
              <Form.Item name="version" label={t("fleet.version")} rules={[{ required: true }]}>
                <Input maxLength={64} />
              </Form.Item>
              <Form.Item name="planned_on" label={t("fleet.planned_on")}>
                <Input placeholder="2026-07-01" />
              </Form.Item>
            </Maker>
          )
        }
      >
        <Table<Campaign>
          rowKey="id"
          size="small"
          pagination={false}
          dataSource={firmware.data?.items}
          locale={{ emptyText: firmware.loading ? <Busy /> : <Nothing /> }}
          columns={[
            { title: t("device.name"), dataIndex: "name" },
            { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
            { title: t("fleet.version"), dataIndex: "version" },
            { title: t("fleet.planned_on"), render: (_, one) => one.planned_on ?? "–" },
            {
              title: t("fleet.done_of"),
              align: "right",
              render: (_, one) => `${one.done} / ${one.devices}`,
            },
            { title: t("fleet.failed"), dataIndex: "failed", align: "right" },
          ]}
        />
      </Section>
    </>
  );
}
