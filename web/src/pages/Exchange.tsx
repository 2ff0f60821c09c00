/** Jobs of exchange: what they carry, how they went, and what they rejected. */

import { App, Button, Space, Table } from "antd";
import { useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import { post, Problem } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { Compared, Rejects, RunState, Trouble } from "../sharing/ExchangeRun";
import type { Job, JobFull, Run } from "../sharing/exchangeTypes";

const AGAIN_MS = 3000;

/** Ask again while something runs. */
function useAgain(reload: () => void, running: boolean) {
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(reload, AGAIN_MS);
    return () => clearInterval(timer);
  }, [reload, running]);
}

const open = (run: Run | null | undefined) => run?.state === "running" || run?.state === "waiting";

function Count({ value }: { value: number | undefined }) {
  const { lang } = useLanguage();
  return <>{value === undefined ? "—" : value.toLocaleString(lang)}</>;
}

function Jobs() {
  const { t } = useLanguage();
  const { data, problem, loading, reload } = useGet<Page<Job>>("/api/sharing/exchange");
  useAgain(reload, data?.items.some((one) => open(one.last)) ?? false);
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.exchange")}</h2>
        <span className="quiet">{t("exchange.about")}</span>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <Table<Job>
        rowKey="code"
        size="middle"
        pagination={false}
        scroll={{ x: 1000 }}
        dataSource={data?.items}
        locale={{
          emptyText: loading ? <Busy /> : <Nothing>{t("exchange.none")}</Nothing>,
        }}
        columns={[
          {
            title: t("exchange.job"),
            render: (_, one) => (
              <>
                <Link to={`/exchange/${one.code}`}>{one.name}</Link>{" "}
                <code className="quiet">{one.code}</code>
              </>
            ),
          },
          { title: t("exchange.from"), dataIndex: "from" },
          { title: t("exchange.to"), dataIndex: "to" },
          {
            title: t("exchange.mode"),
            width: 120,
            render: (_, one) => t(`exchange.mode.${one.mode}` as Key),
          },
          {
            title: t("exchange.last"),
            width: 170,
            render: (_, one) =>
              one.last ? (
                <When at={one.last.started_at} />
              ) : (
                <span className="quiet">{t("exchange.never")}</span>
              ),
          },
          {
            title: t("exchange.state"),
            width: 150,
            render: (_, one) => one.last && <RunState run={one.last} />,
          },
          {
            title: t("exchange.written"),
            align: "right",
            width: 100,
            render: (_, one) => <Count value={one.last?.tally.written} />,
          },
          {
            title: t("exchange.rejected"),
            align: "right",
            width: 100,
            render: (_, one) => <Count value={one.last?.tally.rejected} />,
          },
          {
            title: t("exchange.next"),
            width: 170,
            render: (_, one) =>
              one.next_at ? (
                <When at={one.next_at} />
              ) : (
                t(one.enabled ? "exchange.by_hand" : "exchange.disabled")
              ),
          },
        ]}
      />
    </div>
  );
}

function seconds(run: Run): number | undefined {
  if (!run.ended_at) return undefined;
  return (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000;
}

function JobPage({ code }: { code: string }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [shown, setShown] = useState<number>();
  const path = `/api/sharing/exchange/${code}`;
  const { data, problem, reload } = useGet<JobFull>(path);
  useAgain(reload, open(data?.last));
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  const last = data.last;
  const call = async (verb: "run" | "stop") => {
    try {
      await post(`${path}/${verb}`);
      if (verb === "run") message.success(t("exchange.started_now"));
    } catch (error) {
      message.error(error instanceof Problem ? error.message : String(error));
    }
    reload();
  };
  const run = data.runs.find((one) => one.id === shown) ?? data.runs[0];
  return (
    <div className="page">
      <div className="page-head">
        <h2>{data.name}</h2>
        <span className="quiet">
          {data.from} → {data.to} · {t(`exchange.mode.${data.mode}` as Key)} ·{" "}
          {data.schedule || t("exchange.by_hand")}
        </span>
        <Space>
          {open(last) ? (
            <Button danger onClick={() => call("stop")}>
              {t("exchange.stop")}
            </Button>
          ) : (
            data.from !== "node" && (
              <Button type="primary" onClick={() => call("run")}>
                {t("exchange.run")}
              </Button>
            )
          )}
        </Space>
      </div>
      {last && <Trouble run={last} />}
      <h3>{t("exchange.runs")}</h3>
      <Table<Run>
        rowKey="id"
        size="small"
        pagination={false}
        scroll={{ x: 1000 }}
        dataSource={data.runs}
        locale={{ emptyText: <Nothing>{t("exchange.never")}</Nothing> }}
        onRow={(one) => ({ onClick: () => setShown(one.id), style: { cursor: "pointer" } })}
        rowClassName={(one) => (one.id === run?.id ? "ant-table-row-selected" : "")}
        columns={[
          { title: t("exchange.started"), width: 170, render: (_, one) => <When at={one.started_at} /> },
          { title: t("exchange.state"), width: 140, render: (_, one) => <RunState run={one} /> },
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
      {run && (
        <>
          <h3>{t("exchange.rejects")}</h3>
          <Rejects key={`${run.id}.${run.tally.rejected}`} job={code} run={run} />
        </>
      )}
    </div>
  );
}

export default function Exchange() {
  const { code } = useParams();
  return code ? <JobPage code={code} /> : <Jobs />;
}
