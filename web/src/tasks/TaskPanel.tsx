/** On the page of a case that carries out a task: milestones, reports, and the next report. */

import {
  Button,
  Checkbox,
  Form,
  Input,
  InputNumber,
  Progress,
  Select,
  Space,
  Tag,
  Upload,
} from "antd";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { type Problem, post, upload } from "../data/http";
import { useSession } from "../data/session";
import { useGet } from "../data/use";
import { told } from "../data/zone";
import { whoDid } from "../data/who";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { Day, Light } from "./Light";
import type { TaskFull } from "./types";

interface Sent {
  photos: { sha: string }[];
}

interface Given {
  percent: number;
  text: string;
  period?: string;
  reached?: number;
  milestones?: number[];
}

function ReportForm({ found, onDone }: { found: TaskFull; onDone: () => void }) {
  const { t, lang } = useLanguage();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [photos, setPhotos] = useState<File[]>([]);
  const [form] = Form.useForm<Given>();
  const must = [{ required: true, message: t("form.required") }];
  const open = found.marks.filter((one) => !one.done_at);
  const late = found.missing.filter((one) => !one.came).map((one) => one.period);
  const submit = async (values: Given) => {
    setBusy(true);
    try {
      const given = Object.entries(values).filter(([, value]) => value != null);
      const evidence = photos.length
        ? (await upload<Sent>(`/api/cases/${found.case}/photos`, photos)).photos
        : [];
      await post(`/api/plan-tasks/${found.id}/reports`, {
        ...Object.fromEntries(given),
        evidence: evidence.map((one) => one.sha),
      });
      setPhotos([]);
      setProblem(undefined);
      form.resetFields();
      onDone();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const due = found.period_due_at && told(found.period_due_at, lang);
  return (
    <Form form={form} layout="vertical" onFinish={submit} data-testid="progress-form">
      <h4>
        {found.period
          ? t("tasks.report_now", { period: found.period, at: due ?? "" })
          : t("tasks.report_any")}{" "}
        {found.period_reported && <span className="quiet">{t("tasks.reported")}</span>}
      </h4>
      <Space wrap align="start">
        <Form.Item name="percent" label={`${t("tasks.percent")} %`} rules={must}>
          <InputNumber min={0} max={100} precision={0} />
        </Form.Item>
        {found.target !== null && (
          <Form.Item
            name="reached"
            label={t("tasks.reached", { unit: found.unit, target: found.target })}
          >
            <InputNumber />
          </Form.Item>
        )}
        {found.period && late.length > 0 && (
          <Form.Item name="period" label={t("tasks.for")}>
            <Select
              style={{ width: 140 }}
              allowClear
              placeholder={found.period}
              options={[found.period, ...late].map((one) => ({ value: one, label: one }))}
            />
          </Form.Item>
        )}
      </Space>
      <Form.Item name="text" label={t("tasks.text")} rules={must}>
        <Input.TextArea rows={3} maxLength={5000} />
      </Form.Item>
      {open.length > 0 && (
        <Form.Item name="milestones" label={t("tasks.done_marks")}>
          <Checkbox.Group
            options={open.map((one) => ({ value: one.id, label: one.title }))}
          />
        </Form.Item>
      )}
      <Form.Item label={t("case.photo")}>
        <Upload
          multiple
          accept="image/*"
          fileList={photos.map((one, place) => ({ uid: String(place), name: one.name }))}
          beforeUpload={(file) => {
            setPhotos((held) => [...held, file]);
            return false;
          }}
          onRemove={(gone) => setPhotos((held) => held.filter((_, i) => String(i) !== gone.uid))}
        >
          <Button>{t("tasks.choose")}</Button>
        </Upload>
      </Form.Item>
      {problem && <ProblemBox problem={problem} />}
      <Button type="primary" htmlType="submit" loading={busy}>
        {t("tasks.send")}
      </Button>
    </Form>
  );
}

export function TaskPanel({ no, version, onDone }: { no: number; version: number; onDone: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const { data: found, reload } = useGet<TaskFull | null>(
    may("cases.read") ? `/api/cases/${no}/plan-task` : null,
  );
  useEffect(() => {
    if (version) reload();
  }, [version, reload]);
  if (!found) return null;
  const missing = found.missing.filter((one) => !one.came);
  return (
    <section className="block" aria-labelledby="task" data-testid="task-panel">
      <h3 id="task">
        <Link to={`/supervision/${found.plan}`}>{found.plan_title}</Link> · {found.number}
      </h3>
      <Progress percent={found.percent} />
      <p>
        <Light light={found.light} why />
        {found.target !== null && (
          <span>
            {" "}
            · {t("tasks.target")} {found.reached ?? 0} / {found.target} {found.unit}
          </span>
        )}
      </p>
      {found.marks.length > 0 && (
        <>
          <h4>{t("tasks.milestones")}</h4>
          <ul className="plain">
            {found.marks.map((one) => (
              <li key={one.id} className={one.late ? "warn" : ""}>
                <Day at={one.due_at} /> {one.title} ·{" "}
                {one.done_at ? (
                  <>
                    {t("tasks.done_at")} <Day at={one.done_at} />
                  </>
                ) : (
                  t("tasks.not_done")
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <h4>{t("tasks.reports")}</h4>
      {missing.map((one) => (
        <Tag key={one.period} color="red">
          {t("tasks.is_missing", { period: one.period })}
        </Tag>
      ))}
      {found.reports.length ? (
        <ul className="feed">
          {found.reports.map((one) => (
            <li key={one.id} style={{ padding: "6px 0" }}>
              <b>{one.percent} %</b> {one.period} {one.late && <Tag color="orange">{t("tasks.was_late")}</Tag>}
              <span className="quiet">
                {" "}
                {whoDid(one)} · <When at={one.at} />
              </span>
              <div style={{ whiteSpace: "pre-wrap" }}>{one.text}</div>
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet">{t("tasks.no_reports")}</p>
      )}
      {found.may_report && (
        <ReportForm
          found={found}
          onDone={() => {
            reload();
            onDone();
          }}
        />
      )}
    </section>
  );
}
