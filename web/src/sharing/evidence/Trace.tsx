/** Whose copy a leaked file is. */

import { UploadOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Space, Table, Upload } from "antd";
import { useState } from "react";
import { type Problem, sendText, withQuery } from "../../data/http";
import { useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";

interface Made {
  id: number;
  grant: number;
  format: string;
  rows: number;
  asked_by: string;
  made_at: string;
  sha256: string;
}

interface Found {
  resource: string;
  receiver: string;
  of: string;
  who: string;
  deliveries: Made[];
  since: string;
  fitting: number;
  cells: number;
  bound: number;
}

interface Traced {
  found: Found[];
  cells: number;
  receivers: number;
}

export function Trace() {
  const { t } = useLanguage();
  const [resource, setResource] = useState("");
  const [traced, setTraced] = useState<Traced>();
  const [failed, setFailed] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const trace = async (file: File) => {
    setBusy(true);
    setFailed(undefined);
    setTraced(undefined);
    try {
      const path = withQuery("/api/sharing/files/trace", { name: file.name, resource });
      setTraced(JSON.parse(await sendText(path, file)));
    } catch (error) {
      setFailed(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div data-testid="evidence-trace">
      <p>{t("evidence.trace_hint")}</p>
      <Space wrap style={{ marginBottom: 12 }}>
        <Input
          aria-label={t("evidence.trace_resource")}
          placeholder={t("evidence.trace_resource")}
          value={resource}
          onChange={(event) => setResource(event.target.value)}
        />
        <Upload
          accept=".csv,.tsv,.txt,.xlsx,.parquet"
          showUploadList={false}
          beforeUpload={(file) => {
            void trace(file);
            return false;
          }}
        >
          <Button type="primary" icon={<UploadOutlined />} loading={busy}>
            {t("evidence.trace_file")}
          </Button>
        </Upload>
      </Space>
      {failed && <ProblemBox problem={failed} />}
      {traced && <Result of={traced} />}
    </div>
  );
}

function Result({ of }: { of: Traced }) {
  const { t } = useLanguage();
  const { cells, receivers, found } = of;
  if (found.length === 0)
    return <Alert type="info" showIcon title={t("evidence.trace_nobody", { cells, receivers })} />;
  return (
    <Table<Found>
      size="small"
      rowKey={(one) => `${one.resource} ${one.receiver}`}
      pagination={false}
      dataSource={found}
      expandable={{
        defaultExpandAllRows: true,
        rowExpandable: (one) => one.deliveries.length > 0,
        expandedRowRender: (one) => <Deliveries of={one.deliveries} />,
      }}
      columns={[
        { title: t("evidence.receiver"), dataIndex: "who" },
        { title: t("evidence.resource"), dataIndex: "of" },
        { title: t("evidence.since"), render: (_, one) => <When at={one.since} /> },
        { title: t("evidence.fitting"), render: (_, one) => `${one.fitting} / ${one.cells}` },
        { title: t("evidence.bound"), render: (_, one) => one.bound.toExponential(1) },
      ]}
    />
  );
}

/** The extracts that the receiver had, the newest first. */
function Deliveries({ of }: { of: Made[] }) {
  const { t } = useLanguage();
  return (
    <Table<Made>
      size="small"
      rowKey="id"
      pagination={false}
      dataSource={of}
      columns={[
        { title: t("evidence.made_at"), render: (_, one) => <When at={one.made_at} /> },
        { title: t("evidence.made_for"), dataIndex: "asked_by" },
        { title: t("evidence.made_grant"), dataIndex: "grant" },
        { title: t("evidence.made_format"), dataIndex: "format" },
        { title: t("evidence.made_rows"), dataIndex: "rows" },
        { title: "SHA-256", render: (_, one) => <code title={one.sha256}>{one.sha256.slice(0, 16)}…</code> },
      ]}
    />
  );
}
