/** None of what is proposed is right: with a reason if there is one to give. */

import { Button, Input, Popconfirm } from "antd";
import { useState } from "react";
import { useLanguage } from "../i18n";

export function Refuse({
  busy,
  run,
  label,
  about,
}: {
  busy: boolean;
  run: (reason: string) => void;
  label: string;
  about: string;
}) {
  const { t } = useLanguage();
  const [reason, setReason] = useState("");
  return (
    <Popconfirm
      title={about}
      description={
        <Input
          aria-label={t("learning.reason")}
          placeholder={t("learning.reason")}
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      }
      okText={t("learning.refuse")}
      onConfirm={() => run(reason)}
    >
      <Button size="small" disabled={busy}>
        {label}
      </Button>
    </Popconfirm>
  );
}
