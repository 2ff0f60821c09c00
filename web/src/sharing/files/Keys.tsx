/** Public keys of the own organisation: registered, and ended. */

import { App, Button, Form, Input, Popconfirm, Table, Tag } from "antd";
import { useState } from "react";
import { type Problem, post, remove } from "../../data/http";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import type { FileKey } from "./types";

interface Given {
  name: string;
  recipient: string;
}

export function Keys() {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Given>();
  const [problem, setProblem] = useState<Problem>();
  const found = useGet<{ items: FileKey[] }>("/api/sharing/files/keys");
  const done = async (work: Promise<unknown>, said: string) => {
    try {
      await work;
      setProblem(undefined);
      message.success(said);
      found.reload();
      return true;
    } catch (error) {
      setProblem(error as Problem);
      return false;
    }
  };
  const add = async (given: Given) => {
    if (await done(post("/api/sharing/files/keys", given), t("files.key_added"))) form.resetFields();
  };
  return (
    <div data-testid="file-keys">
      <p>{t("files.keys_hint")}</p>
      <pre className="quiet">age-keygen -o key.txt{"\n"}age --decrypt -i key.txt data.csv.age &gt; data.csv</pre>
      <Form form={form} layout="inline" onFinish={add} style={{ marginBottom: 12, rowGap: 8 }}>
        <Form.Item name="name" rules={[{ required: true, whitespace: true, message: "" }]}>
          <Input maxLength={100} aria-label={t("files.key_name")} placeholder={t("files.key_name")} />
        </Form.Item>
        <Form.Item name="recipient" rules={[{ required: true, whitespace: true, message: "" }]}>
          <Input
            style={{ width: 420, maxWidth: "80vw" }}
            maxLength={2000}
            aria-label={t("files.key_public")}
            placeholder="age1…"
          />
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {t("files.key_add")}
        </Button>
      </Form>
      {problem && <ProblemBox problem={problem} />}
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      <Table<FileKey>
        rowKey="id"
        size="small"
        pagination={false}
        loading={found.loading && !found.data}
        locale={{ emptyText: t("files.keys_none") }}
        dataSource={found.data?.items ?? []}
        columns={[
          { title: t("files.key_name"), dataIndex: "name" },
          {
            title: t("files.key_owner"),
            render: (_, one) => (one.mine ? <Tag color="blue">{t("files.key_mine")}</Tag> : one.owner),
          },
          {
            title: t("files.key_public"),
            render: (_, one) => <code title={one.recipient}>{one.recipient.slice(0, 32)}…</code>,
          },
          { title: t("files.at"), render: (_, one) => <When at={one.added_at} /> },
          {
            render: (_, one) =>
              one.can_end && (
                <Popconfirm
                  title={t("files.key_end_sure")}
                  onConfirm={() => done(remove(`/api/sharing/files/keys/${one.id}`), t("files.key_ended"))}
                >
                  <Button size="small" type="link" danger>
                    {t("files.key_end")}
                  </Button>
                </Popconfirm>
              ),
          },
        ]}
      />
    </div>
  );
}
