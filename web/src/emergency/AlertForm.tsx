/** An alert to the public: words, area drawn on the map, the message looked at, then sent. */

import { Alert, Button, Form, Input, InputNumber, Modal, Select, Space } from "antd";
import { lazy, Suspense, useState } from "react";
import { type Problem, post } from "../data/http";
import { type Key, useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import type { IncidentFull } from "./types";

const AreaMap = lazy(() => import("./AreaMap"));

interface Given {
  kind: string;
  headline_zh?: string;
  headline_en?: string;
  description_zh?: string;
  description_en?: string;
  valid_minutes?: number | null;
  polygon?: [number, number][];
}

interface Shown {
  xml: string;
  status: string;
  leaves: boolean;
}

function body(given: Given): unknown {
  const words = (zh?: string, en?: string) =>
    Object.fromEntries(Object.entries({ "zh-CN": zh, en }).filter(([, text]) => text));
  return {
    kind: given.kind,
    headline: words(given.headline_zh, given.headline_en),
    description: words(given.description_zh, given.description_en),
    valid_minutes: given.valid_minutes ?? null,
    polygon: given.polygon ?? [],
  };
}

export function AlertForm({ found, onDone }: { found: IncidentFull; onDone: () => void }) {
  const { t } = useLanguage();
  const [shown, show] = useState(false);
  const [seen, setSeen] = useState<Shown>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const path = `/api/emergencies/${found.no}/alerts`;
  const kinds = found.alerts.some((one) => one.in_force) ? ["update", "cancel"] : ["alert"];
  const act = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const look = async () => {
    const given = await form.validateFields();
    await act(async () => setSeen(await post<Shown>(`${path}/preview`, body(given))));
  };
  const send = (given: Given) =>
    act(async () => {
      await post(path, body(given));
      show(false);
      onDone();
    });
  return (
    <>
      <Button
        onClick={() => {
          setProblem(undefined);
          setSeen(undefined);
          show(true);
        }}
      >
        {t("emergency.alert_send")}
      </Button>
      <Modal
        open={shown}
        width={760}
        title={t("emergency.alert_send")}
        onCancel={() => show(false)}
        destroyOnHidden
        footer={
          <Space>
            <Button loading={busy} onClick={look}>
              {t("emergency.alert_preview")}
            </Button>
            <Button type="primary" disabled={!seen} loading={busy} onClick={() => form.submit()}>
              {t("emergency.alert_send")}
            </Button>
          </Space>
        }
      >
        <Form
          form={form}
          layout="vertical"
          preserve={false}
          initialValues={{ kind: kinds[0], polygon: [] }}
          onFinish={send}
          onValuesChange={() => setSeen(undefined)}
        >
          <Form.Item name="kind" label={t("emergency.kind")}>
            <Select
              options={kinds.map((one) => ({
                value: one,
                label: t(`emergency.alert.${one}` as Key),
              }))}
            />
          </Form.Item>
          <p className="quiet">{t("emergency.alert_words")}</p>
          {(["headline", "description"] as const).flatMap((part) =>
            (["zh", "en"] as const).map((lang) => (
              <Form.Item
                key={part + lang}
                name={`${part}_${lang}`}
                label={`${t(`emergency.${part}` as Key)} (${lang === "zh" ? "中文" : "English"})`}
              >
                <Input.TextArea rows={1} maxLength={500} autoSize />
              </Form.Item>
            )),
          )}
          <Form.Item name="valid_minutes" label={t("emergency.valid_minutes")}>
            <InputNumber min={1} max={43_200} precision={0} />
          </Form.Item>
          {found.lon !== null && found.lat !== null && (
            <Suspense fallback={<Busy />}>
              <Form.Item name="polygon" label={t("emergency.area")} extra={t("emergency.area_about")}>
                <AreaMap at={[found.lon, found.lat]} />
              </Form.Item>
            </Suspense>
          )}
        </Form>
        {problem && <ProblemBox problem={problem} />}
        {seen && (
          <>
            <Alert
              type={seen.leaves ? "warning" : "info"}
              showIcon
              title={`${seen.status} · ${t(seen.leaves ? "emergency.leaves" : "emergency.stays")}`}
            />
            <pre data-testid="cap" style={{ maxHeight: 240, overflow: "auto", fontSize: 12, whiteSpace: "pre-wrap" }}>
              {seen.xml}
            </pre>
          </>
        )}
      </Modal>
    </>
  );
}
