/** Honest states: loading, empty, failed with a code and what to do. */

import { Alert, Button, Empty, Spin } from "antd";
import type { ReactNode } from "react";
import type { Problem } from "../data/http";
import { useLanguage } from "../i18n";

export function Busy() {
  const { t } = useLanguage();
  return (
    <div style={{ padding: 48, textAlign: "center" }} role="status" aria-label={t("state.loading")}>
      <Spin />
    </div>
  );
}

export function Nothing({ children }: { children?: ReactNode }) {
  const { t } = useLanguage();
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={children ?? t("state.empty")} />;
}

export function ProblemBox({
  problem,
  retry,
  page,
}: {
  problem: Problem;
  retry?: () => void;
  page?: boolean;
}) {
  const { t } = useLanguage();
  const box = (
    <Alert
      type="error"
      showIcon
      title={
        problem.status === 0 && problem.code === "network"
          ? t("state.network")
          : problem.title || t("state.failed")
      }
      description={
        <>
          {problem.code === "network" ? t("state.network_todo") : problem.todo}{" "}
          <code className="quiet">{problem.code}</code>
        </>
      }
      action={retry && <Button onClick={retry}>{t("state.retry")}</Button>}
      style={{ marginBottom: 14 }}
    />
  );
  return page ? <div className="page">{box}</div> : box;
}

export function More({ more }: { more?: () => void }) {
  const { t } = useLanguage();
  if (!more) return null;
  return (
    <div className="more">
      <Button onClick={more}>{t("list.more")}</Button>
    </div>
  );
}
