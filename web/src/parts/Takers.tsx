/** Who takes offers on, for the command centre: points, open claims, and blocking. */

import { App, Button, Input, Popconfirm, Table } from "antd";
import { useState } from "react";
import { post, type Problem, remove } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Nothing, ProblemBox } from "./states";

interface Taker {
  user: string;
  points: number;
  claims: number;
  blocked_at: string | null;
  reason: string;
}

export function Takers() {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [reason, setReason] = useState("");
  const takers = useGet<Page<Taker>>("/api/offers/takers");
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work();
      setReason("");
      takers.reload();
    } catch (error) {
      void message.error((error as Problem).message);
    }
  };
  const path = (one: Taker) => `/api/offers/takers/${encodeURIComponent(one.user)}/block`;
  if (takers.problem) return <ProblemBox problem={takers.problem} retry={takers.reload} />;
  return (
    <Table<Taker>
      size="small"
      rowKey="user"
      pagination={false}
      locale={{ emptyText: <Nothing>{t("offers.no_takers")}</Nothing> }}
      scroll={{ x: "max-content" }}
      dataSource={takers.data?.items ?? []}
      columns={[
        { title: t("offers.user"), dataIndex: "user" },
        { title: t("offers.points"), dataIndex: "points" },
        { title: t("offers.claims"), dataIndex: "claims" },
        {
          title: t("offers.state"),
          render: (_, one) =>
            one.blocked_at ? t("offers.is_blocked", { reason: one.reason || "–" }) : "–",
        },
        {
          key: "act",
          render: (_, one) =>
            one.blocked_at ? (
              <Button size="small" onClick={() => act(() => remove(path(one)))}>
                {t("offers.unblock")}
              </Button>
            ) : (
              <Popconfirm
                title={t("offers.block_reason")}
                description={
                  <Input
                    aria-label={t("offers.block_reason")}
                    value={reason}
                    onChange={(event) => setReason(event.target.value)}
                  />
                }
                onConfirm={() => act(() => post(path(one), { reason }))}
              >
                <Button size="small">{t("offers.block")}</Button>
              </Popconfirm>
            ),
        },
      ]}
    />
  );
}
