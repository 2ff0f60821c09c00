import { Link } from "react-router";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { LevelTag, Since } from "../emergency/Level";
import { useAgainWithCases } from "../emergency/Running";
import type { Incident } from "../emergency/types";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";

export default function Emergencies() {
  const { t } = useLanguage();
  const { data, problem, loading, reload } = useGet<Page<Incident>>("/api/emergencies");
  useAgainWithCases(reload);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (loading && !data) return <Busy />;
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.emergencies")}</h2>
        <a href="/cap/feed.xml">{t("emergency.feed")}</a>
      </div>
      {data?.items.length ? (
        <ul className="feed block">
          {data.items.map((one) => (
            <li key={one.no}>
              <Link className="item" to={`/emergencies/${one.no}`}>
                <span className="line">
                  <span className="title">
                    #{one.no} {one.title} · {one.place_name}
                  </span>
                  <LevelTag colour={one.colour} title={one.level_title} />
                </span>
                <span className="sub">
                  <span>
                    {one.running ? t("emergency.runs") : t("emergency.ended")} · <Since one={one} />
                    {" · "}
                    {t("emergency.progress", {
                      done: one.counts.done,
                      all: Object.entries(one.counts)
                        .filter(([state]) => state !== "late")
                        .reduce((sum, [, count]) => sum + count, 0),
                    })}
                    {one.counts.late > 0 && ` · ${t("emergency.late_n", { count: one.counts.late })}`}
                  </span>
                  <When at={one.started_at} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <Nothing>{t("emergency.none")}</Nothing>
      )}
    </div>
  );
}
