/** A secret that is shown once. */

import { Typography } from "antd";
import { useLanguage } from "../i18n";

export function Secret({ name, secret }: { name: string; secret: string }) {
  const { t } = useLanguage();
  return (
    <>
      <div>{t("fleet.secret_once")}</div>
      <Typography.Text code copyable>
        {name}
      </Typography.Text>{" "}
      <Typography.Text code copyable data-testid="secret">
        {secret}
      </Typography.Text>
    </>
  );
}
