/** Values of an entity in a list, masked by the server. */

import { Tag } from "antd";
import { type Key, useLanguage } from "../../i18n";
import { shown } from "./shown";
import type { Reason, Value } from "./types";

export function Veiled({ values, most = 6 }: { values: Value[]; most?: number }) {
  return (
    <>
      {values.slice(0, most).map((one) => (
        <span key={one.field} style={{ marginRight: 14, display: "inline-block" }}>
          <span className="quiet">{one.title}</span> {shown(one.value)}
        </span>
      ))}
    </>
  );
}

/** What each field said for or against two records being of one. */
export function Reasons({ reasons }: { reasons: Reason[] }) {
  const { t, known } = useLanguage();
  return (
    <>
      {reasons.map((one) => {
        const identity = one.points >= 1000;
        const word = known(`libraries.word.${one.word}`) ?? one.word;
        return (
          <Tag key={one.field} color={one.points > 0 ? "green" : one.points < 0 ? "red" : undefined}>
            {one.title ?? one.field} {identity ? t("libraries.identity_points" as Key) : word}{" "}
            {!identity && (one.points > 0 ? `+${one.points}` : `−${Math.abs(one.points)}`)}
          </Tag>
        );
      })}
    </>
  );
}
