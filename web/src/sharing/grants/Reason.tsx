/** A reason in words, asked for before something is done. */

import { Button, Form, Input } from "antd";
import { useLanguage } from "../../i18n";

export function Reason({
  needed,
  busy,
  onGiven,
}: {
  needed: boolean;
  busy: boolean;
  onGiven: (reason: string) => void;
}) {
  const { t } = useLanguage();
  return (
    <Form layout="vertical" onFinish={(given: { reason?: string }) => onGiven(given.reason ?? "")}>
      <Form.Item name="reason" label={t("grants.reason")} rules={[{ required: needed, whitespace: needed }]}>
        <Input.TextArea rows={3} maxLength={2000} />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={busy}>
        {t("grants.confirm")}
      </Button>
    </Form>
  );
}
