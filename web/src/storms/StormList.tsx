/** Storms of alarms: what the centre does with many cases at once. */

import { App, Button, Input, Popconfirm, Segmented, Space, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { type Problem, post, withQuery } from "../data/http";
import type { CaseSummary } from "../data/types";
import { useGet, usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { SeverityMark, StateTag } from "../parts/tags";
import { When } from "../parts/time";

interface Storm {
  storm: number;
  lead: CaseSummary;
  first_at: string;
  last_at: string;
  members: number;
  open: number;
  acknowledged_at: string | null;
  acknowledged_by: string;
  dissolved_at: string | null;
}

interface StormFull extends Storm {
  cases: (CaseSummary & { cleared: boolean })[];
}

/** A button that asks for a reason first. */
function WithReason({
  title,
  danger,
  disabled,
  run,
}: {
  title: string;
  danger?: boolean;
  disabled?: boolean;
  run: (reason: string) => Promise<void>;
}) {
  const { t } = useLanguage();
  const [reason, setReason] = useState("");
  return (
    <Popconfirm
      title={title}
      description={
        <Input
          aria-label={t("storms.reason")}
          placeholder={t("storms.reason")}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      }
      okButtonProps={{ disabled: !reason.trim() }}
      onConfirm={() => run(reason)}
    >
      <Button size="small" danger={danger} disabled={disabled}>
        {title}
      </Button>
    </Popconfirm>
  );
}

function Inside({ number, changed }: { number: number; changed: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const base = `/api/cases/storms/${number}`;
  const { data, problem, reload } = useGet<StormFull>(base);
  const [failed, setFailed] = useState<Problem>();
  const act = async (path: string, body: unknown, said?: (answer: never) => string) => {
    setFailed(undefined);
    try {
      const answer = await post(base + path, body);
      if (said) void message.success(said(answer as never));
    } catch (error) {
      setFailed(error as Problem);
    }
    reload();
    changed();
  };
  const wrong = failed ?? problem;
  if (!data) return wrong ? <ProblemBox problem={wrong} retry={reload} /> : <Busy />;
  const ready = data.cases.filter((one) => one.cleared).length;
  const over = data.dissolved_at !== null;
  return (
    <div data-testid="storm-cases">
      {wrong && <ProblemBox problem={wrong} />}
      <Space wrap style={{ marginBottom: 12 }}>
        <Button
          size="small"
          type="primary"
          disabled={over || data.acknowledged_at !== null}
          onClick={() =>
            act("/acknowledge", {}, ({ cases }: { cases: number }) =>
              t("storms.moved", { count: cases }),
            )
          }
        >
          {t("storms.acknowledge")}
        </Button>
        <WithReason
          title={t("storms.close_cleared", { count: ready })}
          disabled={over || ready === 0}
          run={(reason) =>
            act("/close-cleared", { reason }, ({ closed }: { closed: number[] }) =>
              t("storms.closed", { count: closed.length }),
            )
          }
        />
        <WithReason
          title={t("storms.dissolve")}
          danger
          disabled={over}
          run={(reason) => act("/dissolve", { reason })}
        />
      </Space>
      <Table
        size="small"
        rowKey="no"
        pagination={{ pageSize: 10, hideOnSinglePage: true }}
        dataSource={data.cases}
        columns={[
          { key: "no", width: 90, render: (_, one) => <Link to={`/cases/${one.no}`}>#{one.no}</Link> },
          {
            key: "title",
            render: (_, one) => (
              <>
                <SeverityMark severity={one.severity} /> {one.title}{" "}
                {one.no === data.lead.no && <Tag color="blue">{t("storms.leads")}</Tag>}
                {one.cleared && <Tag color="green">{t("storms.cleared")}</Tag>}
              </>
            ),
          },
          {
            key: "state",
            width: 120,
            render: (_, one) => <StateTag kind={one.kind} title={one.state_title} />,
          },
          { key: "at", width: 170, render: (_, one) => <When at={one.opened_at} /> },
          {
            key: "out",
            width: 110,
            render: (_, one) => (
              <WithReason
                title={t("storms.take_out")}
                disabled={over}
                run={(reason) => act(`/cases/${one.no}/take-out`, { reason })}
              />
            ),
          },
        ]}
        showHeader={false}
      />
    </div>
  );
}

export function StormList() {
  const { t } = useLanguage();
  const [state, setState] = useState("open");
  const found = usePages<Storm>(
    withQuery("/api/cases/storms", state === "open" ? { state } : {}),
  );
  return (
    <>
      <p className="quiet">{t("storms.about")}</p>
      <Segmented
        value={state}
        onChange={setState}
        options={[
          { value: "open", label: t("storms.open") },
          { value: "", label: t("storms.all") },
        ]}
        style={{ marginBottom: 12 }}
      />
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      {found.loading && found.items.length === 0 && <Busy />}
      {!found.loading && found.items.length === 0 && <Nothing>{t("storms.none")}</Nothing>}
      {found.items.length > 0 && (
        <Table
          className="block"
          rowKey="storm"
          pagination={false}
          dataSource={found.items}
          data-testid="storms"
          expandable={{
            expandedRowRender: (one) => <Inside number={one.storm} changed={found.reload} />,
            expandRowByClick: true,
          }}
          columns={[
            { title: "#", dataIndex: "storm", width: 60 },
            {
              title: t("storms.lead"),
              render: (_, one) => (
                <>
                  <SeverityMark severity={one.lead.severity} />{" "}
                  <Link to={`/cases/${one.lead.no}`} onClick={(event) => event.stopPropagation()}>
                    #{one.lead.no} {one.lead.title}
                  </Link>
                </>
              ),
            },
            { title: t("storms.members"), dataIndex: "members", width: 90, align: "right" },
            { title: t("storms.still_open"), dataIndex: "open", width: 80, align: "right" },
            {
              title: t("storms.period"),
              width: 260,
              render: (_, one) => (
                <>
                  <When at={one.first_at} /> – <When at={one.last_at} />
                </>
              ),
            },
            { key: "state", width: 200, render: (_, one) => <Standing one={one} /> },
          ]}
        />
      )}
      <More more={found.more} />
    </>
  );
}

function Standing({ one }: { one: Storm }) {
  const { t } = useLanguage();
  if (one.dissolved_at) return <Tag>{t("storms.dissolved")}</Tag>;
  if (one.open === 0) return <Tag>{t("storms.over")}</Tag>;
  if (one.acknowledged_at)
    return (
      <Tag color="green">
        {t("storms.acknowledged", { by: one.acknowledged_by.replace(/^\w+:/, "") })}
      </Tag>
    );
  return <Tag color="gold">{t("storms.unacknowledged")}</Tag>;
}
