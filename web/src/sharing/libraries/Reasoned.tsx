/** A reason asked for before something is done to a record. */

import { Button, Input, Popover, Space } from "antd";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../../i18n";

export function Reasoned({
  children,
  onGiven,
  disabled,
  danger,
  primary,
  link,
  about,
}: {
  children: ReactNode;
  onGiven: (reason: string) => void;
  disabled?: boolean;
  danger?: boolean;
  primary?: boolean;
  link?: boolean;
  about?: string;
}) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  return (
    <Popover
      trigger="click"
      open={open && !disabled}
      onOpenChange={setOpen}
      content={
        <Space orientation="vertical" style={{ width: 320 }}>
          {about && <span className="quiet">{about}</span>}
          <Input.TextArea
            aria-label={t("libraries.reason")}
            placeholder={t("libraries.reason")}
            rows={2}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button
            type="primary"
            disabled={reason.trim().length < 2}
            onClick={() => {
              setOpen(false);
              onGiven(reason.trim());
              setReason("");
            }}
          >
            {t("libraries.confirm")}
          </Button>
        </Space>
      }
    >
      <Button
        type={link ? "link" : primary ? "primary" : "default"}
        danger={danger}
        disabled={disabled}
        size={link ? "small" : "middle"}
      >
        {children}
      </Button>
    </Popover>
  );
}
