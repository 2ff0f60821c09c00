/** Starting an emergency plan for a case, with a look at what it will do. */

import { AlertOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Select, Switch } from "antd";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type Problem, post } from "../data/http";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import { LevelTag, Since } from "./Level";
import type { Incident, IncidentFull, Plan, Preview } from "./types";

interface Given {
  plan: string;
  level: string;
  reason?: string;
  exercise?: boolean;
}

function Look({ preview }: { preview: Preview }) {
  const { t } = useLanguage();
  return (
    <div data-testid="plan-preview">
      <h4>{t("emergency.will_open", { count: preview.tasks.length })}</h4>
      <ul className="plain">
        {preview.tasks.map((one) => (
          <li key={one.code}>
            {one.title} · {one.organisation_name || t("emergency.centre")} ·{" "}
            {t("emergency.within", { minutes: one.minutes })}
          </li>
        ))}
      </ul>
      <h4>{t("emergency.will_tell")}</h4>
      <p>
        {[
          ...new Set(
            preview.told.map(
              (one) => one.organisation_name || t("emergency.nobody", { role: one.function_title }),
            ),
          ),
        ].join(t("emergency.and")) || "–"}
      </p>
      {preview.resources.some((one) => one.short > 0) && (
        <p className="warn">
          {preview.resources
            .filter((one) => one.short > 0)
            .map((one) => t("emergency.short", { kind: one.title, count: one.short }))
            .join(t("emergency.and"))}
        </p>
      )}
    </div>
  );
}

export function StartPlan({ no, open }: { no: number; open: boolean }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const commands = may("cases.command");
  const { data: there } = useGet<Page<Incident>>(
    may("cases.read") ? `/api/emergencies/cases/${no}` : null,
  );
  const [shown, show] = useState(false);
  const plans = useGet<Page<Plan>>(commands && open ? `/api/emergencies/plans?case=${no}` : null);
  const [preview, setPreview] = useState<Preview>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm<Given>();
  const chosen = Form.useWatch("plan", form);
  const level = Form.useWatch("level", form);
  const plan = plans.data?.items.find((one) => one.code === chosen);
  useEffect(() => {
    if (!shown || !chosen || !level) return;
    let current = true;
    post<Preview>("/api/emergencies/preview", { case: no, plan: chosen, level })
      .then((found) => current && setPreview(found))
      .catch((error) => current && setProblem(error as Problem));
    return () => {
      current = false;
    };
  }, [shown, chosen, level, no]);
  const choose = (code: string) => {
    const proposed = plans.data?.items.find((one) => one.code === code)?.proposed;
    form.setFieldsValue({ plan: code, level: proposed });
  };
  const begin = () => {
    show(true);
    setProblem(undefined);
    const first = plans.data?.items[0];
    if (first) setTimeout(() => choose(first.code));
  };
  const submit = async (given: Given) => {
    setBusy(true);
    try {
      const made = await post<IncidentFull>("/api/emergencies", { ...given, case: no });
      navigate(`/emergencies/${made.no}`);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const running = there?.items.filter((one) => one.running) ?? [];
  const startable = open && commands && !running.length && !!plans.data?.items.length;
  if (!there?.items.length && !startable) return null;
  return (
    <section className="block" aria-labelledby="emergency">
      <h3 id="emergency">{t("emergency.title")}</h3>
      <ul className="plain">
        {(there?.items ?? []).map((one) => (
          <li key={one.no}>
            <Link to={`/emergencies/${one.no}`}>{one.title}</Link>{" "}
            <LevelTag colour={one.colour} title={one.level_title} />{" "}
            {one.running ? <Since one={one} /> : t("emergency.ended")}
          </li>
        ))}
      </ul>
      {startable && (
        <Button danger icon={<AlertOutlined />} onClick={begin} data-testid="start-plan">
          {t("emergency.start")}
        </Button>
      )}
      <Modal
        open={shown}
        title={t("emergency.start")}
        onCancel={() => show(false)}
        onOk={() => form.submit()}
        okText={t("emergency.start_now")}
        okButtonProps={{ danger: true, loading: busy }}
        destroyOnHidden
      >
        <Form form={form} layout="vertical" onFinish={submit}>
          <Form.Item name="plan" label={t("emergency.plan")} rules={[{ required: true }]}>
            <Select
              onChange={choose}
              options={plans.data?.items.map((one) => ({ value: one.code, label: one.title }))}
            />
          </Form.Item>
          <Form.Item
            name="level"
            label={t("emergency.level")}
            rules={[{ required: true }]}
            extra={
              plan &&
              t("emergency.proposed", {
                level: plan.levels.find((one) => one.name === plan.proposed)?.title ?? "",
              })
            }
          >
            <Select
              options={plan?.levels.map((one) => ({ value: one.name, label: one.title }))}
            />
          </Form.Item>
          <Form.Item
            name="reason"
            label={t("emergency.reason")}
            rules={[
              { required: !!plan && level !== plan.proposed, message: t("form.required") },
            ]}
          >
            <Input.TextArea rows={2} maxLength={500} />
          </Form.Item>
          <Form.Item name="exercise" label={t("emergency.exercise")} valuePropName="checked">
            <Switch />
          </Form.Item>
        </Form>
        {preview && <Look preview={preview} />}
        {problem && <ProblemBox problem={problem} />}
      </Modal>
    </section>
  );
}
