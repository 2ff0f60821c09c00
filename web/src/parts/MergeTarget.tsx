/** The case that another is merged into: likely ones and those looked at last are offered, and
 * any number can be typed. */

import { AutoComplete, Form, Input } from "antd";
import { useEffect, useState } from "react";
import { get } from "../data/http";
import { recentCases } from "../data/recent";
import { useSession } from "../data/session";
import type { CaseFull, CaseSummary, Page } from "../data/types";
import { useGet } from "../data/use";
import { type Translate, useLanguage } from "../i18n";
import { apart, type Pair } from "./Duplicates";

interface Choice {
  value: string;
  title: string;
  about: string;
}

/** Open cases that were looked at last, as they are now. */
function useRecent(but: number): CaseSummary[] {
  const { session } = useSession();
  const [found, setFound] = useState<CaseSummary[]>([]);
  const user = session?.name ?? "";
  useEffect(() => {
    let current = true;
    const asked = recentCases(user)
      .filter((no) => no !== but)
      .map((no) =>
        get<Page<CaseSummary>>(`/api/cases?q=%23${no}&kind=open&limit=1`).then(
          (page) => page.items,
          () => [],
        ),
      );
    void Promise.all(asked).then((pages) => current && setFound(pages.flat()));
    return () => {
      current = false;
    };
  }, [user, but]);
  return found;
}

function group(label: string, choices: Choice[]) {
  const options = choices.map((one) => ({
    ...one,
    label: (
      <>
        <div>
          #{one.value} {one.title}
        </div>
        <div className="quiet">{one.about}</div>
      </>
    ),
  }));
  return options.length ? [{ label, title: label, options }] : [];
}

function choiceOf(one: CaseSummary, about: string): Choice {
  return { value: String(one.no), title: one.title, about };
}

function whereOf(one: CaseSummary): string {
  return [one.state_title, one.grid_name, one.address].filter(Boolean).join(" · ");
}

function likely(t: Translate, one: Pair): Choice {
  const score = t("likeness.score", { score: Math.round(one.score * 100) });
  return choiceOf(one.case, [score, apart(t, one), one.case.description].filter(Boolean).join(" · "));
}

export function MergeTarget({ found }: { found: CaseFull }) {
  const { t } = useLanguage();
  const form = Form.useFormInstance();
  const pairs = useGet<Page<Pair>>(`/api/cases/${found.no}/duplicates`);
  const alike = (pairs.data?.items ?? []).map((one) => likely(t, one));
  const recent = useRecent(found.no)
    .filter((one) => !alike.some((other) => other.value === String(one.no)))
    .map((one) => choiceOf(one, whereOf(one)));
  const given = Form.useWatch<number | undefined>("case", form);
  const known = [...alike, ...recent].find((one) => one.value === String(given));
  return (
    <Form.Item
      name="case"
      label={t("step.to_case")}
      extra={known ? `#${known.value} ${known.title}` : t("step.to_case_hint")}
      rules={[{ required: true, message: t("form.required") }]}
      getValueProps={(value?: number) => ({ value: value === undefined ? "" : String(value) })}
      getValueFromEvent={(text: string) => Number(text.replace(/\D/g, "")) || undefined}
    >
      <AutoComplete
        options={[
          ...group(t("likeness.title"), alike),
          ...group(t("step.recent_cases"), recent),
        ]}
        showSearch={{
          filterOption: (typed, option) =>
            String((option as Partial<Choice> | undefined)?.value ?? "").startsWith(typed),
        }}
      >
        <Input allowClear inputMode="numeric" placeholder={t("step.to_case_placeholder")} />
      </AutoComplete>
    </Form.Item>
  );
}
