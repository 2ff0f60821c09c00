/** What single steps ask for beside reason, text and photos. */

import { DatePicker, Form, InputNumber, Radio, Rate, Select } from "antd";
import type { Dayjs } from "dayjs";
import type { CaseFull, CaseStep } from "../data/types";
import { useLanguage } from "../i18n";
import { useUnits } from "./units";

export interface Extras {
  organisation?: number;
  organisations?: number[];
  minutes?: number;
  until?: Dayjs;
  rating?: number;
  solved?: boolean;
}

function Units({ found, step }: { found: CaseFull; step: string }) {
  const { t } = useLanguage();
  const all = useUnits(step !== "waive_part");
  const required = [{ required: step !== "hand_down", message: t("form.required") }];
  if (step === "ask_joint") {
    const asked = found.parts.filter((one) => one.state === "open").map((one) => one.organisation);
    const free = all.filter((one) => one.value !== found.organisation && !asked.includes(one.value));
    return (
      <Form.Item name="organisations" label={t("loop.units")} rules={required}>
        <Select mode="multiple" showSearch={{ optionFilterProp: "label" }} options={free} />
      </Form.Item>
    );
  }
  if (step === "waive_part") {
    const open = found.parts.filter((one) => one.state === "open");
    const options = open.map((one) => ({ value: one.organisation, label: one.organisation_name }));
    return (
      <Form.Item name="organisation" label={t("loop.part")} rules={required}>
        <Select options={options} />
      </Form.Item>
    );
  }
  const outside = step === "hand_over";
  return (
    <Form.Item
      name="organisation"
      label={outside ? t("loop.external") : t("loop.level")}
      rules={required}
    >
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        options={all.filter((one) => (one.kind === "external") === outside)}
      />
    </Form.Item>
  );
}

function Until({ label, required }: { label: string; required: boolean }) {
  const { t } = useLanguage();
  return (
    <Form.Item name="until" label={label} rules={[{ required, message: t("form.required") }]}>
      <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
    </Form.Item>
  );
}

function MoreTime({ found, step }: { found: CaseFull; step: string }) {
  const { t } = useLanguage();
  const asked = found.extension.asked;
  const grants = step === "extend_granted";
  return (
    <>
      <Form.Item
        name="minutes"
        label={grants ? t("loop.granted", { minutes: asked ?? 0 }) : t("loop.minutes")}
        dependencies={["until"]}
        rules={[
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              grants || value || getFieldValue("until")
                ? Promise.resolve()
                : Promise.reject(new Error(t("loop.either"))),
          }),
        ]}
      >
        <InputNumber min={1} max={grants ? (asked ?? undefined) : undefined} precision={0} />
      </Form.Item>
      {!grants && <Until label={t("loop.until")} required={false} />}
    </>
  );
}

function Assessment() {
  const { t } = useLanguage();
  return (
    <>
      <Form.Item
        name="rating"
        label={t("loop.rating")}
        rules={[{ required: true, message: t("form.required") }]}
      >
        <Rate />
      </Form.Item>
      <Form.Item name="solved" label={t("loop.solved")}>
        <Radio.Group
          options={[
            { value: true, label: t("loop.yes") },
            { value: false, label: t("loop.no") },
          ]}
        />
      </Form.Item>
    </>
  );
}

const WITH_UNITS = new Set(["ask_joint", "waive_part", "hand_over", "hand_down"]);

/** Steps whose target these fields ask for. */
export function asksItself(step: string): boolean {
  return WITH_UNITS.has(step);
}

export function StepFields({ found, step }: { found: CaseFull; step: CaseStep }) {
  const { t } = useLanguage();
  const needs = (name: string) => step.needs.includes(name);
  const more = needs("minutes") || step.step === "extend_granted";
  return (
    <>
      {WITH_UNITS.has(step.step) && <Units found={found} step={step.step} />}
      {more && <MoreTime found={found} step={step.step} />}
      {!more && (needs("until") || step.step === "suspend") && (
        <Until label={t("loop.resume")} required={needs("until")} />
      )}
      {needs("rating") && <Assessment />}
    </>
  );
}
