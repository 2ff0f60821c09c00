/** The jobs of exchange, each with its last run. */

import { Button } from "antd";
import { Link, useNavigate } from "react-router";
import { useSession } from "../../data/session";
import { useAgain, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { When } from "../../parts/time";
import { ListFrame } from "../lists/ListFrame";
import { Count, isOpen, RunState } from "./RunFigures";
import type { Job } from "./types";

export function JobList() {
  const { t } = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const found = usePages<Job>("/api/sharing/exchange");
  const operates = may("sharing.operate");
  useAgain(found, found.items.some((one) => isOpen(one.last)));
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
      <ListFrame<Job>
        rowKey="code"
        found={found}
        scroll={{ x: 1100 }}
        empty={t(operates ? "exchange.none_yet" : "exchange.none")}
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
    </div>
  );
}

/** Where rows come from; a node by its name in words. */
export function EndName({ of }: { of: string }) {
  const { t } = useLanguage();
  return <>{of === "node" ? t("job.from_kind.node") : of}</>;
}
