/** The steps that one may take with a resource now. */

import { App, Button, Input, Modal, Space } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { type Problem, post } from "../data/http";
import { type Key, useLanguage } from "../i18n";
import { ProblemBox } from "../parts/states";
import type { Resource } from "./catalogueTypes";

const REASONS = ["return", "retire"];
const DANGER = ["return", "retire", "discard"];
const FIRST = ["submit", "publish"];

export function Steps({ found, onDone }: { found: Resource; onDone: (found: Resource) => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [step, ask] = useState<string>();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const take = async () => {
    setBusy(true);
    try {
      const path = `/api/sharing/resources/${found.id}/steps/${step}`;
      const after = await post<Resource | undefined>(path, { text, revision: found.revision });
      message.success(t(`catalogue.step.${step}` as Key));
      ask(undefined);
      if (after) onDone(after);
      else navigate("/catalogue/entries");
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Space wrap className="no-print">
      {found.steps?.map((one) => (
        <Button
          key={one}
          danger={DANGER.includes(one)}
          type={FIRST.includes(one) ? "primary" : "default"}
          onClick={() => {
            setText("");
            setProblem(undefined);
            ask(one);
          }}
        >
          {t(`catalogue.step.${one}` as Key)}
        </Button>
      ))}
      <Modal
        open={step !== undefined}
        title={step && `${t(`catalogue.step.${step}` as Key)} · ${found.name}`}
        onCancel={() => ask(undefined)}
        onOk={take}
        okText={step && t(`catalogue.step.${step}` as Key)}
        okButtonProps={{
          danger: DANGER.includes(step ?? ""),
          loading: busy,
          disabled: REASONS.includes(step ?? "") && !text.trim(),
        }}
        destroyOnHidden
      >
        {step === "discard" && <p>{t("catalogue.discard_sure")}</p>}
        <label>
          {t(REASONS.includes(step ?? "") ? "catalogue.reason" : "catalogue.reason_optional")}
          <Input.TextArea rows={3} value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        {problem?.faults.map((one) => (
          <p key={`${one.column}.${one.why}`} className="warn">
            {one.column_title}: {one.text}
          </p>
        ))}
        {problem && problem.faults.length === 0 && <ProblemBox problem={problem} />}
      </Modal>
    </Space>
  );
}
