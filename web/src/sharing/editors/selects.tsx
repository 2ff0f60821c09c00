/** Choices that are searched for on the server: departments, resources, sources and tables. */

import { Select } from "antd";
import { useEffect, useState } from "react";
import { withQuery } from "../../data/http";
import type { Page } from "../../data/types";
import { useGet } from "../../data/use";
import { useLanguage } from "../../i18n";
import type { Short } from "../catalogueTypes";

interface Choice<T> {
  id?: string;
  value?: T;
  onChange?: (value: T | undefined) => void;
  "aria-label"?: string;
  placeholder?: string;
  disabled?: boolean;
}

const PAUSE_MS = 250;
const MOST = 50;

/** A text once it has stood for a moment. */
export function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

interface Unit {
  id: number;
  name_zh: string;
  name_en: string;
}

export function UnitSelect(given: Choice<number>) {
  const { lang } = useLanguage();
  const [sought, seek] = useState("");
  const q = useSettled(sought);
  const { data, loading } = useGet<Page<Unit>>(
    withQuery("/api/registry/organisations", { q, limit: MOST }),
  );
  const missing = given.value && data && !data.items.some((one) => one.id === given.value);
  const own = useGet<Unit>(missing ? `/api/registry/organisations/${given.value}` : null);
  const units = [...(data?.items ?? []), ...(missing && own.data ? [own.data] : [])];
  return (
    <Select
      style={{ width: "100%" }}
      {...given}
      allowClear
      showSearch={{ filterOption: false, onSearch: seek }}
      loading={loading}
      options={units.map((one) => ({
        value: one.id,
        label: (lang === "en" && one.name_en) || one.name_zh,
      }))}
    />
  );
}

/** A resource in force, by its code or its number. */
export function ResourceSelect<T extends string | number>({
  by,
  many,
  ...given
}: Choice<T> & { by: "code" | "id"; many?: boolean }) {
  const [sought, seek] = useState("");
  const q = useSettled(sought);
  const { data, loading } = useGet<Page<Short>>(
    withQuery("/api/sharing/resources/search", { q, limit: MOST }),
  );
  const options = (data?.items ?? []).map((one) => ({
    value: one[by] as T,
    label: `${one.name} ${one.code} · ${one.organisation_name}`,
  }));
  return (
    <Select
      mode={many ? "multiple" : undefined}
      style={{ width: "100%" }}
      {...given}
      allowClear
      showSearch={{ filterOption: false, onSearch: seek }}
      loading={loading}
      options={options}
    />
  );
}

export interface Source {
  code: string;
  name: string;
  organisation: number | null;
  organisation_name: string;
  kind: string;
  options: Record<string, unknown>;
  has_secret: boolean;
}

export function SourceSelect(given: Choice<string>) {
  const { data, loading } = useGet<Page<Source>>("/api/sharing/sources?limit=1000");
  return (
    <Select
      style={{ width: "100%" }}
      {...given}
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      loading={loading}
      options={data?.items.map((one) => ({ value: one.code, label: `${one.name} (${one.code})` }))}
    />
  );
}

export function TableSelect({ source, ...given }: Choice<string> & { source?: string }) {
  const [sought, seek] = useState("");
  const q = useSettled(sought);
  const base = source ? `/api/sharing/sources/${encodeURIComponent(source)}/tables` : null;
  const { data, loading, problem } = useGet<Page<{ table: string }>>(
    base && withQuery(base, { q, limit: MOST }),
  );
  return (
    <>
      <Select
        style={{ width: "100%" }}
        {...given}
        allowClear
        showSearch={{ filterOption: false, onSearch: seek }}
        disabled={!source}
        loading={loading}
        options={data?.items.map((one) => ({ value: one.table, label: one.table }))}
      />
      {problem && <div className="warn">{problem.title}</div>}
    </>
  );
}

export function DatasetSelect(given: Choice<string>) {
  const [sought, seek] = useState("");
  const q = useSettled(sought);
  const { data, loading } = useGet<Page<{ dataset: string }>>(
    withQuery("/api/sharing/datasets", { q, limit: MOST }),
  );
  return (
    <Select
      style={{ width: "100%" }}
      {...given}
      allowClear
      showSearch={{ filterOption: false, onSearch: seek }}
      loading={loading}
      options={data?.items.map((one) => ({ value: one.dataset, label: one.dataset }))}
    />
  );
}
