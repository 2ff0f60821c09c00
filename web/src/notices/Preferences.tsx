/** How somebody wants to be told. */

import { Alert, Button, Checkbox, Form, Input, Select, Switch, TimePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { type Problem, post, put } from "../data/http";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import type { Wish } from "./types";

interface Filled extends Omit<Wish, "quiet" | "pending"> {
  silent: boolean;
  hours?: [Dayjs, Dayjs];
}

function timeOf(minute: number): Dayjs {
  return dayjs().startOf("day").add(minute, "minute");
}

function minuteOf(time: Dayjs): number {
  return time.hour() * 60 + time.minute();
}

/** The code that came to a new address. */
function Confirm({
  channel,
  address,
  done,
}: {
  channel: "email" | "sms";
  address: string;
  done: () => void;
}) {
  const { t } = useLanguage();
  const [problem, setProblem] = useState<Problem>();
  const send = async (code: string) => {
    setProblem(undefined);
    try {
      await post("/api/notices/preferences/confirm", { channel, code });
      done();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <Alert
      type="info"
      showIcon
      style={{ marginBottom: 16 }}
      title={t("notices.asked", { address })}
      description={
        <>
          {problem && <ProblemBox problem={problem} />}
          <Input.Search
            aria-label={t("notices.code")}
            placeholder={t("notices.code")}
            enterButton={t("notices.confirm")}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={6}
            onSearch={send}
          />
        </>
      }
    />
  );
}

export function Preferences() {
  const { t } = useLanguage();
  const [form] = Form.useForm<Filled>();
  const silent = Form.useWatch("silent", form);
  const mine = useGet<Wish>("/api/notices/preferences");
  const [problem, setProblem] = useState<Problem>();
  const [saved, setSaved] = useState(false);
  if (mine.problem) return <ProblemBox problem={mine.problem} retry={mine.reload} />;
  if (!mine.data) return <Busy />;
  const { pending, ...held } = mine.data;
  const save = async ({ silent: on, hours, ...rest }: Filled) => {
    setProblem(undefined);
    setSaved(false);
    const quiet = on && hours ? [minuteOf(hours[0]), minuteOf(hours[1])] : null;
    try {
      await put<Wish>("/api/notices/preferences", { ...rest, quiet });
      setSaved(true);
      mine.reload();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const [starts, ends] = mine.data.quiet ?? [22 * 60, 7 * 60];
  return (
    <Form<Filled>
      form={form}
      layout="vertical"
      style={{ maxWidth: 460 }}
      onFinish={save}
      onValuesChange={() => setSaved(false)}
      initialValues={{
        ...held,
        email: pending.email ?? held.email,
        phone: pending.phone ?? held.phone,
        silent: mine.data.quiet !== null,
        hours: [timeOf(starts), timeOf(ends)],
      }}
    >
      {problem && <ProblemBox problem={problem} />}
      {pending.email && <Confirm channel="email" address={pending.email} done={mine.reload} />}
      {pending.phone && <Confirm channel="sms" address={pending.phone} done={mine.reload} />}
      {saved && <Alert type="success" showIcon title={t("notices.saved")} />}
      <Form.Item name="language" label={t("notices.language")}>
        <Select
          options={[
            { value: "zh-CN", label: "中文" },
            { value: "en", label: "English" },
          ]}
        />
      </Form.Item>
      <Form.Item name="email" label={t("notices.email")}>
        <Input type="email" autoComplete="email" maxLength={254} />
      </Form.Item>
      <Form.Item name="phone" label={t("notices.phone")}>
        <Input type="tel" autoComplete="tel" maxLength={32} />
      </Form.Item>
      <Form.Item name="channels" label={t("notices.wanted")}>
        <Checkbox.Group
          options={[
            { value: "email", label: t("notices.channel_email") },
            { value: "sms", label: t("notices.channel_sms") },
          ]}
        />
      </Form.Item>
      <Form.Item
        name="silent"
        label={t("notices.quiet")}
        valuePropName="checked"
        extra={t("notices.quiet_about")}
      >
        <Switch aria-label={t("notices.quiet")} />
      </Form.Item>
      {silent && (
        <Form.Item name="hours">
          <TimePicker.RangePicker format="HH:mm" minuteStep={5} order={false} allowClear={false} />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit">
        {t("form.save")}
      </Button>
    </Form>
  );
}
