/** The command log. */

import { Button } from "antd";
import { whoDid } from "../data/who";
import { useLanguage } from "../i18n";
import { When } from "../parts/time";
import type { IncidentFull, LogLine } from "./types";

function toldWhom(line: LogLine): string {
  const names = (line.details.to ?? []).map((one) =>
    [one.name, one.handler_name, one.contact].filter(Boolean).join(" "),
  );
  return [...new Set(names.filter(Boolean))].join("、");
}

export function CommandLog({ found }: { found: IncidentFull }) {
  const { t } = useLanguage();
  return (
    <section className="block command-log" aria-labelledby="log">
      <h3 id="log">
        {t("emergency.log")}{" "}
        <Button size="small" className="no-print" onClick={() => window.print()}>
          {t("emergency.print")}
        </Button>
      </h3>
      <table>
        <thead>
          <tr>
            <th>{t("emergency.when")}</th>
            <th>{t("emergency.kind")}</th>
            <th>{t("emergency.what")}</th>
            <th>{t("emergency.who")}</th>
          </tr>
        </thead>
        <tbody>
          {found.log.map((line, row) => (
            <tr key={row} className={`entry-${line.kind}`}>
              <td>
                <When at={line.at} />
              </td>
              <td>{line.kind_title}</td>
              <td>
                <b>{line.event_title}</b>
                {line.task_title && ` · ${line.task_title}`}
                {line.text && <div style={{ whiteSpace: "pre-wrap" }}>{line.text}</div>}
                {toldWhom(line) && <div className="quiet">→ {toldWhom(line)}</div>}
              </td>
              <td>
                {line.actor.startsWith("system:")
                  ? t("case.by_itself")
                  : whoDid(line)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
