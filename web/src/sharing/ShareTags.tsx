/** How a resource is shared and opened, and how far it is, as coloured words. */

import { Tag } from "antd";
import { type Key, useLanguage } from "../i18n";
import type { Entry, Short } from "./catalogueTypes";

const SHARED: Record<string, string> = { unconditional: "green", conditional: "gold", none: "red" };
const STATES: Record<string, string> = {
  draft: "default",
  in_review: "processing",
  published: "success",
  retired: "error",
};

export function ShareTags({ entry }: { entry: Pick<Entry, "share_type" | "share_mode" | "open_type"> }) {
  const { t } = useLanguage();
  return (
    <>
      <Tag color={SHARED[entry.share_type]}>{t(`catalogue.share_type.${entry.share_type}` as Key)}</Tag>
      {entry.share_type !== "none" && <Tag>{t(`catalogue.share_mode.${entry.share_mode}` as Key)}</Tag>}
      {entry.open_type !== "none" && (
        <Tag color="blue">{t(`catalogue.open_type.${entry.open_type}` as Key)}</Tag>
      )}
    </>
  );
}

export function StateTag({ of }: { of: Pick<Short, "state" | "pending"> }) {
  const { t } = useLanguage();
  return (
    <>
      <Tag color={STATES[of.state]}>{t(`catalogue.state.${of.state}` as Key)}</Tag>
      {of.pending && (
        <Tag color={STATES[of.pending]}>
          {t("catalogue.next_version")}: {t(`catalogue.state.${of.pending}` as Key)}
        </Tag>
      )}
    </>
  );
}
