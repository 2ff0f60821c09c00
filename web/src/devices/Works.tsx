/** Work announced on devices: meanwhile what they say opens no case. */

import { Button, DatePicker, Form, Input, Modal, Popconfirm, Table, Tag } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { type Problem, post } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { Plan } from "./types";

interface Work {
  id: number;
  plan_name: string | null;
  what: string;
  devices: number;
  from_at: string;
  until_at: string;
  announced_by: string;
  state: "going_on" | "to_come" | "over";
  mine: boolean;
}

const COLOURS: Record<string, string> = { going_on: "gold", to_come: "blue" };

/** Announces work on all devices of a plan. */
export function AnnounceWork({ plan, done }: { plan: Plan; done: () => void }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ span: [Dayjs, Dayjs]; what: string }>();
  const { send, busy, problem } = useSend(async ({ span, what }: { span: [Dayjs, Dayjs]; what: string }) => {
    await post("/api/devices/works", {
      plan: plan.id,
      what,
      from: span[0].toISOString(),
      until: span[1].toISOString(),
    });
    setOpen(false);
    done();
  });
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("fleet.announce")}
      </Button>
      <Modal
        open={open}
        title={`${t("fleet.announce")}: ${plan.name}`}
        okText={t("fleet.announce")}
        onOk={form.submit}
        confirmLoading={busy}
        onCancel={() => setOpen(false)}
      >
        <p className="quiet">{t("fleet.announce_about", { count: plan.devices })}</p>
        {problem && <ProblemBox problem={problem} />}
        <Form form={form} layout="vertical" onFinish={send} initialValues={{ what: plan.what }}>
          <Form.Item name="span" label={t("silences.period")} rules={needed}>
            <DatePicker.RangePicker showTime={{ format: "HH:mm" }} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item name="what" label={t("fleet.to_do")} rules={needed}>
            <Input.TextArea rows={2} maxLength={1000} />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

/** What is announced; `turn` changes when something was. */
export function Works({ turn }: { turn: number }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [problem, setProblem] = useState<Problem>();
  const list = useGet<Page<Work>>(`/api/devices/works?state=current&turn=${turn}`);
  const end = async (one: Work) => {
    setProblem(undefined);
    try {
      await post(`/api/devices/works/${one.id}/end`);
    } catch (error) {
      setProblem(error as Problem);
    }
    list.reload();
  };
  const failed = problem ?? list.problem;
  return (
    <>
      {failed && <ProblemBox problem={failed} retry={list.reload} />}
      <Table<Work>
        rowKey="id"
        size="small"
        pagination={false}
        data-testid="works"
        dataSource={list.data?.items}
        locale={{ emptyText: list.loading ? <Busy /> : <Nothing>{t("fleet.no_works")}</Nothing> }}
        columns={[
          {
            title: t("silences.period"),
            width: 260,
            render: (_, one) => (
              <>
                <When at={one.from_at} /> – <When at={one.until_at} />
              </>
            ),
          },
          {
            title: t("fleet.to_do"),
            render: (_, one) => (
              <>
                {one.what}{" "}
                <span className="quiet">
                  {[one.plan_name, one.announced_by.replace(/^\w+:/, "")].filter(Boolean).join(" · ")}
                </span>
              </>
            ),
          },
          { title: t("device.sum"), dataIndex: "devices", align: "right" },
          {
            key: "state",
            width: 110,
            render: (_, one) => (
              <Tag color={COLOURS[one.state]}>{t(`silences.${one.state}` as Key)}</Tag>
            ),
          },
          {
            key: "end",
            width: 120,
            render: (_, one) =>
              may("sensing.maintain") &&
              one.mine && (
                <Popconfirm
                  title={t("fleet.end_work")}
                  description={t("silences.end_sure")}
                  onConfirm={() => end(one)}
                >
                  <Button size="small">{t("fleet.end_work")}</Button>
                </Popconfirm>
              ),
          },
        ]}
      />
    </>
  );
}
