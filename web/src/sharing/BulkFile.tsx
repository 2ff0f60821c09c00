/** Entries from the template in Excel: chosen, checked, then taken in; faults by sheet and row. */

import { Alert, App, Button, Modal, Space, Table, Upload } from "antd";
import { useState } from "react";
import { type Fault, type Problem, sendForm } from "../data/http";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";

interface Counts {
  added: number;
  changed: number;
  unchanged: number;
}

type SheetFault = Fault & { sheet_title?: string };

export function BulkFile({ onDone }: { onDone: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [shown, show] = useState(false);
  const [file, setFile] = useState<File>();
  const [ready, setReady] = useState<Counts>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const send = async (look: boolean) => {
    if (!file) return;
    const form = new FormData();
    form.append("file", file, file.name);
    setBusy(true);
    setProblem(undefined);
    setReady(undefined);
    try {
      const path = `/api/sharing/resources/import${look ? "?preview=true" : ""}`;
      const found = await sendForm<Counts>(path, form);
      if (look) setReady(found);
      else {
        message.success(t("catalogue.taken", { ...found }));
        show(false);
        onDone();
      }
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        onClick={() => {
          setFile(undefined);
          setReady(undefined);
          setProblem(undefined);
          show(true);
        }}
      >
        {t("catalogue.import")}
      </Button>
      <Modal
        open={shown}
        title={t("catalogue.import")}
        width={760}
        onCancel={() => show(false)}
        destroyOnHidden
        footer={
          <Space>
            <Button disabled={!file} loading={busy} onClick={() => send(true)}>
              {t("catalogue.check")}
            </Button>
            <Button type="primary" disabled={!file} loading={busy} onClick={() => send(false)}>
              {t("catalogue.take_in")}
            </Button>
          </Space>
        }
      >
        <Space wrap>
          <Upload
            accept=".xlsx"
            maxCount={1}
            showUploadList={false}
            beforeUpload={(chosen) => {
              setFile(chosen);
              setReady(undefined);
              setProblem(undefined);
              return false;
            }}
          >
            <Button>{t("catalogue.choose")}</Button>
          </Upload>
          <span>{file?.name}</span>
          <a href="/api/sharing/resources/template.xlsx">{t("catalogue.template")}</a>
        </Space>
        {ready && <Alert type="success" showIcon title={t("catalogue.ready", { ...ready })} />}
        {problem &&
          (problem.faults.length ? (
            <>
              <Alert
                type="error"
                showIcon
                title={t("catalogue.faults", { count: problem.faults.length })}
              />
              <Table<SheetFault>
                size="small"
                rowKey={(one) => `${one.sheet_title}.${one.row}.${one.column}.${one.why}`}
                dataSource={problem.faults}
                pagination={problem.faults.length > 20 ? { pageSize: 20 } : false}
                columns={[
                  { title: t("catalogue.sheet"), dataIndex: "sheet_title", width: 90 },
                  { title: t("catalogue.row"), dataIndex: "row", width: 60 },
                  { title: t("catalogue.field"), dataIndex: "column_title", width: 120 },
                  { title: t("catalogue.problem"), dataIndex: "text" },
                ]}
              />
            </>
          ) : (
            <ProblemBox problem={problem} />
          ))}
      </Modal>
    </>
  );
}
