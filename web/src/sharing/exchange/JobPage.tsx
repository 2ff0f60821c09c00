/** One job: run and stopped, its runs with their figures, and the rows that were rejected. */

import { App, Button, Popconfirm, Space, Table } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { get, Problem, post, remove } from "../../data/http";
import { useSession } from "../../data/session";
import { useAgain, useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { Capture } from "./Capture";
import { EndName } from "./JobList";
import { Preview, type Tried } from "./Preview";
import { Rejects } from "./Rejects";
import { Compared, Count, isOpen, Reconciled, RunState, Trouble } from "./RunFigures";
import type { JobFull, Run } from "./types";

function seconds(run: Run): number | undefined {
  if (!run.ended_at) return undefined;
  return (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000;
}

function Runs({ runs, shown, show }: { runs: Run[]; shown?: Run; show: (id: number) => void }) {
  const { t } = useLanguage();
  return (
    <Table<Run>
      rowKey="id"
      size="small"
      pagination={false}
      scroll={{ x: 1000 }}
      dataSource={runs}
      locale={{ emptyText: <Nothing>{t("exchange.never")}</Nothing> }}
      rowClassName={(one) => (one.id === shown?.id ? "ant-table-row-selected" : "")}
      columns={[
        {
          title: t("exchange.started"),
          width: 170,
          render: (_, one) => (
            <Button type="link" size="small" aria-pressed={one.id === shown?.id} onClick={() => show(one.id)}>
              <When at={one.started_at} />
            </Button>
          ),
        },
        { title: t("exchange.state"), width: 130, render: (_, one) => <RunState run={one} /> },
        ...(["read", "written", "unchanged", "rejected", "removed"] as const).map((name) => ({
          title: t(`exchange.${name}` as Key),
          align: "right" as const,
          width: 90,
          render: (_: unknown, one: Run) => <Count value={one.tally[name]} />,
        })),
        {
          title: t("exchange.took"),
          align: "right",
          width: 100,
          render: (_, one) => <Count value={seconds(one)} />,
        },
        { title: t("exchange.compared"), render: (_, one) => <Compared run={one} /> },
      ]}
    />
  );
}

function Acts({ job, reload }: { job: JobFull; reload: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const navigate = useNavigate();
  const path = `/api/sharing/exchange/${job.code}`;
  const operates = may("sharing.operate");
  const node = job.from === "node";
  const act = async (work: () => Promise<unknown>, told?: string) => {
    try {
      await work();
      if (told) void message.success(told);
    } catch (error) {
      const words = error instanceof Problem ? [error.title, error.todo].join(" ") : String(error);
      void message.error(words, 8);
    }
    reload();
  };
  const attempt = () =>
    act(async () => {
      const tried = await post<Tried>(`${path}/try`);
      modal.info({ width: 900, icon: null, title: t("job.preview"), content: <Preview of={tried} /> });
    });
  const drop = () =>
    act(async () => {
      await remove(path);
      navigate("/exchange");
    });
  return (
    <Space wrap>
      {isOpen(job.last) ? (
        <Button danger onClick={() => act(() => post(`${path}/stop`))}>
          {t("exchange.stop")}
        </Button>
      ) : (
        !node && (
          <Button type="primary" onClick={() => act(() => post(`${path}/run`), t("exchange.started_now"))}>
            {t("exchange.run")}
          </Button>
        )
      )}
      {!node && <Button onClick={attempt}>{t("job.preview")}</Button>}
      {job.mode === "captured" && <Capture job={job.code} />}
      {operates && (
        <>
          <Button onClick={() => navigate(`/exchange/${job.code}/edit`)}>{t("form.edit")}</Button>
          <Popconfirm title={t("job.remove_sure")} okButtonProps={{ danger: true }} onConfirm={drop}>
            <Button danger type="text">
              {t("form.remove")}
            </Button>
          </Popconfirm>
        </>
      )}
    </Space>
  );
}

export function JobPage({ code }: { code: string }) {
  const { t } = useLanguage();
  const [shown, setShown] = useState<number>();
  const [older, setOlder] = useState<Pick<JobFull, "runs" | "next">>();
  const [failed, setFailed] = useState<Problem>();
  const path = `/api/sharing/exchange/${encodeURIComponent(code)}`;
  const found = useGet<JobFull>(path);
  const { data, problem, reload } = found;
  useAgain(found, isOpen(data?.last));
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} page />;
  if (!data) return <Busy />;
  const known = new Set(data.runs.map((one) => one.id));
  const runs = [...data.runs, ...(older?.runs ?? []).filter((one) => !known.has(one.id))];
  const run = runs.find((one) => one.id === shown) ?? runs[0];
  const next = older ? older.next : data.next;
  const more = async () => {
    setFailed(undefined);
    try {
      const page = await get<JobFull>(`${path}?before=${next}`);
      setOlder((held) => ({ runs: [...(held?.runs ?? data.runs), ...page.runs], next: page.next }));
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  return (
    <div className="page">
      <div className="page-head">
        <h2>{data.name}</h2>
        <Acts job={data} reload={reload} />
        <Link to="/exchange">{t("nav.exchange")}</Link>
      </div>
      <p className="quiet">
        <EndName of={data.from} /> → {data.to} · {t(`exchange.mode.${data.mode}` as Key)} ·{" "}
        {data.schedule || t("exchange.by_hand")}
        {!data.enabled && ` · ${t("exchange.disabled")}`}
        {data.next_at && (
          <>
            {" "}
            · {t("exchange.next")} <When at={data.next_at} />
          </>
        )}
        {data.organisation_name && ` · ${data.organisation_name}`}
      </p>
      {failed && <ProblemBox problem={failed} />}
      {data.last && <Trouble run={data.last} />}
      <h3>{t("exchange.runs")}</h3>
      <Runs runs={runs} shown={run} show={setShown} />
      <More more={next ? more : undefined} />
      {run && (
        <>
          <Reconciled run={run} />
          <h3>{t("exchange.rejects")}</h3>
          <Rejects key={`${run.id}.${run.tally.rejected}`} job={code} run={run} />
        </>
      )}
    </div>
  );
}
