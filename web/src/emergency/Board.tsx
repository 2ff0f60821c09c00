/** The tasks of an emergency by state, and what the reader may do with each. */

import { UploadOutlined } from "@ant-design/icons";
import { Button, Form, Image, Input, Modal, Select, Upload, type UploadFile } from "antd";
import { useState } from "react";
import { type Problem, post, upload } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Nothing, ProblemBox } from "../parts/states";
import { Countdown, When } from "../parts/time";
import type { IncidentFull, Task } from "./types";

const COLUMNS: { key: Key; states: Task["state"][] }[] = [
  { key: "emergency.column.waiting", states: ["waiting"] },
  { key: "emergency.column.open", states: ["open"] },
  { key: "emergency.column.taken", states: ["taken"] },
  { key: "emergency.column.settled", states: ["done", "cancelled"] },
];

interface Given {
  text?: string;
  reason?: string;
  organisation?: number;
  photos?: UploadFile[];
}

interface Doing {
  task: Task;
  step: string;
}

function Fields({ doing }: { doing: Doing }) {
  const { t, lang } = useLanguage();
  const { task, step } = doing;
  const units = useGet<Page<{ id: number; name_zh: string; name_en: string }>>(
    step === "assign" ? "/api/registry/organisations?limit=500" : null,
  );
  const required = (on: boolean) => [{ required: on, message: t("form.required") }];
  return (
    <>
      {step === "assign" && (
        <Form.Item name="organisation" label={t("step.to_organisation")} rules={required(true)}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={units.data?.items.map((one) => ({
              value: one.id,
              label: lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en,
            }))}
          />
        </Form.Item>
      )}
      {step === "report" && (
        <>
          <Form.Item name="text" label={t("emergency.said")} rules={required(task.text_needed)}>
            <Input.TextArea rows={3} maxLength={2000} />
          </Form.Item>
          <Form.Item
            name="photos"
            label={t("emergency.photos", { count: task.photos_needed })}
            valuePropName="fileList"
            getValueFromEvent={(event) => event.fileList}
            rules={required(task.photos_needed > 0)}
          >
            <Upload beforeUpload={() => false} accept="image/*" multiple>
              <Button icon={<UploadOutlined />}>{t("emergency.choose")}</Button>
            </Upload>
          </Form.Item>
        </>
      )}
      {step !== "report" && (
        <Form.Item
          name="reason"
          label={t("emergency.reason")}
          rules={required(step === "cannot" || step === "cancel")}
        >
          <Input.TextArea rows={2} maxLength={500} />
        </Form.Item>
      )}
    </>
  );
}

function Card({ no, task, onDo }: { no: number; task: Task; onDo: (doing: Doing) => void }) {
  const { t } = useLanguage();
  const over = task.state === "done" || task.state === "cancelled";
  return (
    <li className={`task ${task.state}${task.late ? " late" : ""}`} data-testid={task.code}>
      <div className="line">
        <b>{task.title}</b>
        {task.late && <span className="state overdue">{t("emergency.late")}</span>}
      </div>
      <div className="quiet" title={task.why}>
        {task.state !== "waiting" &&
          [task.organisation_name || t("emergency.centre"), task.handler_name]
            .filter(Boolean)
            .join(" · ")}
        {task.escalated > 0 && ` · ${t("emergency.escalated")}`}
      </div>
      {task.state === "waiting" && (
        <div className="quiet">{t("emergency.after", { tasks: task.after.join(t("emergency.and")) })}</div>
      )}
      {!over && task.due_at && <Countdown due={task.due_at} overdue={task.late} />}
      {over && (
        <div className="quiet">
          {task.state_title} · <When at={task.settled_at} />
        </div>
      )}
      {(task.text || task.reason) && <div>{task.text || task.reason}</div>}
      {task.photos.length > 0 && (
        <div className="photos">
          {task.photos.map((sha) => (
            <Image
              key={sha}
              src={`/api/emergencies/${no}/photos/${sha}`}
              width={64}
              height={48}
              alt={t("case.photo")}
            />
          ))}
        </div>
      )}
      <div className="do">
        {task.steps.map((step) => (
          <Button
            key={step}
            size="small"
            type={step === "report" || step === "take" ? "primary" : "default"}
            ghost={step === "take"}
            onClick={() => onDo({ task, step })}
          >
            {t(`emergency.step.${step}` as Key)}
          </Button>
        ))}
      </div>
    </li>
  );
}

export function Board({ found, onDone }: { found: IncidentFull; onDone: () => void }) {
  const { t } = useLanguage();
  const [doing, setDoing] = useState<Doing>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const act = async ({ task, step }: Doing, given: Given) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const path = `/api/emergencies/${found.no}/tasks/${task.id}`;
      const files = (given.photos ?? []).flatMap((one) =>
        one.originFileObj ? [one.originFileObj] : [],
      );
      const photos = files.length
        ? (await upload<{ photos: { sha: string }[] }>(`${path}/photos`, files)).photos
        : [];
      await post(`${path}/${step}`, {
        text: given.text ?? "",
        reason: given.reason ?? "",
        organisation: given.organisation ?? null,
        photos: photos.map((one) => one.sha),
        version: task.version,
      });
      setDoing(undefined);
      onDone();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const begin = (next: Doing) => {
    setProblem(undefined);
    form.resetFields();
    if (next.step === "take") void act(next, {});
    else setDoing(next);
  };
  if (!found.tasks.length) return <Nothing />;
  return (
    <>
      {problem && !doing && <ProblemBox problem={problem} />}
      <div className="board">
        {COLUMNS.map(({ key, states }) => {
          const tasks = found.tasks.filter((one) => states.includes(one.state));
          return (
            <section key={key} aria-label={t(key)}>
              <h4>
                {t(key)} <span className="quiet">{tasks.length}</span>
              </h4>
              <ul>
                {tasks.map((task) => (
                  <Card key={task.id} no={found.no} task={task} onDo={begin} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      <Modal
        open={!!doing}
        title={doing && `${t(`emergency.step.${doing.step}` as Key)} · ${doing.task.title}`}
        onCancel={() => setDoing(undefined)}
        onOk={() => form.submit()}
        okButtonProps={{ loading: busy }}
        destroyOnHidden
      >
        <Form form={form} layout="vertical" onFinish={(given) => doing && act(doing, given)}>
          {doing && <Fields doing={doing} />}
        </Form>
        {problem && <ProblemBox problem={problem} />}
      </Modal>
    </>
  );
}
