/** Requests, grants and complaints as tables, with what can be done. */

import { Button, Modal, type TableColumnsType, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { post } from "../../data/http";
import { useSend } from "../../data/send";
import { useSession } from "../../data/session";
import { type Pages, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { ListFrame } from "../lists/ListFrame";
import { GrantRows } from "./GrantRows";
import { Reason } from "./Reason";
import { GiveButton, type Giving } from "./TermsForm";
import type { Asked, Complaint, Grant } from "./types";

const COLOURS: Record<string, string> = {
  waiting: "blue",
  open: "blue",
  granted: "green",
  accepted: "green",
  refused: "red",
  rejected: "red",
};

function State({ of }: { of: { state: string; late: boolean } }) {
  const { t } = useLanguage();
  return (
    <>
      <Tag color={COLOURS[of.state]}>{t(`grants.state.${of.state}` as Key)}</Tag>
      {of.late && <Tag color="red">{t("grants.late")}</Tag>}
    </>
  );
}

/** What is done with a row: a path, its body by the reason given, and whether it needs one. */
interface Act {
  label: Key;
  path: string;
  body: (reason: string) => unknown;
  needed: boolean;
}

function Acts({ acts, done }: { acts: Act[]; done: () => void }) {
  const { t } = useLanguage();
  const [chosen, choose] = useState<Act>();
  const taking = useSend(async (act: Act, reason: string) => {
    await post(act.path, act.body(reason));
    choose(undefined);
    done();
  });
  return (
    <>
      {acts.map((act) => (
        <Button
          key={act.label}
          size="small"
          type="link"
          onClick={() => {
            taking.clear();
            choose(act);
          }}
        >
          {t(act.label)}
        </Button>
      ))}
      <Modal open={!!chosen} footer={null} title={chosen && t(chosen.label)} onCancel={() => choose(undefined)}>
        {taking.problem && <ProblemBox problem={taking.problem} />}
        {chosen && <Reason needed={chosen.needed} busy={taking.busy} onGiven={(reason) => taking.send(chosen, reason)} />}
      </Modal>
    </>
  );
}

/** Rows with their number and resource before what each list adds. */
function Rows<T extends { id: number; resource: number; resource_name: string }>({
  found,
  columns,
}: {
  found: Pages<T>;
  columns: TableColumnsType<T>;
}) {
  const { t } = useLanguage();
  return (
    <ListFrame<T>
      rowKey="id"
      found={found}
      empty={t("grants.none")}
      columns={[
        { title: "#", dataIndex: "id", width: 60 },
        { title: t("grants.resource"), render: (_, row) => resource(row) },
        ...columns,
      ]}
    />
  );
}

function resource(row: { resource: number; resource_name: string }) {
  return <Link to={`/catalogue/entry/${row.resource}`}>{row.resource_name}</Link>;
}

export function RequestList({ side }: { side: "user" | "provider" }) {
  const { t } = useLanguage();
  const found = usePages<Asked>(`/api/sharing/requests?side=${side}`);
  const acts = (row: Asked): Act[] => {
    const path = `/api/sharing/requests/${row.id}`;
    if (row.state !== "waiting") return [];
    if (side === "user")
      return [{ label: "grants.withdraw", path: `${path}/withdraw`, body: () => ({}), needed: false }];
    const answer = (reason: string) => ({ granted: false, answer: reason });
    return [{ label: "grants.refuse", path: `${path}/answer`, body: answer, needed: true }];
  };
  const giving = (row: Asked): Giving => ({
    label: "grants.grant",
    path: `/api/sharing/requests/${row.id}/answer`,
    terms: row.terms,
    days: row.terms.days,
    body: (terms, answer) => ({ granted: true, answer, terms }),
    needed: false,
  });
  return (
    <Rows
      found={found}
      columns={[
        {
          title: t(side === "user" ? "grants.provider" : "grants.user"),
          dataIndex: side === "user" ? "provider_name" : "organisation_name",
        },
        { title: t("grants.purpose"), dataIndex: "purpose" },
        { title: t("grants.fields"), render: (_, row) => row.terms.fields.join(", ") },
        { title: t("grants.state"), render: (_, row) => <State of={row} /> },
        { title: t("grants.answer_by"), render: (_, row) => <When at={row.answer_by} /> },
        { title: t("grants.reason"), dataIndex: "answer" },
        {
          render: (_, row) => (
            <>
              {side === "provider" && row.state === "waiting" && (
                <GiveButton of={giving(row)} resource={row.resource} title={row.resource_name} done={found.reload} />
              )}
              <Acts acts={acts(row)} done={found.reload} />
            </>
          ),
        },
      ]}
    />
  );
}

export function GrantList() {
  const { t } = useLanguage();
  const { may, session } = useSession();
  const found = usePages<Grant>("/api/sharing/grants");
  const acts = (row: Grant): Act[] => {
    const body = (reason: string) => ({ reason });
    const end: Act = { label: "grants.end", path: `/api/sharing/grants/${row.id}/end`, body, needed: true };
    return row.in_force && may("sharing.request") ? [end] : [];
  };
  const narrows = (row: Grant) =>
    row.in_force && may("sharing.provide") && (row.provider === session?.organisation || may("sharing.review"));
  const narrowing = (row: Grant): Giving => ({
    label: "grants.narrow",
    path: `/api/sharing/grants/${row.id}/narrow`,
    terms: row.terms,
    days: Math.max(1, Math.min(row.terms.days, daysLeft(row.expires_at))),
    body: (terms, reason) => ({ terms, reason }),
    needed: true,
  });
  const reads = (row: Grant) =>
    row.in_force &&
    row.organisation === session?.organisation &&
    row.terms.modes.includes("api") &&
    may("sharing.use");
  return (
    <Rows
      found={found}
      columns={[
        { title: t("grants.provider"), dataIndex: "provider_name" },
        { title: t("grants.user"), dataIndex: "organisation_name" },
        {
          title: t("grants.fields"),
          render: (_, row) =>
            row.terms.fields.map((name) => (
              <Tag key={name} color={row.masked.includes(name) ? "orange" : undefined}>
                {name}
                {row.masked.includes(name) && ` (${t("grants.masked")})`}
              </Tag>
            )),
        },
        { title: t("grants.until"), render: (_, row) => <When at={row.expires_at} /> },
        { title: t("grants.basis"), dataIndex: "basis" },
        {
          title: t("grants.state"),
          render: (_, row) => (
            <Tag color={row.in_force ? "green" : undefined}>
              {t(row.in_force ? "grants.in_force" : "grants.over")}
            </Tag>
          ),
        },
        {
          render: (_, row) => (
            <>
              {reads(row) && (
                <>
                  <GrantRows of={row} />
                  <a href={`/api/sharing/data/${row.resource}/openapi.json`}>{t("grants.interface")}</a>
                </>
              )}
              {narrows(row) && (
                <GiveButton
                  of={narrowing(row)}
                  resource={row.resource}
                  title={row.resource_name}
                  done={found.reload}
                />
              )}
              <Acts acts={acts(row)} done={found.reload} />
            </>
          ),
        },
      ]}
    />
  );
}

const DAY_MS = 86_400_000;

/** Begun days until an instant. */
function daysLeft(until: string): number {
  return Math.ceil((new Date(until).getTime() - Date.now()) / DAY_MS);
}

export function ComplaintList() {
  const { t } = useLanguage();
  const found = usePages<Complaint>("/api/sharing/complaints");
  const acts = (row: Complaint): Act[] => {
    const path = `/api/sharing/complaints/${row.id}/answer`;
    const answer = (accepted: boolean) => (reason: string) => ({ accepted, answer: reason });
    if (!row.yours) return [];
    return [
      { label: "grants.accept", path, body: answer(true), needed: true },
      { label: "grants.reject", path, body: answer(false), needed: true },
    ];
  };
  return (
    <Rows
      found={found}
      columns={[
        { title: t("grants.user"), dataIndex: "organisation_name" },
        { title: t("grants.state"), render: (_, row) => <State of={row} /> },
        {
          title: t("grants.text"),
          render: (_, row) => (
            <>
              <Tag>{t(`grants.kind.${row.kind}` as Key)}</Tag>
              {row.text}
              {row.place.column && (
                <div className="quiet">
                  {row.place.key
                    ? `${Object.values(row.place.key).join(", ")} · ${row.place.column} → ${row.place.value}`
                    : row.place.column}
                </div>
              )}
            </>
          ),
        },
        { title: t("grants.answer_by"), render: (_, row) => <When at={row.answer_by} /> },
        { title: t("grants.reason"), dataIndex: "answer" },
        { render: (_, row) => <Acts acts={acts(row)} done={found.reload} /> },
      ]}
    />
  );
}
