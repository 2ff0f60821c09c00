/** What an operator learns late, or heard wrongly: name and mood of a caller. */

import { Button, Checkbox, Form, Input, Select } from "antd";
import { useState } from "react";
import { patch, type Problem } from "../data/http";
import { asProblem } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import type { Contact } from "./types";

interface Given {
  name: string;
  emotion: string;
  urgent: boolean;
}

export function Correct({
  contact,
  emotions,
  corrected,
}: {
  contact: Contact;
  emotions: string[];
  corrected: (contact: Contact) => void;
}) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const save = async (given: Given) => {
    setBusy(true);
    setProblem(undefined);
    const body = contact.caller ? given : { emotion: given.emotion, urgent: given.urgent };
    try {
      corrected(await patch<Contact>(`/api/hotline/contacts/${contact.id}`, body));
      setOpen(false);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  if (!open)
    return (
      <Button size="small" onClick={() => setOpen(true)}>
        {t("hotline.correct")}
      </Button>
    );
  return (
    <Form<Given>
      name="correct"
      layout="vertical"
      size="small"
      onFinish={(given) => void save(given)}
      initialValues={{
        name: contact.caller?.name ?? "",
        emotion: contact.emotion,
        urgent: contact.urgent,
      }}
    >
      {problem && <ProblemBox problem={problem} />}
      <div className="desk-pair">
        <Form.Item name="name" label={t("hotline.name")}>
          <Input autoComplete="off" maxLength={128} disabled={contact.caller === null} />
        </Form.Item>
        <Form.Item name="emotion" label={t("hotline.emotion")}>
          <Select
            options={emotions.map((one) => ({
              value: one,
              label: t(`hotline.emotion.${one}` as Key),
            }))}
          />
        </Form.Item>
      </div>
      <Form.Item name="urgent" valuePropName="checked">
        <Checkbox>{t("hotline.urgent")}</Checkbox>
      </Form.Item>
      <div className="desk-buttons">
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("hotline.save_correction")}
        </Button>
        <Button onClick={() => setOpen(false)}>{t("hotline.leave")}</Button>
      </div>
    </Form>
  );
}
