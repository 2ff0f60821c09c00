/** Proposals that wait for the centre: what is proposed and why, and the three answers. */

import { Button, Select, Space, Table, Tag } from "antd";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { type Problem, post } from "../data/http";
import type { CaseFull, Page } from "../data/types";
import { useGet, usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { SeverityMark } from "../parts/tags";
import { Countdown, When } from "../parts/time";
import { useUnits } from "../parts/units";
import { Refuse } from "./Refuse";
import { because, percent } from "./reasons";
import type { Waits, WaitsForClass, WaitsForUnit } from "./types";

interface Option {
  value: string;
  label: string;
}

interface Way<T extends Waits<unknown>> {
  /** The class or unit that is proposed first. */
  first: (one: T) => Option;
  /** What is said beside it: the others, and the reason. */
  said: (one: T) => ReactNode;
  choose: (one: T, value: string) => { path: string; body: unknown };
  options: Option[];
  labels: { accept: string; choose: string; refuse: string; about: string };
}

function Answers<T extends Waits<unknown>>({
  one,
  what,
  way,
  done,
}: {
  one: T;
  what: string;
  way: Way<T>;
  done: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const first = way.first(one);
  const act = async (path: string, body: unknown) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await post<CaseFull>(`/api/cases/${one.no}/${path}`, body);
      done();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const take = (value: string) => {
    const { path, body } = way.choose(one, value);
    void act(path, body);
  };
  return (
    <>
      <Space wrap size={8}>
        <Button size="small" type="primary" loading={busy} onClick={() => take(first.value)}>
          {way.labels.accept}
        </Button>
        <Select<string>
          size="small"
          style={{ width: 170 }}
          aria-label={way.labels.choose}
          placeholder={way.labels.choose}
          showSearch={{ optionFilterProp: "label" }}
          disabled={busy}
          value={null as unknown as string}
          options={way.options.filter((each) => each.value !== first.value)}
          onChange={take}
        />
        <Refuse
          busy={busy}
          label={way.labels.refuse}
          about={way.labels.about}
          run={(reason) => act(`proposals/${what}/refuse`, { reason })}
        />
      </Space>
      {problem && <ProblemBox problem={problem} retry={done} />}
    </>
  );
}

function Listed<T extends Waits<unknown>>({ what, way }: { what: string; way: Way<T> }) {
  const { t } = useLanguage();
  const list = usePages<T>(`/api/cases/proposals/${what}`);
  if (list.problem) return <ProblemBox problem={list.problem} retry={list.reload} />;
  if (list.loading && !list.items.length) return <Busy />;
  if (!list.items.length) return <Nothing>{t("learning.nothing")}</Nothing>;
  return (
    <>
      <Table<T>
        size="middle"
        rowKey="no"
        pagination={false}
        dataSource={list.items}
        scroll={{ x: 900 }}
        columns={[
          {
            key: "case",
            title: t("learning.case"),
            render: (_, one) => (
              <>
                <SeverityMark severity={one.severity} />{" "}
                <Link to={`/cases/${one.no}`}>
                  #{one.no} {one.title}
                </Link>{" "}
                <Tag>{one.class_title}</Tag>
                <div>{one.description.slice(0, 160)}</div>
                <div className="quiet">
                  {one.address} <When at={one.opened_at} />
                  {one.due_at && (
                    <>
                      {" · "}
                      <Countdown due={one.due_at} overdue={one.overdue} />
                    </>
                  )}
                </div>
              </>
            ),
          },
          {
            key: "proposal",
            title: t("learning.proposed"),
            width: 260,
            render: (_, one) => (
              <>
                <b>{way.first(one).label}</b>
                {way.said(one)}
              </>
            ),
          },
          {
            key: "answer",
            title: t("learning.answer"),
            width: 400,
            render: (_, one) => <Answers one={one} what={what} way={way} done={list.reload} />,
          },
        ]}
      />
      <More more={list.more} />
    </>
  );
}

export function DispatchList() {
  const { t } = useLanguage();
  const units = useUnits(true).filter((one) => one.kind !== "external");
  const way: Way<WaitsForUnit> = {
    first: ({ proposal }) => ({
      value: String(proposal.organisation),
      label: `${proposal.organisation_name} ${percent(proposal.confidence)}`,
    }),
    said: ({ proposal }) => (
      <div className="quiet">
        {proposal.candidates
          .slice(1)
          .map((one) => `${one.name} ${percent(one.confidence)}`)
          .join(" · ")}
        <div>{because(t, proposal.reasons)}</div>
      </div>
    ),
    choose: (one, value) => ({
      path: "dispatch",
      body: { to: { organisation: Number(value) }, version: one.version },
    }),
    options: units.map((one) => ({ value: String(one.value), label: one.label })),
    labels: {
      accept: t("learning.accept"),
      choose: t("learning.choose_unit"),
      refuse: t("learning.refuse"),
      about: t("learning.refuse_about"),
    },
  };
  return <Listed what="dispatch" way={way} />;
}

export function ClassList() {
  const { t } = useLanguage();
  const classes = useGet<Page<{ code: string; title: string }>>("/api/cases/classes");
  const way: Way<WaitsForClass> = {
    first: ({ proposal }) => ({
      value: proposal.first,
      label: `${proposal.first_title} ${percent(proposal.confidence)}`,
    }),
    said: ({ proposal }) => (
      <div className="quiet">
        {t("learning.chosen", { title: proposal.chosen_title })}
        <div>{because(t, proposal.reasons)}</div>
      </div>
    ),
    choose: (one, value) => ({
      path: "change",
      body: {
        to: { case_class: value },
        version: one.version,
        reason: t("learning.class_reason", { share: percent(one.proposal.confidence) }),
      },
    }),
    options: (classes.data?.items ?? []).map((one) => ({ value: one.code, label: one.title })),
    labels: {
      accept: t("learning.change_class"),
      choose: t("learning.choose_class"),
      refuse: t("learning.leave_class"),
      about: t("learning.leave_about"),
    },
  };
  return <Listed what="class" way={way} />;
}
