/** The review of a resource before it is opened: what speaks against it, which files, release. */

import { Alert, App, Button, Form, Input, Modal, Select, Space, Table } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { post, withQuery } from "../../data/http";
import { useSend } from "../../data/send";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import type { Resource } from "../catalogueTypes";
import { bytes } from "../files/bytes";
import type { Version } from "../files/types";
import { Reason } from "../grants/Reason";
import type { Released, Review } from "./types";

const LICENCES = ["cc-by-4.0", "cc0-1.0", "odc-by-1.0"];

export function Release({ of }: { of: Resource }) {
  const path = `/api/sharing/resources/${of.id}/opening`;
  const now = useGet<Review>(path);
  const [chosen, choose] = useState<number[]>();
  if (now.problem) return <ProblemBox problem={now.problem} retry={now.reload} />;
  if (!now.data) return <Busy />;
  const files = chosen ?? now.data.files.filter((one) => one.opened).map((one) => one.id);
  const done = () => {
    choose(undefined);
    now.reload();
  };
  const inForce = now.data.releases.find((one) => one.withdrawn_at === null);
  return (
    <div data-testid="release">
      {inForce && <InForce of={of} release={inForce} path={path} onDone={done} />}
      {now.data.files.length > 0 && (
        <Files path={path} files={now.data.files} chosen={files} onChosen={choose} />
      )}
      <Against path={path} files={files} />
      <ReleaseForm path={path} files={files} again={!!inForce} onDone={done} />
    </div>
  );
}

function InForce({
  of,
  release,
  path,
  onDone,
}: {
  of: Resource;
  release: Released;
  path: string;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const [asked, ask] = useState(false);
  const { send, busy, problem } = useSend(async (reason: string) => {
    await post(`${path}/withdraw`, { reason });
    ask(false);
    onDone();
  });
  return (
    <Space wrap style={{ marginBottom: 12 }}>
      <span>
        {t("open.released")} <When at={release.released_at} />
      </span>
      <Link to={`/open/${of.code.replaceAll("/", "-").toLowerCase()}`}>{t("open.on_portal")}</Link>
      <Button size="small" danger onClick={() => ask(true)}>
        {t("open.withdraw")}
      </Button>
      <Modal open={asked} title={t("open.withdraw")} footer={null} destroyOnHidden onCancel={() => ask(false)}>
        <p>{t("open.withdraw_hint")}</p>
        {problem && <ProblemBox problem={problem} />}
        <Reason needed busy={busy} onGiven={send} />
      </Modal>
    </Space>
  );
}

function Files({
  path,
  files,
  chosen,
  onChosen,
}: {
  path: string;
  files: Version[];
  chosen: number[];
  onChosen: (ids: number[]) => void;
}) {
  const { t } = useLanguage();
  return (
    <>
      <p className="quiet">{t("open.files_hint")}</p>
      <Table<Version>
        rowKey="id"
        size="small"
        pagination={files.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
        dataSource={files}
        scroll={{ x: "max-content" }}
        rowSelection={{
          selectedRowKeys: chosen,
          onChange: (ids) => onChosen(ids as number[]),
          getCheckboxProps: (one) => ({ "aria-label": `${one.name} ${one.number}` }) as object,
        }}
        columns={[
          {
            title: t("files.name"),
            render: (_, one) => (
              <a href={`${path}/files/${one.id}`} download>
                {one.name}
              </a>
            ),
          },
          { title: t("files.version"), dataIndex: "number" },
          { title: t("files.size"), render: (_, one) => bytes(one.size) },
          { title: t("files.note"), dataIndex: "note" },
          { title: t("files.at"), render: (_, one) => <When at={one.at} /> },
          { title: t("open.is_open"), render: (_, one) => (one.opened ? t("open.is_open") : "") },
        ]}
      />
    </>
  );
}

function Against({ path, files }: { path: string; files: number[] }) {
  const { t } = useLanguage();
  const found = useGet<Review>(withQuery(path, { files: files.join(",") }));
  if (found.problem) return <ProblemBox problem={found.problem} retry={found.reload} />;
  if (!found.data) return <Busy />;
  const against = found.data.findings;
  if (!against.length) {
    return <Alert type="success" showIcon title={t("open.nothing_against")} style={{ margin: "12px 0" }} />;
  }
  const texts = (
    <ul>
      {against.map((one) => (
        <li key={`${one.column}.${one.why}`}>{one.text}</li>
      ))}
    </ul>
  );
  const title = t("open.against");
  return <Alert type="warning" showIcon title={title} description={texts} style={{ margin: "12px 0" }} />;
}

function ReleaseForm({
  path,
  files,
  again,
  onDone,
}: {
  path: string;
  files: number[];
  again: boolean;
  onDone: () => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ licence: string; text: string }>();
  const { send, busy, problem } = useSend(async (given: { licence: string; text: string }) => {
    await post(path, { ...given, files });
    message.success(t("open.released"));
    form.resetFields(["text"]);
    onDone();
  });
  return (
    <Form layout="vertical" form={form} onFinish={send} initialValues={{ licence: LICENCES[0] }}>
      {problem && <ProblemBox problem={problem} />}
      <Form.Item name="licence" label={t("open.licence")} style={{ maxWidth: 240 }}>
        <Select options={LICENCES.map((one) => ({ value: one, label: one.toUpperCase() }))} />
      </Form.Item>
      <Form.Item name="text" label={t("open.review_text")} rules={[{ required: true, whitespace: true }]}>
        <Input.TextArea rows={2} maxLength={2000} />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={busy}>
        {t(again ? "open.release_again" : "open.release")}
      </Button>
    </Form>
  );
}
