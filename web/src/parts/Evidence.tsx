/** Why: a finding's rule, parameters and observations, readable. */

import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { get, type Problem } from "../data/http";
import { useSession } from "../data/session";
import { told } from "../data/zone";
import { useLanguage } from "../i18n";
import { figure } from "./duration";
import { Busy, ProblemBox } from "./states";
import { When } from "./time";

const Chart = lazy(() => import("./Chart"));

export interface Explanation {
  finding: { id: number; values: Record<string, unknown>; thing: number };
  rule: {
    pack: string;
    rule: string;
    version: number | string;
    title: Record<string, string>;
    explain?: Record<string, string>;
    when: string;
    let: Record<string, string>;
    for_s: number;
    clears_when: string;
    clears_for_s: number;
    text: string;
  };
  parameters: {
    name: string;
    value: unknown;
    unit?: string;
    source?: unknown;
    tuned?: { who?: string; why?: string } | null;
  }[];
  observations: {
    time: string;
    thing: number;
    datastream: number;
    property: string;
    value: number | null;
    unit: string;
  }[];
  story: Record<string, string[]>;
  error?: string;
}

interface Raw {
  source: string;
  time: string;
  received: string;
  [other: string]: unknown;
}

function RawMessages({ stream, time }: { stream: number; time: string }) {
  const { t } = useLanguage();
  const [found, setFound] = useState<Raw[]>();
  const [problem, setProblem] = useState<Problem>();
  const ask = async () => {
    try {
      const page = await get<{ value: { "@iot.id": number }[] }>(
        `/v1.1/Datastreams(${stream})/Observations?$filter=phenomenonTime eq ${time}&$select=id`,
      );
      setFound(
        await Promise.all(page.value.map((one) => get<Raw>(`/api/observations/${one["@iot.id"]}`))),
      );
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  if (problem) return <ProblemBox problem={problem} />;
  if (!found)
    return (
      <Button size="small" type="link" style={{ padding: 0 }} onClick={ask}>
        {t("why.raw")}
      </Button>
    );
  return (
    <>
      {found.map((one, row) => (
        <pre className="raw" key={row}>
          {JSON.stringify(one, null, 1)}
        </pre>
      ))}
    </>
  );
}

function shownValue(value: unknown, lang: string): string {
  if (typeof value === "number") return figure(value, lang);
  if (value === null || value === undefined) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function titled(title: unknown, lang: string): string {
  if (typeof title === "string") return title;
  if (title && typeof title === "object") {
    const titles = title as Record<string, string>;
    return titles[lang] ?? Object.values(titles)[0] ?? "";
  }
  return "";
}

function sourceText(source: unknown, lang: string): string {
  if (!source) return "";
  if (typeof source === "string") return source;
  const parts = Object.values(source as Record<string, unknown>).map((part) => titled(part, lang));
  return parts.filter(Boolean).join(" ");
}

/** The rule's own sentence with what was observed and the parameters of that day in it. */
function filled(template: string, explanation: Explanation, lang: string): string {
  const known: Record<string, unknown> = { ...explanation.finding.values };
  for (const one of explanation.parameters) known[one.name] = one.value;
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in known ? shownValue(known[name], lang) : whole,
  );
}

/** The instants of a sentence by the city's clocks. */
function localTimes(line: string, lang: string): string {
  return line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => told(instant, lang));
}

export function Evidence({ explanation }: { explanation: Explanation }) {
  const { t, lang } = useLanguage();
  const { layout } = useSession();
  const [all, setAll] = useState(false);
  if (explanation.error || !explanation.rule)
    return (
      <p className="quiet">
        {t("why.none")} {explanation.error && <code>{explanation.error}</code>}
      </p>
    );
  const { rule, observations } = explanation;
  const lead = filled(rule.explain?.[lang] ?? "", explanation, lang);
  const story = (explanation.story?.[lang] ?? [])
    .filter(
      (line, row) =>
        row === 0 || !explanation.parameters.some((one) => line.includes(`:${one.name}`)),
    )
    .map((line) => localTimes(line, lang));
  const first = observations[0];
  const same = first
    ? observations.filter((one) => one.datastream === first.datastream && one.value !== null)
    : [];
  const rows = all ? observations : observations.slice(-12);
  const propertyTitle = (name: string) => {
    for (const [kind, declared] of Object.entries(layout.kinds))
      if (kind.startsWith(`${rule.pack}.`) && declared.properties[name])
        return declared.properties[name].title;
    return name;
  };
  return (
    <div className="chain" data-testid="evidence">
      {lead && (
        <p style={{ margin: "4px 0", fontSize: 15, fontWeight: 500 }} data-testid="lead">
          {lead}
        </p>
      )}
      {story.map((line) => (
        <p key={line} style={{ margin: "4px 0" }}>
          {line}
        </p>
      ))}
      <h4>{t("why.rule")}</h4>
      <div>
        {rule.title?.[lang] ?? rule.rule}{" "}
        <span className="quiet">
          {rule.pack}/{rule.rule} · {t("why.version", { version: String(rule.version) })}
        </span>
      </div>
      <pre className="raw">{rule.text || rule.when}</pre>
      {explanation.parameters.length > 0 && (
        <>
          <h4>{t("why.parameters")}</h4>
          <table className="obs">
            <tbody>
              {explanation.parameters.map((one, row) => (
                <tr key={row}>
                  <td>{layout.parameters[`${rule.pack}/${one.name}`] ?? one.name}</td>
                  <td>
                    <b>{shownValue(one.value, lang)}</b>{" "}
                    {one.unit && one.unit !== "1" ? one.unit : ""}
                  </td>
                  <td className="quiet">
                    {sourceText(one.source, lang)}
                    {one.tuned &&
                      ` · ${t("why.tuned")} ${one.tuned.who ?? ""} ${one.tuned.why ?? ""}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <h4>{t("why.observations", { count: observations.length })}</h4>
      {same.length > 2 && (
        <Suspense fallback={<Busy />}>
          <Chart
            points={same.map((one) => [Date.parse(one.time), one.value!])}
            unit={first!.unit}
            label={propertyTitle(first!.property)}
          />
        </Suspense>
      )}
      <table className="obs">
        <thead>
          <tr>
            <th>{t("why.time")}</th>
            <th>{t("why.property")}</th>
            <th>{t("why.value")}</th>
            <th>{t("why.message")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one, row) => (
            <tr key={`${one.time}-${one.datastream}-${row}`}>
              <td>
                <When at={one.time} />
              </td>
              <td>{propertyTitle(one.property)}</td>
              <td>
                <b>{shownValue(one.value, lang)}</b> {one.unit === "1" ? "" : one.unit}
              </td>
              <td>
                <RawMessages stream={one.datastream} time={one.time} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < observations.length && (
        <Button type="link" onClick={() => setAll(true)}>
          {t("why.all", { count: observations.length })}
        </Button>
      )}
    </div>
  );
}
