/** The jobs of exchange, each with its last run. */

import { Button, Table } from "antd";
import { Link, useNavigate } from "react-router";
import { useSession } from "../../data/session";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { isOpen, useAgain } from "./again";
import { Count, RunState } from "./RunFigures";
import type { Job } from "./types";

export function JobList() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const { items, problem, loading, more, reload } = usePages<Job>("/api/sharing/exchange");
  const operates = may("sharing.operate");
  useAgain(reload, items.some((one) => isOpen(one.last)));
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.exchange")}</h2>
        {operates && (
          <Button type="primary" onClick={() => navigate("/exchange-new")}>
            {t("job.new")}
          </Button>
        )}
        <span className="quiet">{t("exchange.about")}</span>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <Table<Job>
        rowKey="code"
        size="middle"
        pagination={false}
        scroll={{ x: 1100 }}
        dataSource={items}
        locale={{
          emptyText: loading ? (
            <Busy />
          ) : (
            <Nothing>{t(operates ? "exchange.none_yet" : "exchange.none")}</Nothing>
          ),
        }}
        columns={[
          {
            title: t("exchange.job"),
            render: (_, one) => (
              <>
                <Link to={`/exchange/${one.code}`}>{one.name}</Link>{" "}
                <code className="quiet">{one.code}</code>
                {one.organisation_name && <div className="quiet">{one.organisation_name}</div>}
              </>
            ),
          },
          { title: t("exchange.from"), render: (_, one) => <EndName of={one.from} /> },
          { title: t("exchange.to"), dataIndex: "to" },
          {
            title: t("exchange.mode"),
            width: 110,
            render: (_, one) => t(`exchange.mode.${one.mode}` as Key),
          },
          {
            title: t("exchange.last"),
            width: 150,
            render: (_, one) =>
              one.last ? (
                <When at={one.last.started_at} />
              ) : (
                <span className="quiet">{t("exchange.never")}</span>
              ),
          },
          {
            title: t("exchange.state"),
            width: 130,
            render: (_, one) => one.last && <RunState run={one.last} />,
          },
          {
            title: t("exchange.written"),
            align: "right",
            width: 90,
            render: (_, one) => <Count value={one.last?.tally.written} />,
          },
          {
            title: t("exchange.rejected"),
            align: "right",
            width: 90,
            render: (_, one) => <Count value={one.last?.tally.rejected} />,
          },
          {
            title: t("exchange.next"),
            width: 150,
            render: (_, one) =>
              one.next_at ? (
                <When at={one.next_at} />
              ) : (
                t(one.enabled ? "exchange.by_hand" : "exchange.disabled")
              ),
          },
        ]}
      />
      <More more={more} />
    </div>
  );
}

/** Where rows come from; a node by its name in words. */
export function EndName({ of }: { of: string }) {
  const { t } = useLanguage();
  return <>{of === "node" ? t("job.from_kind.node") : of}</>;
}
