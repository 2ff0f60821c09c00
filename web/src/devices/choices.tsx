/** What lists of devices are narrowed by, and files for the reader's own disk. */

import { Select } from "antd";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { useKindTitle } from "../parts/tags";
import type { Group } from "./types";

interface Choice<T> {
  value?: T;
  onChange?: (value: T | undefined) => void;
  id?: string;
}

export interface KindFull {
  kind: string;
  care?: { attributes?: Attribute[] };
}

export interface Attribute {
  name: string;
  type: string;
  required: boolean;
  options: string[];
  title: string;
}

export function useKinds(): KindFull[] {
  return useGet<Page<KindFull>>("/api/devices/kinds").data?.items ?? [];
}

export function KindChoice({ value, onChange, id }: Choice<string>) {
  const { t } = useLanguage();
  const title = useKindTitle();
  const kinds = useKinds();
  return (
    <Select
      id={id}
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      style={{ width: 220 }}
      aria-label={t("device.kind")}
      placeholder={t("device.kind")}
      value={value || undefined}
      onChange={onChange}
      options={kinds.map((one) => ({ value: one.kind, label: title(one.kind) }))}
    />
  );
}

interface Street {
  id: number;
  level: string;
  name_zh: string;
  name_en: string;
}

export function StreetChoice({ value, onChange, id }: Choice<number>) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const path = may("registry.read") ? "/api/registry/areas?limit=1000" : null;
  const { data } = useGet<Page<Street>>(path);
  return (
    <Select
      id={id}
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      style={{ width: 180 }}
      aria-label={t("fleet.area")}
      placeholder={t("fleet.area")}
      value={value}
      onChange={onChange}
      options={(data?.items ?? [])
        .filter((one) => one.level !== "grid")
        .map((one) => ({
          value: one.id,
          label: lang === "en" ? one.name_en || one.name_zh : one.name_zh,
        }))}
    />
  );
}

export function GroupChoice({ value, onChange, id }: Choice<number>) {
  const { t } = useLanguage();
  const { data } = useGet<Page<Group>>("/api/devices/groups");
  return (
    <Select
      id={id}
      allowClear
      style={{ width: 180 }}
      aria-label={t("fleet.group")}
      placeholder={t("fleet.group")}
      value={value}
      onChange={onChange}
      options={(data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
    />
  );
}

/** Hand a text to the browser as a file. */
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
