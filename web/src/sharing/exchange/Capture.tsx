/** The statements that the administrator of a source runs once, so that it notes its changes. */

import { Button, Modal, Typography } from "antd";
import { useState } from "react";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";

export function Capture({ job }: { job: string }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const { data, problem } = useGet<{ statements: string[] }>(
    open ? `/api/sharing/exchange/${job}/capture` : null,
  );
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("job.capture")}</Button>
      <Modal open={open} width={800} title={t("job.capture")} footer={null} onCancel={() => setOpen(false)}>
        <p>{t("job.capture_hint")}</p>
        {problem && <ProblemBox problem={problem} />}
        {!data && !problem && <Busy />}
        {data && (
          <Typography.Paragraph copyable={{ text: data.statements.join(";\n\n") }}>
            <pre className="raw">{data.statements.join(";\n\n")}</pre>
          </Typography.Paragraph>
        )}
      </Modal>
    </>
  );
}
