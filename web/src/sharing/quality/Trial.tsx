/** What rules say of the data as it is, before they hold. */

import { Alert } from "antd";
import { useLanguage } from "../../i18n";

export interface Tried {
  rule: string;
  title: string;
  table: string;
  resource_name: string;
  checked: number;
  failed: number;
  broken: string;
  findings: string[];
}

export function Trial({ of }: { of: Tried[] }) {
  const { t, lang } = useLanguage();
  const count = (value: number) => value.toLocaleString(lang);
  return (
    <div data-testid="trial" aria-live="polite">
      {of.map((one) => {
        const words = one.broken
          ? `${t("quality.broken")}: ${one.broken}`
          : t(one.failed ? "quality.trial_failed" : "quality.trial_passed", {
              failed: count(one.failed),
              checked: count(one.checked),
            });
        return (
          <Alert
            key={`${one.rule}.${one.table}`}
            type={one.broken ? "error" : one.failed ? "warning" : "success"}
            showIcon
            style={{ marginBottom: 10 }}
            title={`${one.title} · ${one.resource_name}: ${words}`}
            description={
              one.findings.length > 0 && (
                <ul style={{ margin: 0, paddingLeft: 18 }}>
                  {one.findings.map((each, at) => (
                    <li key={at}>{each}</li>
                  ))}
                  {one.failed > one.findings.length && (
                    <li>{t("quality.more_found", { count: count(one.failed - one.findings.length) })}</li>
                  )}
                </ul>
              )
            }
          />
        );
      })}
    </div>
  );
}
