/** A feed set up or changed: its resource, how strong it is, and which column is which field. */

import { App, AutoComplete, Button, Drawer, Form, Input, InputNumber } from "antd";
import { useState } from "react";
import { type Problem, put } from "../../data/http";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import type { Feed, LibraryFull } from "./types";

interface Given {
  code: string;
  resource: string;
  rank: number;
  since?: string;
  columns: Record<string, string | undefined>;
  ranks: Record<string, number | null | undefined>;
}

export function FeedForm({
  library,
  feed,
  close,
  changed,
}: {
  library: LibraryFull;
  feed?: Feed;
  close: () => void;
  changed: () => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Given>();
  const [failed, setFailed] = useState<Problem>();
  const [resource, setResource] = useState(feed?.resource ?? "");
  const items = useGet<{ items: { name: string; column: string }[] }>(
    resource ? `/api/sharing/resources/by-code/${resource}` : null,
  );
  const options = (items.data?.items ?? []).map((one) => ({
    value: one.column,
    label: `${one.column} · ${one.name}`,
  }));
  const save = async (given: Given) => {
    setFailed(undefined);
    const filled = <T,>(values: Record<string, T | null | undefined> | undefined) =>
      Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value));
    try {
      await put(`/api/sharing/libraries/${library.code}/feeds/${given.code}`, {
        resource: given.resource.trim(),
        rank: given.rank,
        since: given.since ?? "",
        columns: filled(given.columns),
        ranks: filled(given.ranks),
      });
      void message.success(t("libraries.started"));
      changed();
      close();
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  const matching = { filterOption: true } as const;
  return (
    <Drawer
      open
      onClose={close}
      size={720}
      title={feed ? feed.resource_name : t("libraries.add_feed")}
      extra={
        <Button type="primary" onClick={() => form.submit()}>
          {t("libraries.save")}
        </Button>
      }
    >
      {failed && <ProblemBox problem={failed} />}
      <Form<Given>
        form={form}
        layout="horizontal"
        labelCol={{ span: 9 }}
        onFinish={save}
        initialValues={
          feed
            ? { ...feed, since: feed.since || undefined }
            : { rank: 50, columns: {}, ranks: {} }
        }
      >
        <Form.Item name="code" label={t("libraries.code")} rules={[{ required: true }]}>
          <Input disabled={Boolean(feed)} placeholder={t("libraries.code_hint")} />
        </Form.Item>
        <Form.Item name="resource" label={t("libraries.resource")} rules={[{ required: true }]}>
          <Input
            placeholder={t("libraries.resource_hint")}
            onBlur={(event) => setResource(event.target.value.trim())}
          />
        </Form.Item>
        <Form.Item name="rank" label={t("libraries.rank")} tooltip={t("libraries.rank_hint")}>
          <InputNumber min={1} max={99} precision={0} />
        </Form.Item>
        <Form.Item name="since" label={t("libraries.since")}>
          <AutoComplete allowClear options={options} {...matching} />
        </Form.Item>
        <h3>{t("libraries.columns")}</h3>
        {library.fields.map((one) => (
          <Form.Item key={one.name} label={one.title} style={{ marginBottom: 8 }}>
            <div style={{ display: "flex", gap: 8 }}>
              <Form.Item noStyle name={["columns", one.name]}>
                <AutoComplete
                  allowClear
                  options={options}
                  aria-label={one.title}
                  style={{ flex: 1 }}
                  {...matching}
                />
              </Form.Item>
              <Form.Item noStyle name={["ranks", one.name]}>
                <InputNumber
                  min={1}
                  max={99}
                  precision={0}
                  placeholder={t("libraries.rank")}
                  aria-label={`${one.title} ${t("libraries.rank")}`}
                />
              </Form.Item>
            </div>
          </Form.Item>
        ))}
      </Form>
    </Drawer>
  );
}
