/** What is offered to residents and firms now, for the command centre. */

import { Table, Tag } from "antd";
import { Link } from "react-router";
import type { Severity } from "../data/types";
import { usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { More, Nothing, ProblemBox } from "./states";
import { SeverityMark } from "./tags";
import { When } from "./time";

interface Running {
  id: number;
  case: number;
  state: "open" | "claimed" | "reported";
  class_title: string;
  severity: Severity;
  grid_name: string;
  to: string[];
  points: number;
  claimer: string;
  claim_by: string;
  done_by: string | null;
}

const WORDS = {
  open: ["offers.waiting", "blue"],
  claimed: ["offers.state.claimed_by", "orange"],
  reported: ["offers.state.reported_by", "purple"],
} as const;

export function Running() {
  const { t } = useLanguage();
  const list = usePages<Running>("/api/offers/running");
  if (list.problem) return <ProblemBox problem={list.problem} retry={list.reload} />;
  return (
    <>
      <Table<Running>
        size="small"
        rowKey="id"
        pagination={false}
        loading={list.loading && list.items.length === 0}
        locale={{ emptyText: <Nothing>{t("offers.none_running")}</Nothing> }}
        scroll={{ x: "max-content" }}
        dataSource={list.items}
        columns={[
          {
            title: t("offers.case"),
            render: (_, one) => (
              <>
                <Link to={`/cases/${one.case}`}>{one.case}</Link> {one.class_title}{" "}
                <SeverityMark severity={one.severity} />
                <div className="quiet">{one.grid_name || "–"}</div>
              </>
            ),
          },
          {
            title: t("offers.state"),
            render: (_, one) => {
              const [word, colour] = WORDS[one.state];
              return <Tag color={colour}>{t(word)}</Tag>;
            },
          },
          {
            title: t("offers.to"),
            render: (_, one) =>
              one.claimer || one.to.map((each) => t(`offers.to_${each}` as Key)).join(" · "),
          },
          { title: t("offers.points"), dataIndex: "points", align: "right" },
          {
            title: t("offers.until"),
            render: (_, one) =>
              one.state === "reported" ? (
                "–"
              ) : (
                <When at={one.state === "open" ? one.claim_by : (one.done_by ?? one.claim_by)} />
              ),
          },
        ]}
      />
      <More more={list.more} />
    </>
  );
}
