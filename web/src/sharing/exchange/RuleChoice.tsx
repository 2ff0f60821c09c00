/** Rules of quality that keep rows out of the target. */

import { Form, Select } from "antd";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import type { RuleSet } from "../quality/types";

export function RuleChoice() {
  const { t, lang } = useLanguage();
  const { data } = useGet<{ items: RuleSet[] }>("/api/sharing/quality/rules");
  const title = (one: Record<string, string>, name: string) => one[lang] ?? one["zh-CN"] ?? name;
  const options = (data?.items ?? []).flatMap((set) => [
    { value: set.name, label: set.name },
    ...set.rules.map((one) => ({
      value: `${set.name}/${one.name}`,
      label: `${set.name}/${one.name} ${title(one.title, "")}`,
    })),
  ]);
  return (
    <Form.Item name="rules" label={t("job.rules")} extra={t("job.rules_hint")} style={{ marginTop: 14 }}>
      <Select mode="multiple" showSearch={{ optionFilterProp: "label" }} options={options} />
    </Form.Item>
  );
}
