/** All devices: by kind with their online rate now, and one by one, narrowed. */

import { Button, Input, Progress, Select, Table, Tag } from "antd";
import { Link, useSearchParams } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import type { DeviceLine, DeviceSummary, Pulse } from "../data/types";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { When } from "../parts/time";
import { GroupChoice, KindChoice, StreetChoice } from "./choices";
import type { DeviceRow } from "./types";

const STATE_COLOUR: Record<string, string> = {
  online: "success",
  silent: "error",
  never: "default",
  retired: "default",
};
const STATES = ["silent", "skewed", "never", "online", "retired", "all"] as const;

export function StateMark({ state, skewed }: { state: string | null; skewed?: boolean }) {
  const { t } = useLanguage();
  if (!state) return <>–</>;
  return (
    <>
      <Tag color={STATE_COLOUR[state]}>{t(`device.${state}` as Key)}</Tag>
      {skewed && <Tag color="warning">{t("device.skewed")}</Tag>}
    </>
  );
}

function Kinds({ choose }: { choose: (state: string, kind: string) => void }) {
  const { t, lang } = useLanguage();
  const kindTitle = useKindTitle();
  const summary = useGet<DeviceSummary>("/api/devices/summary");
  useLive<Pulse>("ledger", (pulse) => {
    if (pulse.online !== undefined && pulse.online !== summary.data?.total.online) summary.reload();
  });
  const count = (value: number) => value.toLocaleString(lang);
  return (
    <>
      {summary.data && (
        <p className="quiet">
          {t("device.total", {
            online: count(summary.data.total.online),
            total: count(summary.data.total.total),
          })}
        </p>
      )}
      {summary.problem && <ProblemBox problem={summary.problem} retry={summary.reload} />}
      <div className="table-scroll" style={{ marginBottom: 20 }}>
        <Table<DeviceLine>
          rowKey="kind"
          size="middle"
          pagination={false}
          dataSource={summary.data?.items}
          locale={{ emptyText: summary.loading ? <Busy /> : <Nothing /> }}
          columns={[
            { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
            {
              title: t("fleet.rate_now"),
              width: 220,
              render: (_, one) => (
                <Progress
                  percent={one.total ? Math.round((1000 * one.online) / one.total) / 10 : 0}
                  size="small"
                  status={one.online < one.total * 0.9 ? "exception" : "normal"}
                  format={(percent) => `${percent}%`}
                />
              ),
            },
            ...(["total", "online", "silent", "never", "skewed"] as const).map((name) => ({
              title: name === "total" ? t("device.sum") : t(`device.${name}`),
              align: "right" as const,
              width: 110,
              render: (_: unknown, one: DeviceLine) =>
                name !== "total" && one[name] > 0 ? (
                  <Button
                    type="link"
                    size="small"
                    style={{ padding: 0, height: "auto" }}
                    onClick={() => choose(name, one.kind)}
                  >
                    {count(one[name])}
                  </Button>
                ) : (
                  count(one[name])
                ),
            })),
          ]}
        />
      </div>
    </>
  );
}

export function DeviceList() {
  const { t } = useLanguage();
  const kindTitle = useKindTitle();
  const [query, setQuery] = useSearchParams();
  const state = query.get("state") ?? "silent";
  const number = (name: string) => (query.get(name) ? Number(query.get(name)) : undefined);
  const list = usePages<DeviceRow>(
    withQuery("/api/devices", {
      state: state === "all" ? "" : state,
      ...Object.fromEntries(
        ["kind", "q", "area", "group", "supplier"].map((name) => [name, query.get(name)]),
      ),
    }),
  );
  const change = (name: string, value: string | number | undefined) => {
    const next = new URLSearchParams(query);
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, String(value));
    setQuery(next, { replace: true });
  };
  return (
    <>
      <Kinds choose={(wanted, kind) => setQuery({ state: wanted, kind })} />
      <div className="filters">
        <Select
          style={{ width: 130 }}
          aria-label={t("case.state")}
          value={state}
          onChange={(value) => change("state", value)}
          options={STATES.map((one) => ({ value: one, label: t(`device.${one}`) }))}
        />
        <KindChoice
          value={query.get("kind") ?? undefined}
          onChange={(value) => change("kind", value)}
        />
        <StreetChoice value={number("area")} onChange={(value) => change("area", value)} />
        <GroupChoice value={number("group")} onChange={(value) => change("group", value)} />
        <Input.Search
          allowClear
          style={{ width: 150 }}
          placeholder={t("fleet.supplier")}
          aria-label={t("fleet.supplier")}
          defaultValue={query.get("supplier") ?? ""}
          onSearch={(value) => change("supplier", value)}
        />
        <Input.Search
          allowClear
          style={{ width: 230 }}
          placeholder={t("fleet.search")}
          aria-label={t("fleet.search")}
          defaultValue={query.get("q") ?? ""}
          onSearch={(value) => change("q", value)}
        />
      </div>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <div className="table-scroll">
        <Table<DeviceRow>
          rowKey="thing"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing>{t("device.none")}</Nothing> }}
          columns={[
            {
              title: t("device.name"),
              render: (_, one) => <Link to={`/device/${one.thing}`}>{one.name || one.code}</Link>,
            },
            { title: t("device.code"), dataIndex: "code" },
            { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
            {
              title: t("case.state"),
              width: 150,
              render: (_, one) => <StateMark state={one.state} skewed={one.skewed} />,
            },
            {
              title: t("device.last_seen"),
              width: 190,
              render: (_, one) => <When at={one.last_seen} />,
            },
            { title: t("fleet.supplier"), dataIndex: "supplier" },
            { title: t("fleet.serial"), dataIndex: "serial" },
          ]}
        />
        <More more={list.more} />
      </div>
    </>
  );
}
