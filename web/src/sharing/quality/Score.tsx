/** A score as a bar and a number, and the scores of its dimensions. */

import { Progress, Tag } from "antd";
import { type Key, useLanguage } from "../../i18n";

const GOOD = 95;
const FAIR = 80;

function colour(score: number): string {
  if (score >= GOOD) return "#3ba272";
  return score >= FAIR ? "#d9a514" : "#e5604d";
}

export function Score({ value }: { value: number | null }) {
  const { t } = useLanguage();
  if (value === null) return <span>{t("quality.unchecked")}</span>;
  return (
    <Progress
      percent={value}
      size="small"
      strokeColor={colour(value)}
      format={(percent) => <b>{(percent ?? 0).toFixed(1)}</b>}
      style={{ minWidth: 140, marginBottom: 0 }}
    />
  );
}

export function Dimensions({ values }: { values: Record<string, number> }) {
  const { t } = useLanguage();
  return (
    <>
      {Object.entries(values).map(([name, value]) => (
        <Tag key={name} color={value >= GOOD ? "green" : value >= FAIR ? "gold" : "red"}>
          {t(`quality.dimension.${name}` as Key)} {value.toFixed(1)}
        </Tag>
      ))}
    </>
  );
}
