import { Link, useParams } from "react-router";
import { useLive } from "../data/live";
import type { Finding } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Evidence, type Explanation } from "../parts/Evidence";
import { Busy, ProblemBox } from "../parts/states";
import { SeverityMark, useRuleTitle } from "../parts/tags";
import { When } from "../parts/time";

export default function FindingPage() {
  const { t } = useLanguage();
  const id = Number(useParams().id);
  const titleOf = useRuleTitle();
  const { data, problem, reload } = useGet<Finding & { explanation: Explanation }>(
    `/api/findings/${id}`,
  );
  useLive<Finding>("finding", (one) => one.id === id && reload());
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (!data) return <Busy />;
  return (
    <div className="page" style={{ maxWidth: 1040 }}>
      <div className="block case-head">
        <h2>
          <span className="quiet">#{data.id}</span> {titleOf(data)}
        </h2>
        <SeverityMark severity={data.severity} />
        <span className="quiet">{t(`finding.${data.state}`)}</span>
      </div>
      <div className="block">
        <dl className="facts">
          <dt>{t("case.place")}</dt>
          <dd>
            <Link to={`/live?at=${data.place ? `place:${data.place}` : `thing:${data.thing}`}`}>
              {data.place_name || `#${data.thing}`}
            </Link>
          </dd>
          <dt>{t("finding.raised")}</dt>
          <dd>
            <When at={data.raised_at} />
          </dd>
          <dt>{t("finding.ended")}</dt>
          <dd>
            <When at={data.cleared_at} />
          </dd>
          <dt>{t("finding.case")}</dt>
          <dd>{data.case ? <Link to={`/cases/${data.case}`}>#{data.case}</Link> : "–"}</dd>
        </dl>
      </div>
      <section className="block" aria-labelledby="why">
        <h3 id="why">{t("case.why")}</h3>
        <Evidence explanation={data.explanation} />
      </section>
    </div>
  );
}
