import { Link, useParams } from "react-router";
import { useGet } from "../data/use";
import { Board } from "../emergency/Board";
import { Command } from "../emergency/Command";
import { CommandLog } from "../emergency/CommandLog";
import { LevelTag, Since } from "../emergency/Level";
import { useAgainWithCases } from "../emergency/Running";
import { Alerts, People, Resources, Review } from "../emergency/Sides";
import type { IncidentFull } from "../emergency/types";
import { useLanguage } from "../i18n";
import { Busy, ProblemBox } from "../parts/states";
import { StateTag } from "../parts/tags";

export default function EmergencyPage() {
  const { t } = useLanguage();
  const no = Number(useParams().no);
  const { data, problem, loading, reload } = useGet<IncidentFull>(`/api/emergencies/${no}`);
  useAgainWithCases(reload);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (loading && !data) return <Busy />;
  if (!data) return null;
  return (
    <div className="page emergency">
      {data.exercise && (
        <div className="exercise" role="note">
          {t("emergency.exercise_note")}
        </div>
      )}
      <div className="block case-head">
        <h2>
          <span className="quiet">#{data.no}</span> {data.title}
        </h2>
        <LevelTag colour={data.colour} title={data.level_title} />
        <span>{data.place_name}</span>
        <span style={{ flex: 1 }} />
        {data.running ? t("emergency.runs") : t("emergency.ended")} <Since one={data} />
      </div>
      {data.running && data.may_command && (
        <div className="block no-print">
          <Command found={data} onDone={reload} />
        </div>
      )}
      <Review found={data} />
      <section className="block" aria-labelledby="tasks">
        <h3 id="tasks">{t("emergency.tasks")}</h3>
        <Board found={data} onDone={reload} />
      </section>
      <div className="case-grid">
        <div>
          <CommandLog found={data} />
        </div>
        <div>
          <Alerts found={data} />
          <Resources found={data} />
          <People found={data} />
          <section className="block" aria-labelledby="cases">
            <h3 id="cases">{t("nav.cases")}</h3>
            <ul className="plain">
              {data.cases.map((one) => (
                <li key={one.no}>
                  <Link to={`/cases/${one.no}`}>
                    #{one.no} {one.title}
                  </Link>{" "}
                  <StateTag kind={one.kind} title={one.state_title} />
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
    </div>
  );
}
