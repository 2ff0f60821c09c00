import { Button, Progress, Select, Table, Tag } from "antd";
import { Link, useSearchParams } from "react-router";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import type { DeviceHealth, DeviceLine, DeviceSummary, Pulse } from "../data/types";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { When } from "../parts/time";

const STATE_COLOUR: Record<string, string> = {
  online: "success",
  silent: "error",
  never: "default",
};

export default function Devices() {
  const { t, lang } = useLanguage();
  const kindTitle = useKindTitle();
  const [query, setQuery] = useSearchParams();
  const summary = useGet<DeviceSummary>("/api/devices/summary");
  const values = { state: query.get("state") ?? "silent", kind: query.get("kind") ?? "" };
  const list = usePages<DeviceHealth>(
    withQuery("/api/devices/health", {
      ...values,
      state: values.state === "all" ? "" : values.state,
    }),
  );
  useLive<Pulse>("ledger", (pulse) => {
    if (pulse.online !== undefined && pulse.online !== summary.data?.total.online) summary.reload();
  });
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    next.set(name, value);
    setQuery(next, { replace: true });
  };
  const count = (value: number) => value.toLocaleString(lang);
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.devices")}</h2>
        {summary.data && (
          <span className="quiet">
            {t("device.total", {
              online: count(summary.data.total.online),
              total: count(summary.data.total.total),
            })}
          </span>
        )}
      </div>
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
              title: t("device.rate"),
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
                    onClick={() => setQuery({ state: name, kind: one.kind })}
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
      <div className="filters">
        <Select
          style={{ width: 160 }}
          aria-label={t("case.state")}
          value={values.state}
          onChange={(value) => change("state", value)}
          options={(["silent", "skewed", "never", "online", "all"] as const).map((one) => ({
            value: one,
            label: t(`device.${one}`),
          }))}
        />
        <Select
          style={{ width: 220 }}
          aria-label={t("device.kind")}
          value={values.kind}
          onChange={(value) => change("kind", value)}
          options={[
            { value: "", label: t("device.kind_all") },
            ...(summary.data?.items ?? []).map((one) => ({
              value: one.kind,
              label: kindTitle(one.kind),
            })),
          ]}
        />
      </div>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <div className="table-scroll">
        <Table<DeviceHealth>
          rowKey="thing"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{ emptyText: list.loading ? <Busy /> : <Nothing>{t("device.none")}</Nothing> }}
          columns={[
            {
              title: t("device.name"),
              render: (_, one) => (
                <Link to={`/live?at=thing:${one.thing}`}>{one.name || one.code}</Link>
              ),
            },
            { title: t("device.code"), dataIndex: "code" },
            { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
            {
              title: t("case.state"),
              width: 150,
              render: (_, one) => (
                <>
                  <Tag color={STATE_COLOUR[one.state]}>{t(`device.${one.state}` as Key)}</Tag>
                  {Boolean(one.skewed) && <Tag color="warning">{t("device.skewed")}</Tag>}
                </>
              ),
            },
            {
              title: t("device.last_seen"),
              width: 200,
              render: (_, one) => <When at={one.last_seen} />,
            },
            {
              title: t("device.skew"),
              width: 120,
              align: "right",
              render: (_, one) =>
                one.skew_s === null || one.skew_s === undefined ? "–" : `${one.skew_s} s`,
            },
          ]}
        />
        <More more={list.more} />
      </div>
    </div>
  );
}
