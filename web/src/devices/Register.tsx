/** Registering devices: one by a form, or many from a list that is looked over first. */

import { UploadOutlined } from "@ant-design/icons";
import {
  Alert,
  App,
  Button,
  Card,
  Checkbox,
  Form,
  Input,
  InputNumber,
  Select,
  Switch,
  Table,
  Upload,
} from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { type Problem, post, sendText, withQuery } from "../data/http";
import { useLanguage } from "../i18n";
import { Nothing, ProblemBox } from "../parts/states";
import { type Attribute, KindChoice, save, useKinds } from "./choices";
import { Secret } from "./Secret";
import type { CellProblem, Outlook } from "./types";

const TEXTS = ["name", "supplier", "model", "serial", "gateway", "network"] as const;

interface Made {
  thing: number;
  code: string;
  credential: string;
  secret: string;
}

function AttributeInput({ attribute, ...rest }: { attribute: Attribute }) {
  if (attribute.type === "number") return <InputNumber style={{ width: "100%" }} {...rest} />;
  if (attribute.type === "flag") return <Switch {...rest} />;
  if (attribute.type === "choice")
    return (
      <Select
        allowClear
        options={attribute.options.map((one) => ({ value: one, label: one }))}
        {...rest}
      />
    );
  return <Input {...rest} />;
}

export function OneDevice() {
  const { t } = useLanguage();
  const [form] = Form.useForm();
  const kind: string | undefined = Form.useWatch("kind", form);
  const attributes =
    useKinds().find((one) => one.kind === kind)?.care?.attributes ?? [];
  const [problem, setProblem] = useState<Problem>();
  const [made, setMade] = useState<Made>();
  const submit = async (given: Record<string, unknown>) => {
    setProblem(undefined);
    const body = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== ""),
    );
    try {
      setMade(await post<Made>("/api/devices", body));
      form.resetFields(["code", "name", "serial"]);
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <Card title={t("fleet.one")} size="small">
      {problem && <ProblemBox problem={problem} />}
      {made && (
        <Alert
          type="success"
          style={{ marginBottom: 14 }}
          title={
            <Link to={`/device/${made.thing}`} data-testid="made">
              {t("fleet.made", { code: made.code })}
            </Link>
          }
          description={made.secret && <Secret name={made.credential} secret={made.secret} />}
        />
      )}
      <Form form={form} layout="vertical" onFinish={submit} initialValues={{ credential: true }}>
        <div className="columns">
          <Form.Item name="kind" label={t("device.kind")} rules={[{ required: true }]}>
            <KindChoice />
          </Form.Item>
          <Form.Item name="code" label={t("device.code")} rules={[{ required: true }]}>
            <Input maxLength={128} />
          </Form.Item>
          {TEXTS.map((one) => (
            <Form.Item
              key={one}
              name={one}
              label={one === "name" ? t("device.name") : t(`fleet.${one}`)}
            >
              <Input maxLength={128} />
            </Form.Item>
          ))}
          <Form.Item name="lon" label={t("fleet.lon")}>
            <InputNumber min={-180} max={180} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item name="lat" label={t("fleet.lat")}>
            <InputNumber min={-90} max={90} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item
            name="installed_on"
            label={t("fleet.installed_on")}
            rules={[{ pattern: /^\d{4}-\d{2}-\d{2}$/, message: t("fleet.day") }]}
          >
            <Input placeholder="2026-07-01" />
          </Form.Item>
          {attributes.map((one) => (
            <Form.Item
              key={one.name}
              name={["properties", one.name]}
              label={one.title || one.name}
              rules={[{ required: one.required, message: t("form.required") }]}
            >
              <AttributeInput attribute={one} />
            </Form.Item>
          ))}
        </div>
        <Form.Item name="credential" valuePropName="checked">
          <Checkbox>{t("fleet.with_secret")}</Checkbox>
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {t("fleet.register")}
        </Button>
      </Form>
    </Card>
  );
}

export function ManyDevices() {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [kind, setKind] = useState<string>();
  const [file, setFile] = useState<File>();
  const [outlook, setOutlook] = useState<Outlook>();
  const [secrets, setSecrets] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const forget = () => {
    setOutlook(undefined);
    setProblem(undefined);
  };
  const look = async (chosen: File) => {
    setFile(chosen);
    forget();
    setBusy(true);
    try {
      const path = withQuery("/api/devices/import", { kind, dry_run: "1" });
      setOutlook(JSON.parse(await sendText(path, chosen)) as Outlook);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const write = async () => {
    setBusy(true);
    try {
      const path = withQuery("/api/devices/import", { kind, credentials: secrets ? "1" : "" });
      const told = await sendText(path, file!);
      if (secrets) save("credentials.csv", told);
      void message.success(t("fleet.registered", { count: outlook!.rows }));
      setFile(undefined);
      forget();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title={t("fleet.many")} size="small">
      <div className="filters">
        <KindChoice
          value={kind}
          onChange={(value) => {
            setKind(value);
            forget();
          }}
        />
        <Button disabled={!kind} href={withQuery("/api/devices/template", { kind })}>
          {t("fleet.template")}
        </Button>
        <Upload
          accept=".csv,text/csv"
          maxCount={1}
          showUploadList={false}
          disabled={!kind}
          beforeUpload={(chosen) => {
            void look(chosen);
            return false;
          }}
        >
          <Button icon={<UploadOutlined />} disabled={!kind} loading={busy}>
            {file?.name ?? t("fleet.choose_file")}
          </Button>
        </Upload>
      </div>
      {problem && <ProblemBox problem={problem} />}
      {outlook && outlook.wrong === 0 && (
        <>
          <Alert
            type="success"
            showIcon
            data-testid="outlook"
            title={t("fleet.can_register", { count: outlook.rows })}
          />
          <Table
            rowKey="row"
            size="small"
            pagination={false}
            dataSource={outlook.first}
            style={{ margin: "12px 0" }}
            columns={["row", "code", "name", "lon", "lat", "supplier", "serial"].map((one) => ({
              title: t(`fleet.column_${one}` as Parameters<typeof t>[0]),
              dataIndex: one,
            }))}
          />
          <Checkbox checked={secrets} onChange={(event) => setSecrets(event.target.checked)}>
            {t("fleet.with_secrets")}
          </Checkbox>{" "}
          <Button type="primary" onClick={write} loading={busy} disabled={!outlook.rows}>
            {t("fleet.register_all", { count: outlook.rows })}
          </Button>
        </>
      )}
      {outlook && outlook.wrong > 0 && <Wrong outlook={outlook} />}
      {!outlook && !problem && <Nothing>{t("fleet.many_note")}</Nothing>}
    </Card>
  );
}

function Wrong({ outlook }: { outlook: Outlook }) {
  const { t } = useLanguage();
  return (
    <>
      <Alert
        type="error"
        showIcon
        data-testid="outlook"
        title={t("fleet.cannot_register", { count: outlook.wrong })}
      />
      <Table<CellProblem>
        rowKey={(one) => `${one.where} ${one.type}`}
        size="small"
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        dataSource={outlook.errors}
        style={{ marginTop: 12 }}
        columns={[
          { title: t("fleet.where"), dataIndex: "where", width: 240 },
          { title: t("fleet.what"), dataIndex: "title" },
          { title: t("fleet.todo"), dataIndex: "detail" },
        ]}
      />
    </>
  );
}
