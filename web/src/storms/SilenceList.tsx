/** Silences: announced maintenance during which findings and device troubles open no case. */

import { App, Button, DatePicker, Form, Input, InputNumber, Modal, Popconfirm, Segmented } from "antd";
import { Select, Table, Tag } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { type Problem, post, withQuery } from "../data/http";
import { useSend } from "../data/send";
import { useSession } from "../data/session";
import type { CaseClass, Page } from "../data/types";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";

interface Silence {
  silence: number;
  case_class: string;
  class_title: string;
  area_name: string;
  place: number | null;
  place_name: string;
  thing: number | null;
  things: number[];
  from: string;
  until: string;
  reason: string;
  by: string;
  state: "going_on" | "to_come" | "over";
  held: number;
  counts: Record<string, number>;
}

interface Given {
  case_class?: string;
  area?: number;
  place?: number;
  thing?: number;
  span: [Dayjs, Dayjs];
  reason: string;
}

const COLOURS: Record<string, string> = { going_on: "gold", to_come: "blue" };

function NewSilence({ close, made }: { close: () => void; made: () => void }) {
  const { t, lang } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Given>();
  const classes = useGet<Page<CaseClass>>("/api/cases/classes");
  const areas = useGet<Page<{ id: number; name_zh: string; name_en: string }>>(
    "/api/registry/areas?limit=500",
  );
  const { send, busy, problem } = useSend(async ({ span, ...given }: Given) => {
    const body = {
      case_class: given.case_class ?? "",
      area: given.area ?? null,
      place: given.place ?? null,
      thing: given.thing ?? null,
      reason: given.reason,
      from: span[0].toISOString(),
      until: span[1].toISOString(),
    };
    await post("/api/cases/silences", body);
    void message.success(t("silences.made"));
    made();
    close();
  });
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <Modal open title={t("silences.new")} onCancel={close} onOk={form.submit} confirmLoading={busy}>
      {problem && <ProblemBox problem={problem} />}
      <Form form={form} layout="vertical" onFinish={send} style={{ marginTop: 12 }}>
        <Form.Item name="case_class" label={t("silences.class")} extra={t("silences.one")}>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            options={(classes.data?.items ?? []).map((one) => ({
              value: one.code,
              label: one.title,
            }))}
          />
        </Form.Item>
        <Form.Item name="area" label={t("silences.area")}>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            options={(areas.data?.items ?? []).map((one) => ({
              value: one.id,
              label: (lang === "en" && one.name_en) || one.name_zh,
            }))}
          />
        </Form.Item>
        <Form.Item name="place" label={t("silences.place")}>
          <InputNumber min={1} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="thing" label={t("silences.thing")}>
          <InputNumber min={1} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="span" label={t("silences.period")} rules={needed}>
          <DatePicker.RangePicker showTime={{ format: "HH:mm" }} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="reason" label={t("storms.reason")} rules={needed}>
          <Input.TextArea rows={2} maxLength={1000} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function SilenceList() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [state, setState] = useState("current");
  const [making, setMaking] = useState(false);
  const [failed, setFailed] = useState<Problem>();
  const path = withQuery("/api/cases/silences", state ? { state } : {});
  const found = usePages<Silence>(path);
  const centre = may("cases.dispatch");
  const end = async (number: number) => {
    setFailed(undefined);
    try {
      await post(`/api/cases/silences/${number}/end`);
    } catch (error) {
      setFailed(error as Problem);
    }
    found.reload();
  };
  const problem = failed ?? found.problem;
  const what = (one: Silence) =>
    [
      one.class_title,
      one.area_name,
      one.place_name || (one.place && `${t("silences.place")} ${one.place}`),
      one.thing && `${t("silences.thing")} ${one.thing}`,
      one.things.length > 0 && t("silences.things", { count: one.things.length }),
    ]
      .filter(Boolean)
      .join(" · ");
  const counts = (one: Silence) =>
    Object.entries(one.counts)
      .map(([name, count]) => t(`silences.${name}` as Key, { count }))
      .join(" · ") || "0";
  return (
    <>
      <p className="quiet">{t("silences.about")}</p>
      <div style={{ display: "flex", gap: 12, marginBottom: 12 }}>
        <Segmented
          value={state}
          onChange={setState}
          options={[
            { value: "current", label: t("storms.current") },
            { value: "", label: t("storms.all") },
          ]}
        />
        <span style={{ flex: 1 }} />
        {centre && (
          <Button type="primary" onClick={() => setMaking(true)}>
            {t("silences.new")}
          </Button>
        )}
      </div>
      {problem && <ProblemBox problem={problem} retry={found.reload} />}
      {found.loading && found.items.length === 0 && <Busy />}
      {!found.loading && found.items.length === 0 && <Nothing>{t("silences.none")}</Nothing>}
      {found.items.length > 0 && (
        <Table
          className="block"
          rowKey="silence"
          pagination={false}
          dataSource={found.items}
          data-testid="silences"
          columns={[
            { title: "#", dataIndex: "silence", width: 60 },
            { title: t("silences.what"), render: (_, one) => what(one) },
            {
              title: t("silences.period"),
              width: 260,
              render: (_, one) => (
                <>
                  <When at={one.from} /> – <When at={one.until} />
                </>
              ),
            },
            {
              title: t("storms.reason"),
              render: (_, one) => (
                <>
                  {one.reason} <span className="quiet">{one.by.replace(/^\w+:/, "")}</span>
                </>
              ),
            },
            { title: t("silences.held"), render: (_, one) => counts(one) },
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
                centre &&
                one.state !== "over" && (
                  <Popconfirm
                    title={t("silences.end")}
                    description={t("silences.end_sure")}
                    onConfirm={() => end(one.silence)}
                  >
                    <Button size="small">{t("silences.end")}</Button>
                  </Popconfirm>
                ),
            },
          ]}
        />
      )}
      <More more={found.more} />
      {making && <NewSilence close={() => setMaking(false)} made={found.reload} />}
    </>
  );
}
