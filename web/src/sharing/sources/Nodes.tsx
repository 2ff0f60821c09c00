/** Front-end nodes: which jobs they push, whether each has its key, when it was last heard of. */

import { Alert, App, Button, Popconfirm, Space, Tag, Typography } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { Problem, post, remove } from "../../data/http";
import { useSession } from "../../data/session";
import { usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { When } from "../../parts/time";
import { RunState } from "../exchange/RunFigures";
import type { Run } from "../exchange/types";
import { ListFrame } from "../lists/ListFrame";

interface NodeRow {
  job: string;
  name: string;
  to: string;
  organisation: number | null;
  organisation_name: string;
  key_at: string | null;
  seen_at: string | null;
  last: Run | null;
}

function settings(job: string): string {
  return [
    `platform: ${window.location.origin}`,
    `job: ${job}`,
    "token_file: /etc/yiwang/token",
    "source:",
    "  kind: postgresql",
    "  options: {host: 10.0.0.1, database: NAME, user: READER}",
    "  secret_file: /etc/yiwang/secret",
    "  table: TABLE",
  ].join("\n");
}

function GivenKey({ job, value, close }: { job: string; value: string; close: () => void }) {
  const { t } = useLanguage();
  return (
    <Alert
      type="warning"
      showIcon
      closable={{ onClose: close }}
      style={{ marginBottom: 14 }}
      title={t("node.key_once", { job })}
      description={
        <>
          <Typography.Text code copyable data-testid="node-key">
            {value}
          </Typography.Text>
          <p>{t("node.key_todo")}</p>
          <Typography.Paragraph copyable={{ text: settings(job) }}>
            <pre className="raw">{settings(job)}</pre>
          </Typography.Paragraph>
        </>
      }
    />
  );
}

function KeyActs({ of, give, end }: { of: NodeRow; give: () => void; end: () => void }) {
  const { t } = useLanguage();
  if (!of.key_at)
    return (
      <Button type="link" size="small" aria-label={`${t("node.give")} ${of.name}`} onClick={give}>
        {t("node.give")}
      </Button>
    );
  return (
    <Space size={0}>
      <Popconfirm title={t("node.renew_sure")} onConfirm={give}>
        <Button type="link" size="small">
          {t("node.renew")}
        </Button>
      </Popconfirm>
      <Popconfirm title={t("node.end_sure")} okButtonProps={{ danger: true }} onConfirm={end}>
        <Button type="link" size="small" danger>
          {t("node.end")}
        </Button>
      </Popconfirm>
    </Space>
  );
}

export function Nodes() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const operates = may("sharing.operate");
  const found = usePages<NodeRow>("/api/sharing/nodes");
  const [given, setGiven] = useState<{ job: string; value: string }>();
  const act = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      void message.error(error instanceof Problem ? `${error.title} ${error.todo}` : String(error), 8);
    }
    found.reload();
  };
  const path = (job: string) => `/api/sharing/exchange/${encodeURIComponent(job)}/key`;
  const give = (job: string) =>
    act(async () => setGiven({ job, value: (await post<{ key: string }>(path(job))).key }));
  const end = (job: string) =>
    act(async () => {
      await remove(path(job));
      setGiven(undefined);
      void message.success(t("node.ended"));
    });
  return (
    <>
      <p className="quiet">
        {t("node.about")} {operates && <Link to="/exchange-new">{t("node.register")}</Link>}
      </p>
      {given && <GivenKey job={given.job} value={given.value} close={() => setGiven(undefined)} />}
      <ListFrame<NodeRow>
        rowKey="job"
        found={found}
        scroll={{ x: 900 }}
        empty={t(operates ? "node.none" : "node.none_mine")}
        columns={[
          {
            title: t("exchange.job"),
            render: (_, one) => (
              <>
                <Link to={`/exchange/${one.job}`}>{one.name}</Link> <code className="quiet">{one.job}</code>
              </>
            ),
          },
          { title: t("source.organisation"), dataIndex: "organisation_name", width: 150 },
          { title: t("exchange.to"), dataIndex: "to", width: 180 },
          {
            title: t("node.key"),
            width: 180,
            render: (_, one) =>
              one.key_at ? (
                <>
                  <Tag color="success">{t("node.has_key")}</Tag>
                  <div className="quiet">
                    <When at={one.key_at} />
                  </div>
                </>
              ) : (
                <Tag>{t("node.no_key")}</Tag>
              ),
          },
          {
            title: t("node.seen"),
            width: 190,
            render: (_, one) =>
              one.seen_at ? <When at={one.seen_at} /> : <span className="quiet">{t("node.never")}</span>,
          },
          {
            title: t("exchange.state"),
            width: 120,
            render: (_, one) => one.last && <RunState run={one.last} />,
          },
          ...(operates
            ? [
                {
                  title: "",
                  width: 180,
                  render: (_: unknown, one: NodeRow) => (
                    <KeyActs of={one} give={() => give(one.job)} end={() => end(one.job)} />
                  ),
                },
              ]
            : []),
        ]}
      />
    </>
  );
}
