/** The files of a resource: versions, upload for its provider, download for who may. */

import { App, Button, Input, Modal, Progress, Space, Table, Tag, Upload } from "antd";
import { useEffect, useRef, useState } from "react";
import { type Problem, post, withQuery } from "../../data/http";
import { useSend } from "../../data/send";
import { useSession } from "../../data/session";
import type { Page } from "../../data/types";
import { useGet, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { More, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { Reason } from "../grants/Reason";
import type { Grant } from "../grants/types";
import { bytes } from "./bytes";
import { send } from "./tus";
import type { Version } from "./types";

const COLOURS = { kept: "green", withdrawn: "red", replaced: "default" };

export function FileVersions({ resource, provides }: { resource: number; provides: boolean }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const grants = useGet<Page<Grant>>(
    provides ? null : withQuery("/api/sharing/grants", { side: "user", resource }),
  );
  const granted = grants.data?.items.some((one) => one.in_force && one.terms.modes.includes("file"));
  const gets = provides || granted;
  const given = may("sharing.operate") || gets;
  const found = usePages<Version>(given ? `/api/sharing/files/of/${resource}` : null);
  const [withdrawn, choose] = useState<Version>();
  const withdrawal = useSend(async (reason: string) => {
    await post(`/api/sharing/files/versions/${withdrawn?.id}/withdraw`, { reason });
    choose(undefined);
    found.reload();
  });
  const denied = given === false || found.problem?.status === 403;
  return (
    <div data-testid="file-versions">
      {provides && <Sending resource={resource} onDone={found.reload} />}
      {grants.problem && <ProblemBox problem={grants.problem} retry={grants.reload} />}
      {denied && <p className="quiet">{t("files.no_grant")}</p>}
      {found.problem && !denied && <ProblemBox problem={found.problem} retry={found.reload} />}
      {given && !denied && (
        <Table<Version>
          rowKey="id"
          size="small"
          pagination={false}
          loading={found.loading && !found.items.length}
          locale={{ emptyText: t("files.none") }}
          dataSource={found.items}
          scroll={{ x: "max-content" }}
          columns={[
            {
              title: t("files.name"),
              render: (_, one) =>
                one.state === "kept" && gets ? (
                  <a href={`/api/sharing/files/versions/${one.id}`} download>
                    {one.name}
                  </a>
                ) : (
                  one.name
                ),
            },
            { title: t("files.version"), dataIndex: "number", width: 70 },
            { title: t("files.size"), render: (_, one) => bytes(one.size) },
            { title: t("files.note"), dataIndex: "note" },
            {
              title: t("files.state"),
              render: (_, one) => (
                <>
                  <Tag color={COLOURS[one.state]}>{t(`files.state.${one.state}` as Key)}</Tag>
                  {one.end_reason}
                </>
              ),
            },
            { title: t("files.at"), render: (_, one) => <When at={one.at} /> },
            { title: "SHA-256", render: (_, one) => <Sum of={one.sha256} /> },
            {
              render: (_, one) =>
                provides &&
                one.state === "kept" && (
                  <Button size="small" type="link" danger onClick={() => choose(one)}>
                    {t("files.withdraw")}
                  </Button>
                ),
            },
          ]}
        />
      )}
      <More more={found.more} />
      <Modal
        open={!!withdrawn}
        footer={null}
        destroyOnHidden
        title={withdrawn && t("files.withdraw_of", { name: withdrawn.name, number: withdrawn.number })}
        onCancel={() => {
          choose(undefined);
          withdrawal.clear();
        }}
      >
        <p>{t("files.withdraw_hint")}</p>
        {withdrawal.problem && <ProblemBox problem={withdrawal.problem} />}
        <Reason needed busy={withdrawal.busy} onGiven={withdrawal.send} />
      </Modal>
    </div>
  );
}

/** The beginning of a checksum; the whole of it when it is pointed at. */
export function Sum({ of }: { of: string }) {
  return (
    <code className="quiet" title={of}>
      {of.slice(0, 12)}…
    </code>
  );
}

function Sending({ resource, onDone }: { resource: number; onDone: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [note, setNote] = useState("");
  const [file, setFile] = useState<File>();
  const [share, setShare] = useState<number>();
  const [problem, setProblem] = useState<Problem>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const start = async (chosen: File) => {
    stop.current = new AbortController();
    setProblem(undefined);
    setShare(0);
    try {
      await send({ file: chosen, resource, note, progress: setShare, stop: stop.current.signal });
      message.success(t("files.sent", { name: chosen.name }));
      setFile(undefined);
      setNote("");
      onDone();
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem(error as Problem);
    } finally {
      setShare(undefined);
    }
  };
  const busy = share !== undefined;
  return (
    <div style={{ marginBottom: 12 }} data-testid="file-upload">
      <Space wrap>
        <Upload
          showUploadList={false}
          disabled={busy}
          beforeUpload={(chosen) => {
            setFile(chosen);
            setProblem(undefined);
            return false;
          }}
        >
          <Button disabled={busy}>{t("files.choose")}</Button>
        </Upload>
        {file && (
          <span>
            {file.name} <span className="quiet">{bytes(file.size)}</span>
          </span>
        )}
        <Input
          style={{ width: 280 }}
          maxLength={1000}
          disabled={busy}
          aria-label={t("files.note")}
          placeholder={t("files.note_hint")}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <Button type="primary" disabled={!file || busy} onClick={() => file && start(file)}>
          {t("files.send")}
        </Button>
        {busy && <Button onClick={() => stop.current?.abort()}>{t("files.pause")}</Button>}
      </Space>
      {busy && <Progress percent={Math.floor((share ?? 0) * 100)} aria-label={t("files.progress")} />}
      <p className="quiet" style={{ margin: "6px 0 0" }}>
        {t("files.send_hint")}
      </p>
      {problem && <ProblemBox problem={problem} retry={file && (() => start(file))} />}
    </div>
  );
}
