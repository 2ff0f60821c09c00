/** Labels of data with their grade and mask, by the names that people know. */

import { Select, Tag, Tooltip } from "antd";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";

export interface Label {
  label: string;
  title: string;
  class_title: string;
  personal: boolean;
  sensitive: boolean;
  grade: string;
  mask: string;
}

export const GRADES = ["general_1", "general_2", "general_3", "general_4", "important", "core"];

/** Those of the city; none where one may not read them. */
export function useLabels(may = true): Label[] {
  return useGet<{ items: Label[] }>(may ? "/api/protection/labels" : null).data?.items ?? [];
}

/** What a label or a grade is called; one that is not known stays as it is written. */
export function useNames(labels: Label[]) {
  const { known } = useLanguage();
  return {
    label: (code: string) => labels.find((one) => one.label === code)?.title ?? code,
    grade: (code: string) => known(`label.grade.${code}`) ?? code,
    mask: (code: string) => {
      const mask = labels.find((one) => one.label === code)?.mask;
      return mask ? (known(`label.mask.${mask}`) ?? mask) : "";
    },
  };
}

interface Choice {
  id?: string;
  value?: string;
  onChange?: (value: string) => void;
  "aria-label"?: string;
}

export function LabelSelect({ labels, ...given }: Choice & { labels: Label[] }) {
  const { t } = useLanguage();
  const classes = [...new Set(labels.map((one) => one.class_title))];
  const groups = classes.map((title) => ({
    label: title,
    options: labels
      .filter((one) => one.class_title === title)
      .map((one) => ({ value: one.label, label: one.title })),
  }));
  return (
    <Select
      {...given}
      style={{ width: 150 }}
      showSearch={{ optionFilterProp: "label" }}
      options={[{ value: "", label: t("label.none") }, ...groups]}
    />
  );
}

export function GradeSelect(given: Choice) {
  const { t, known } = useLanguage();
  return (
    <Select
      {...given}
      style={{ width: 140 }}
      options={["", ...GRADES].map((one) => ({
        value: one,
        label: one ? known(`label.grade.${one}`) : t("label.no_grade"),
      }))}
    />
  );
}

/** The label and grade of an item, and how it is shown to those who may not see it. */
export function LabelTags({ label, grade, labels }: { label: string; grade: string; labels: Label[] }) {
  const names = useNames(labels);
  const { t } = useLanguage();
  const mask = names.mask(label);
  return (
    <>
      {label && (
        <Tooltip title={mask && t("label.masked_as", { mask })}>
          <Tag>{names.label(label)}</Tag>
        </Tooltip>
      )}
      {grade && <Tag color="gold">{names.grade(grade)}</Tag>}
    </>
  );
}
