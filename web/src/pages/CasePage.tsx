import { Alert, Button, Image, Tag, Timeline } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import { useLive } from "../data/live";
import { lookedAt } from "../data/recent";
import { useSession } from "../data/session";
import type { CaseExplanation, CaseFull, CasePhoto, CaseSummary } from "../data/types";
import { useGet } from "../data/use";
import { whoDid } from "../data/who";
import { told } from "../data/zone";
import { type Translate, useLanguage } from "../i18n";
import { AsideFacts, Assessments, Parts } from "../parts/Asides";
import { ClassProposal } from "../learning/ClassProposal";
import { StartPlan } from "../emergency/StartPlan";
import { Contacts } from "../parts/Contacts";
import { Evidence, type Explanation } from "../parts/Evidence";
import { Duplicates } from "../parts/Duplicates";
import { OfferPanel } from "../parts/OfferPanel";
import { PictureLinks } from "../parts/PictureLinks";
import { Proposal } from "../parts/Proposal";
import { TaskPanel } from "../tasks/TaskPanel";
import { StepForm } from "../parts/StepForm";
import { Busy, ProblemBox } from "../parts/states";
import { SeverityMark, StateTag } from "../parts/tags";
import { Countdown, When } from "../parts/time";

const SpotMap = lazy(() => import("../parts/SpotMap"));

function sourceTitle(t: Translate, kind: string): string {
  if (kind === "finding") return t("why.found");
  if (kind === "plan") return t("tasks.source");
  if (kind === "check") return t("quality.source");
  return kind === "trouble" ? t("why.troubled") : t("why.reported");
}

function Photos({ names, known }: { names: string[] | null; known: CasePhoto[] }) {
  const { t, lang } = useLanguage();
  if (!names?.length) return null;
  const about = (sha: string) => {
    const found = known.find((one) => one.sha === sha);
    const words = [
      found?.taken_at && t("photo.taken", { at: told(found.taken_at, lang) }),
      typeof found?.metres_away === "number" &&
        t("photo.metres_away", { metres: found.metres_away }),
    ];
    return words.filter(Boolean).join(" · ");
  };
  return (
    <div className="photos">
      <Image.PreviewGroup>
        {names.map((sha) => (
          <Image
            key={sha}
            src={`/api/blobs/${sha}?size=320`}
            preview={{ src: `/api/blobs/${sha}` }}
            width={96}
            height={72}
            alt={t("case.photo")}
            title={about(sha)}
            style={{ objectFit: "cover", borderRadius: 4 }}
          />
        ))}
      </Image.PreviewGroup>
    </div>
  );
}

function Why({ no }: { no: number }) {
  const { t } = useLanguage();
  const { data, problem, loading } = useGet<CaseExplanation>(`/api/cases/${no}/explain`);
  if (problem) return <ProblemBox problem={problem} />;
  if (loading && !data) return <Busy />;
  if (!data) return null;
  return (
    <div data-testid="case-why">
      <p>
        <b>{t("why.dispatch")}</b> {data.dispatch.reason.join(" ") || "–"}
      </p>
      <p>
        <b>{t("why.deadline")}</b> {data.deadline.why}
      </p>
      {data.sources.map((source, row) => (
        <section key={row}>
          <h4 style={{ margin: "14px 0 4px" }}>
            {sourceTitle(t, source.kind)} <When at={source.at} />
            {source.finding !== null && (
              <>
                {" "}
                <Link to={`/findings/${source.finding}`}>#{source.finding}</Link>
              </>
            )}
          </h4>
          {source.how && <div className="quiet">{source.how}</div>}
          {source.text && (
            <p>
              {whoDid(source)}: {source.text}
            </p>
          )}
          {source.explanation && (
            <Evidence explanation={source.explanation as unknown as Explanation} />
          )}
        </section>
      ))}
    </div>
  );
}

function Track({ found }: { found: CaseFull }) {
  const { t } = useLanguage();
  return (
    <Timeline
      items={found.timeline.map((one, row) => ({
        key: row,
        color: row === found.timeline.length - 1 ? "blue" : "gray",
        content: (
          <div data-testid="timeline-entry">
            <div>
              <b>{one.step_title}</b>{" "}
              <span className="quiet">
                {one.actor.startsWith("system:")
                  ? t("case.by_itself")
                  : whoDid(one)}{" "}
                · <When at={one.at} />
              </span>
            </div>
            {typeof one.details.case === "number" && (
              <Link to={`/cases/${one.details.case}`}>#{one.details.case}</Link>
            )}
            {one.reason && <div>{one.reason.replaceAll("。; ", "。")}</div>}
            {one.why && <div className="quiet">{one.why.replaceAll("。; ", "。")}</div>}
            {one.text && <div style={{ whiteSpace: "pre-wrap" }}>{one.text}</div>}
            <Photos names={one.photos} known={found.photos} />
            <PictureLinks of={one.details} />
          </div>
        ),
      }))}
    />
  );
}

export default function CasePage() {
  const { t, lang } = useLanguage();
  const { layout, may, session } = useSession();
  const no = Number(useParams().no);
  const { data, problem, loading, reload, set } = useGet<CaseFull>(`/api/cases/${no}`);
  const [why, setWhy] = useState(false);
  const [dirty, setDirty] = useState(0);
  useLive<CaseSummary>("case", (one) => {
    if (one.no === no && one.version !== data?.version) setDirty((value) => value + 1);
  });
  useEffect(() => {
    if (dirty) reload();
  }, [dirty, reload]);
  const user = session?.name;
  const known = data?.no;
  useEffect(() => {
    if (user && known) lookedAt(user, known);
  }, [user, known]);
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (loading && !data) return <Busy />;
  if (!data) return null;
  const over = data.kind === "done" || data.kind === "void";
  return (
    <div className="page">
      <div className="block case-head">
        <h2>
          <span className="quiet">#{data.no}</span> {data.title}
        </h2>
        <StateTag kind={data.kind} title={data.state_title} />
        <SeverityMark severity={data.severity} />
        {data.excused && <Tag>{t("loop.excused")}</Tag>}
        <span style={{ flex: 1 }} />
        {!over && (
          <Countdown
            due={data.due_at}
            overdue={data.overdue}
            standing={data.kind === "waiting" && data.deadline.minutes !== null}
            large
          />
        )}
      </div>
      <div className="case-grid">
        <div>
          <section className="block" aria-labelledby="do">
            <h3 id="do">{t("case.do")}</h3>
            {data.handed_on && (
              <Alert
                type="info"
                showIcon
                title={
                  <>
                    {t("case.handed_on_at")} <When at={data.handed_on} />
                  </>
                }
                style={{ marginBottom: 12 }}
              />
            )}
            <StepForm found={data} onDone={set} />
          </section>
          <Proposal found={data} onDone={set} />
          <ClassProposal found={data} onDone={set} />
          <OfferPanel no={no} version={data.version} onDone={reload} />
          <Duplicates found={data} onDone={set} />
          <TaskPanel no={no} version={data.version} onDone={reload} />
          <StartPlan no={no} open={!over} />
          <section className="block" aria-labelledby="what">
            <h3 id="what">{t("case.what")}</h3>
            {data.description && <p style={{ whiteSpace: "pre-wrap" }}>{data.description}</p>}
            <dl className="facts">
              <dt>{t("case.class")}</dt>
              <dd>{data.class_title}</dd>
              <dt>{t("case.place")}</dt>
              <dd>
                {[data.place_name, data.address, data.grid_name].filter(Boolean).join(" · ") || "–"}
              </dd>
              <dt>{t("case.with")}</dt>
              <dd>
                {[data.organisation_name, data.handler_name].filter(Boolean).join(" · ") || "–"}
                {data.unmanned && <Alert type="warning" showIcon title={data.unmanned} />}
              </dd>
              <dt>{t("case.opened")}</dt>
              <dd>
                <When at={data.opened_at} />
              </dd>
              {data.closed_at && (
                <>
                  <dt>{t("case.closed")}</dt>
                  <dd>
                    <When at={data.closed_at} />
                  </dd>
                </>
              )}
              <dt>{t("case.deadline")}</dt>
              <dd>{data.deadline.why || "–"}</dd>
              <dt>{t("why.dispatch")}</dt>
              <dd>
                {data.dispatch.reason.length ? (
                  <ul style={{ margin: 0, paddingLeft: 18 }}>
                    {data.dispatch.reason.map((one) => (
                      <li key={one}>{one}</li>
                    ))}
                  </ul>
                ) : (
                  "–"
                )}
              </dd>
              {data.storm && (
                <>
                  <dt>{t("storms.case")}</dt>
                  <dd>
                    {may("cases.dispatch") ? (
                      <Link to="/storms">{t("storms.number", { no: data.storm })}</Link>
                    ) : (
                      t("storms.number", { no: data.storm })
                    )}
                  </dd>
                </>
              )}
              <AsideFacts found={data} />
              {data.merged_into && (
                <>
                  <dt>{t("case.merged_into")}</dt>
                  <dd>
                    <Link to={`/cases/${data.merged_into}`}>#{data.merged_into}</Link>
                  </dd>
                </>
              )}
            </dl>
          </section>
          <Parts found={data} />
          <Assessments found={data} />
          <Contacts no={no} />
          <section className="block" aria-labelledby="why">
            <h3 id="why">{t("case.why")}</h3>
            <ul className="feed" style={{ marginBottom: 10 }}>
              {data.sources.map((source, row) => (
                <li key={row} style={{ padding: "6px 0" }}>
                  <b>{sourceTitle(t, source.kind)}</b>{" "}
                  {source.rule
                    ? (layout.rules[source.rule] ??
                      layout.rules[`${data.case_class.split(".")[0]}/${source.rule}`] ??
                      source.rule)
                    : source.text}{" "}
                  <span className="quiet">
                    <When at={source.at} />
                    {source.cleared_at && (
                      <>
                        {" · "}
                        {t("finding.cleared")} <When at={source.cleared_at} />
                      </>
                    )}
                  </span>
                  <PictureLinks of={source.values} />
                  {source.answers?.map((one) => (
                    <div key={one.code} className="quiet">
                      {one.label}: {one.name}
                    </div>
                  ))}
                </li>
              ))}
            </ul>
            {why ? (
              <Why no={no} key={lang} />
            ) : (
              <Button onClick={() => setWhy(true)} data-testid="ask-why">
                {t("why.ask")}
              </Button>
            )}
          </section>
        </div>
        <div>
          {data.lon !== null && data.lat !== null && (
            <section className="block" aria-labelledby="where">
              <h3 id="where">{t("case.where")}</h3>
              <Suspense fallback={<Busy />}>
                <SpotMap at={[data.lon, data.lat]} label={t("case.where")} />
              </Suspense>
            </section>
          )}
          <section className="block" aria-labelledby="track">
            <h3 id="track">{t("case.timeline")}</h3>
            <Track found={data} />
          </section>
        </div>
      </div>
    </div>
  );
}
