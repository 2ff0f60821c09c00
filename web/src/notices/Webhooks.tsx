/** Other systems that are told of events, and whether they take them. */

import { Alert, Button, Card, Form, Input, Popconfirm, Select, Space, Switch, Table, Tag } from "antd";
import { type ReactNode, useState } from "react";
import { type Problem, post, put, remove } from "../data/http";
import { useSession } from "../data/session";
import type { CaseClass, Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { Webhook } from "./types";

const TOPICS = [
  "case.*",
  "case.opened",
  "case.accept",
  "case.dispatch",
  "case.transfer",
  "case.report",
  "case.close",
  "case.reopen",
  "case.warned",
  "case.overdue",
  "case.stage_overdue",
];
const SEVERITIES = ["notice", "warning", "urgent", "critical"];
const KINDS = ["new", "working", "waiting", "done", "void"];

interface Made {
  name: string;
  url: string;
  purpose: string;
  topics: string[];
  case_class?: string[];
  area?: number[];
  organisation?: number[];
  severity?: string[];
  kind?: string[];
}

interface Named {
  id: number;
  name_zh: string;
  name_en: string;
}

const FILTERS = ["case_class", "area", "organisation", "severity", "kind"] as const;

function Health({ one }: { one: Webhook }) {
  const { t } = useLanguage();
  if (!one.active) return <Tag>{t("notices.hook_off")}</Tag>;
  if (one.failures === 0)
    return (
      <Tag color={one.last_good_at ? "success" : "default"}>
        {t(one.last_good_at ? "notices.hook_good" : "notices.hook_fresh")}
      </Tag>
    );
  return (
    <>
      <Tag color="error">{t("notices.hook_bad", { count: one.failures })}</Tag>
      {one.paused_until && (
        <div>
          {t("notices.hook_paused")} <When at={one.paused_until} />
        </div>
      )}
      <div className="quiet">{one.last_answer}</div>
    </>
  );
}

function Narrowed({ one }: { one: Webhook }) {
  const { t } = useLanguage();
  const words = FILTERS.filter((name) => one.narrowed[name]?.length).map(
    (name) => `${t(`notices.only_${name}` as Key)}: ${one.narrowed[name]!.join(", ")}`,
  );
  return words.length ? <div className="quiet">{words.join(" · ")}</div> : null;
}

function NewWebhook({ made }: { made: (secret: string) => void }) {
  const { t, lang } = useLanguage();
  const [form] = Form.useForm<Made>();
  const classes = useGet<Page<CaseClass>>("/api/cases/classes");
  const areas = useGet<Page<Named>>("/api/registry/areas?limit=500");
  const units = useGet<Page<Named>>("/api/registry/organisations?limit=500");
  const named = (found?: Page<Named>) =>
    (found?.items ?? []).map((one) => ({
      value: one.id,
      label: (lang === "en" && one.name_en) || one.name_zh,
    }));
  const many = (options: { value: string | number; label: string }[]) => (
    <Select mode="multiple" allowClear showSearch={{ optionFilterProp: "label" }} options={options} />
  );
  const [problem, setProblem] = useState<Problem>();
  const add = async ({ name, url, purpose, topics, ...filters }: Made) => {
    setProblem(undefined);
    try {
      const narrowed = Object.fromEntries(FILTERS.map((one) => [one, filters[one] ?? []]));
      const body = { name, url, purpose, topics, narrowed };
      const { secret } = await post<{ secret: string }>("/api/notices/webhooks", body);
      form.resetFields();
      made(secret);
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const field = (name: keyof Made, input: ReactNode, needed = true) => (
    <Form.Item
      name={name}
      label={t(`notices.hook_${name}` as Key)}
      rules={needed ? [{ required: true, message: t("form.required") }] : []}
    >
      {input}
    </Form.Item>
  );
  return (
    <Card size="small" title={t("notices.hook_new")} style={{ marginBottom: 16 }}>
      {problem && <ProblemBox problem={problem} />}
      <Form<Made>
        form={form}
        layout="vertical"
        onFinish={add}
        initialValues={{ topics: ["case.*"] }}
        className="hook-form"
      >
        {field("name", <Input maxLength={128} />)}
        {field("url", <Input maxLength={500} placeholder="https://" />)}
        {field("purpose", <Input maxLength={300} />)}
        {field(
          "topics",
          <Select mode="tags" options={TOPICS.map((value) => ({ value, label: value }))} />,
        )}
        {field(
          "case_class",
          many((classes.data?.items ?? []).map((one) => ({ value: one.code, label: one.title }))),
          false,
        )}
        {field("area", many(named(areas.data)), false)}
        {field("organisation", many(named(units.data)), false)}
        {field(
          "severity",
          <Select
            mode="multiple"
            options={SEVERITIES.map((value) => ({ value, label: t(`severity.${value}` as Key) }))}
          />,
          false,
        )}
        {field(
          "kind",
          <Select
            mode="multiple"
            options={KINDS.map((value) => ({ value, label: t(`notices.kind_${value}` as Key) }))}
          />,
          false,
        )}
        <Button type="primary" htmlType="submit">
          {t("form.save")}
        </Button>
      </Form>
    </Card>
  );
}

export function Webhooks() {
  const { t } = useLanguage();
  const { may } = useSession();
  const list = useGet<Page<Webhook>>("/api/notices/webhooks");
  const [problem, setProblem] = useState<Problem>();
  const [secret, setSecret] = useState("");
  const [tested, setTested] = useState(false);
  const manage = may("notices.manage");
  const act = async (work: () => Promise<unknown>) => {
    setProblem(undefined);
    setTested(false);
    try {
      await work();
    } catch (error) {
      setProblem(error as Problem);
    }
    list.reload();
  };
  const test = (one: Webhook) =>
    act(async () => {
      await post(`/api/notices/webhooks/${one.id}/test`);
      setTested(true);
    });
  const renew = (one: Webhook) =>
    act(async () => {
      const made = await post<{ secret: string }>(`/api/notices/webhooks/${one.id}/secret`);
      setSecret(made.secret);
    });
  const turn = (one: Webhook, active: boolean) => {
    const { name, url, purpose, topics, narrowed } = one;
    const body = { name, url, purpose, topics, narrowed, active };
    return act(() => put(`/api/notices/webhooks/${one.id}`, body));
  };
  return (
    <>
      {problem && <ProblemBox problem={problem} />}
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      {tested && <Alert type="success" showIcon title={t("notices.tested")} />}
      {secret && (
        <Alert
          type="warning"
          showIcon
          closable
          style={{ marginBottom: 16 }}
          title={t("notices.hook_secret")}
          description={<code data-testid="hook-secret">{secret}</code>}
        />
      )}
      {manage && (
        <NewWebhook
          made={(fresh) => {
            setSecret(fresh);
            list.reload();
          }}
        />
      )}
      <div className="table-scroll">
        <Table<Webhook>
          rowKey="id"
          size="middle"
          pagination={false}
          dataSource={list.data?.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing /> }}
          columns={[
            {
              title: t("notices.hook_name"),
              render: (_, one) => (
                <>
                  {one.name}
                  <div className="quiet">{one.purpose}</div>
                </>
              ),
            },
            { title: t("notices.hook_url"), dataIndex: "url" },
            {
              title: t("notices.hook_topics"),
              render: (_, one) => (
                <>
                  {one.topics.join(", ")}
                  <Narrowed one={one} />
                </>
              ),
            },
            { title: t("notices.hook_health"), render: (_, one) => <Health one={one} /> },
            { title: t("notices.hook_waiting"), dataIndex: "waiting", align: "right", width: 90 },
            {
              title: t("notices.hook_switch"),
              width: 80,
              render: (_, one) => (
                <Switch
                  aria-label={`${t("notices.hook_switch")} ${one.name}`}
                  disabled={!manage}
                  checked={one.active}
                  onChange={(on) => void turn(one, on)}
                />
              ),
            },
            {
              title: "",
              width: 250,
              render: (_, one) =>
                manage && (
                  <Space size={0}>
                    <Button type="link" size="small" onClick={() => void test(one)}>
                      {t("notices.test")}
                    </Button>
                    <Popconfirm title={t("notices.hook_renew_sure")} onConfirm={() => renew(one)}>
                      <Button type="link" size="small">
                        {t("notices.hook_renew")}
                      </Button>
                    </Popconfirm>
                    <Popconfirm
                      title={t("notices.hook_remove_sure")}
                      onConfirm={() => act(() => remove(`/api/notices/webhooks/${one.id}`))}
                    >
                      <Button type="link" danger size="small">
                        {t("form.remove")}
                      </Button>
                    </Popconfirm>
                  </Space>
                ),
            },
          ]}
        />
      </div>
    </>
  );
}
