import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";

interface Unit {
  id: number;
  kind: string;
  name_zh: string;
  name_en: string;
}

/** The organisations to choose from. */
export function useUnits(wanted: boolean): { value: number; label: string; kind: string }[] {
  const { lang } = useLanguage();
  const units = useGet<Page<Unit>>(wanted ? "/api/registry/organisations?limit=500" : null);
  return (units.data?.items ?? []).map((one) => ({
    value: one.id,
    label: (lang === "en" ? one.name_en || one.name_zh : one.name_zh || one.name_en) ?? "",
    kind: one.kind,
  }));
}
