/** The classes that words and place speak for; one click chooses, nothing is chosen unasked. */

import { Button } from "antd";
import { useEffect } from "react";
import { withQuery } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";

interface LikelyClass {
  code: string;
  title: string;
  confidence: number;
}

export function Likely({
  text,
  at,
  chosen,
  onPick,
  onShown,
}: {
  text: string;
  at: [number, number] | null;
  chosen: string | undefined;
  onPick: (code: string) => void;
  /** What is shown goes with the report, so that it is known whether it helped. */
  onShown: (codes: string[]) => void;
}) {
  const { t } = useLanguage();
  const place = at ? { lon: at[0], lat: at[1] } : {};
  const asked = text.trim().length > 1;
  const { data } = useGet<Page<LikelyClass>>(
    asked ? withQuery("/api/cases/likely", { text: text.slice(0, 1000), ...place }) : null,
  );
  const found = asked ? (data?.items ?? []) : [];
  const shown = found.map((one) => one.code).join(" ");
  useEffect(() => onShown(shown ? shown.split(" ") : []), [shown, onShown]);
  if (!found.length) return null;
  return (
    <div
      className="desk-buttons"
      role="group"
      aria-label={t("learning.likely")}
      data-testid="likely"
      style={{ marginBottom: 16 }}
    >
      <span className="quiet">{t("learning.likely")}</span>
      {found.map((one) => (
        <Button
          key={one.code}
          size="small"
          type={chosen === one.code ? "primary" : "default"}
          aria-pressed={chosen === one.code}
          onClick={() => onPick(one.code)}
        >
          {one.title} {Math.round(one.confidence * 100)} %
        </Button>
      ))}
    </div>
  );
}
