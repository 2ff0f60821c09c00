/** What was sent, what would have been, and what was not taken. */

import { Alert, Button, Form, Input, Select, Space, Table, Tag } from "antd";
import { useState } from "react";
import { type Problem, post, withQuery } from "../data/http";
import { useSession } from "../data/session";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { Delivery, Tried } from "./types";

const CHANNELS = ["in_app", "email", "sms", "webhook"];
const STATES = ["waiting", "sending", "delivered", "failed", "rehearsed", "suppressed"];
const COLOURS: Record<string, string> = {
  delivered: "success",
  failed: "error",
  rehearsed: "purple",
  sending: "processing",
};
const REPEATABLE = ["failed", "rehearsed", "suppressed"];

function Opened({ id }: { id: number }) {
  const { t } = useLanguage();
  const { data, problem } = useGet<{ text: string; tries: Tried[] }>(`/api/notices/deliveries/${id}`);
  if (problem) return <ProblemBox problem={problem} />;
  if (!data) return <Busy />;
  return (
    <>
      <div className="notice-text">{data.text}</div>
      {data.tries.map((one) => (
        <div key={one.no} className="quiet">
          {one.no}. <When at={one.started_at} />{" "}
          {one.outcome && t(`notices.outcome_${one.outcome}` as Key)} {one.answer}
        </div>
      ))}
    </>
  );
}

export function Channels() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [form] = Form.useForm();
  const { data } = useGet<Record<string, string>>("/api/notices/channels");
  const [problem, setProblem] = useState<Problem>();
  const [done, setDone] = useState(false);
  const send = async (given: { channel: string; to: string }) => {
    setProblem(undefined);
    setDone(false);
    try {
      await post("/api/notices/test", given);
      setDone(true);
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <div style={{ marginBottom: 16 }}>
      <Space wrap style={{ marginBottom: 12 }}>
        {Object.entries(data ?? {}).map(([name, mode]) => (
          <Tag key={name} color={mode === "live" ? "success" : mode === "off" ? "default" : "purple"}>
            {t(`notices.channel_${name}` as Key)}: {t(`notices.mode_${mode}` as Key)}
          </Tag>
        ))}
      </Space>
      {problem && <ProblemBox problem={problem} />}
      {done && <Alert type="success" showIcon title={t("notices.tested")} />}
      {may("notices.manage") && (
        <Form form={form} layout="inline" onFinish={send} initialValues={{ channel: "email" }}>
          <Form.Item name="channel">
            <Select
              aria-label={t("notices.channel")}
              style={{ width: 110 }}
              options={["email", "sms"].map((name) => ({
                value: name,
                label: t(`notices.channel_${name}` as Key),
              }))}
            />
          </Form.Item>
          <Form.Item name="to" rules={[{ required: true, message: t("form.required") }]}>
            <Input placeholder={t("notices.test_to")} aria-label={t("notices.test_to")} />
          </Form.Item>
          <Button htmlType="submit">{t("notices.test")}</Button>
        </Form>
      )}
    </div>
  );
}

export function Deliveries() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [state, setState] = useState<string>();
  const [channel, setChannel] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const list = usePages<Delivery>(withQuery("/api/notices/deliveries", { state, channel }), 50);
  const again = async (one: Delivery) => {
    setProblem(undefined);
    try {
      await post(`/api/notices/deliveries/${one.id}/again`);
      list.reload();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const choice = (name: "state" | "channel", values: string[]) =>
    values.map((value) => ({ value, label: t(`notices.${name}_${value}` as Key) }));
  return (
    <>
      <Channels />
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      {problem && <ProblemBox problem={problem} />}
      <Space wrap style={{ marginBottom: 12 }}>
        <Select
          allowClear
          placeholder={t("notices.state")}
          aria-label={t("notices.state")}
          style={{ width: 150 }}
          value={state}
          onChange={setState}
          options={choice("state", STATES)}
        />
        <Select
          allowClear
          placeholder={t("notices.channel")}
          aria-label={t("notices.channel")}
          style={{ width: 150 }}
          value={channel}
          onChange={setChannel}
          options={choice("channel", CHANNELS)}
        />
        <Button onClick={list.reload}>{t("notices.refresh")}</Button>
      </Space>
      <div className="table-scroll">
        <Table<Delivery>
          rowKey="id"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
          expandable={{ expandedRowRender: (one) => <Opened id={one.id} /> }}
          columns={[
            { title: t("notices.at"), width: 130, render: (_, one) => <When at={one.created_at} /> },
            {
              title: t("notices.channel"),
              width: 100,
              render: (_, one) => t(`notices.channel_${one.channel}` as Key),
            },
            { title: t("notices.to"), width: 180, dataIndex: "to" },
            { title: t("notices.what"), dataIndex: "subject" },
            {
              title: t("notices.state"),
              width: 210,
              render: (_, one) => (
                <>
                  <Tag color={COLOURS[one.state] ?? "default"}>
                    {t(`notices.state_${one.state}` as Key)}
                  </Tag>
                  {one.next_at && one.state === "waiting" && (
                    <span className="quiet">
                      {t("notices.next")} <When at={one.next_at} />
                    </span>
                  )}
                  {one.answer && <div className="quiet">{one.answer}</div>}
                </>
              ),
            },
            { title: t("notices.tries"), width: 70, align: "right", dataIndex: "attempts" },
            {
              title: "",
              width: 90,
              render: (_, one) =>
                may("notices.manage") &&
                REPEATABLE.includes(one.state) && (
                  <Button type="link" size="small" onClick={() => void again(one)}>
                    {t("notices.again")}
                  </Button>
                ),
            },
          ]}
        />
      </div>
      <More more={list.more} />
    </>
  );
}
