import { SEVERITY_COLOUR, useMode } from "../app/theme";
import { useSession } from "../data/session";
import type { CaseKind, Finding, Severity } from "../data/types";
import { type Key, useLanguage } from "../i18n";

export function SeverityMark({ severity }: { severity: Severity }) {
  const { t } = useLanguage();
  const colour = SEVERITY_COLOUR[useMode()][severity];
  return (
    <span className="sev" style={{ color: colour }}>
      <i style={{ background: colour }} />
      {t(`severity.${severity}` as Key)}
    </span>
  );
}

export function StateTag({ kind, title }: { kind: CaseKind; title: string }) {
  return <span className={`state ${kind}`}>{title}</span>;
}

export function useRuleTitle(): (finding: Pick<Finding, "pack" | "rule" | "title">) => string {
  const { layout } = useSession();
  return (finding) =>
    finding.title || layout.rules[`${finding.pack}/${finding.rule}`] || finding.rule || "";
}

export function useKindTitle(): (kind: string) => string {
  const { layout } = useSession();
  return (kind) => layout.kinds[kind]?.title ?? kind.split(".").pop() ?? kind;
}
