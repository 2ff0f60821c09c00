import { Tooltip } from "antd";
import { told } from "../data/zone";
import { useLanguage } from "../i18n";
import { cityNow } from "../parts/time";
import type { LightShown, Mark, Plan } from "./types";

/** The light in words on its colour; why stands beside it. */
export function Light({ light, why }: { light: LightShown; why?: boolean }) {
  if (light.colour === "none") return <>–</>;
  const words = light.why.join(" · ");
  return (
    <>
      <Tooltip title={why ? "" : words}>
        <span className={`lamp ${light.colour}`}>{light.title}</span>
      </Tooltip>
      {why && <span className="quiet"> {words}</span>}
    </>
  );
}

export function Lights({ plan }: { plan: Pick<Plan, "red" | "yellow" | "green"> }) {
  return (
    <span className="lamps">
      {(["red", "yellow", "green"] as const).map((colour) => (
        <span key={colour} className={`lamp ${colour}`}>
          {plan[colour]}
        </span>
      ))}
    </span>
  );
}

const DAY = { year: "numeric", month: "2-digit", day: "2-digit" } as const;

/** A day as it is written in the reader's language. */
export function Day({ at }: { at: string | null }) {
  const { lang } = useLanguage();
  if (!at) return <>–</>;
  const text = told(at, lang, DAY);
  return <time dateTime={at}>{text}</time>;
}

function stateOf(mark: Mark): string {
  if (mark.done_at) return mark.late ? "done late" : "done";
  return mark.late ? "late" : "";
}

/** Milestones on the line from the beginning of a plan to its end, and today. */
export function Line({ marks, starts, ends }: { marks: Mark[]; starts: string; ends: string }) {
  const { t, lang } = useLanguage();
  const from = Date.parse(starts);
  const to = Date.parse(ends) + 86_400_000;
  const place = (at: number) =>
    `${Math.min(100, Math.max(0, (100 * (at - from)) / (to - from))).toFixed(2)}%`;
  const words = marks
    .map((one) => `${told(one.due_at, lang, DAY)} ${one.title}`)
    .join("; ");
  return (
    <div className="marks" role="img" aria-label={words || "–"}>
      <i className="now" style={{ left: place(cityNow()) }} title={t("tasks.today")} />
      {marks.map((one) => (
        <Tooltip
          key={one.id}
          title={`${one.title} · ${told(one.due_at, lang, DAY)} · ${
            one.done_at ? t("tasks.done_at") : t("tasks.not_done")
          }`}
        >
          <i className={`mark ${stateOf(one)}`} style={{ left: place(Date.parse(one.due_at)) }} />
        </Tooltip>
      ))}
    </div>
  );
}
