import { Descriptions, Table, Tag, Timeline } from "antd";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { Actions } from "../devices/Actions";
import { StateMark } from "../devices/DeviceList";
import { HistoryPart } from "../devices/HistoryPart";
import { RecordForm } from "../devices/RecordForm";
import { TroubleTable } from "../devices/Troubles";
import type { DeviceFull, Stream } from "../devices/types";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { When } from "../parts/time";

interface Hardware {
  since: string;
  until: string | null;
  code: string;
  serial: string;
  model: string;
  supplier: string;
  firmware: string;
  why: string;
}

interface Done {
  id: number;
  done_on: string;
  who: string;
  what: string;
  result: string;
  parts: string;
  next_due: string | null;
}

interface Firmware {
  id: number;
  at: string;
  version: string;
  outcome: string;
  source: string;
}

function Part({ title, extra, children }: { title: string; extra?: ReactNode; children: ReactNode }) {
  return (
    <section style={{ marginBottom: 24 }}>
      <div style={{ display: "flex", gap: 12, alignItems: "center", marginBottom: 8 }}>
        <h3 style={{ margin: 0 }}>{title}</h3>
        {extra}
      </div>
      {children}
    </section>
  );
}

function Facts({ device }: { device: DeviceFull }) {
  const { t } = useLanguage();
  const kindTitle = useKindTitle();
  const credential = device.credential;
  const state = credential === null ? "none" : credential.revoked_at ? "revoked" : "active";
  const texts = (["supplier", "model", "serial", "gateway", "network", "firmware"] as const).map(
    (name) => ({ key: name, label: t(`fleet.${name}`), children: device[name] || "–" }),
  );
  const properties = Object.entries(device.properties).map(([name, value]) => ({
    key: `p ${name}`,
    label: name,
    children: typeof value === "object" ? JSON.stringify(value) : String(value),
  }));
  return (
    <Descriptions
      size="small"
      bordered
      column={{ xs: 1, md: 2, xl: 3 }}
      style={{ marginBottom: 24 }}
      items={[
        { key: "kind", label: t("device.kind"), children: kindTitle(device.kind) },
        { key: "code", label: t("device.code"), children: device.code },
        { key: "seen", label: t("device.last_seen"), children: <When at={device.last_seen} /> },
        ...texts,
        { key: "day", label: t("fleet.installed_on"), children: device.installed_on ?? "–" },
        {
          key: "street",
          label: t("fleet.area"),
          children: (
            <>
              {device.street_name || "–"}{" "}
              {device.lon !== null && (
                <Link to={`/live?at=thing:${device.thing}`}>{t("fleet.on_map")}</Link>
              )}
            </>
          ),
        },
        {
          key: "groups",
          label: t("fleet.group"),
          children: device.groups.map((one) => one.name).join(", ") || "–",
        },
        {
          key: "credential",
          label: t("fleet.credential"),
          children: (
            <span data-testid="credential">
              <Tag color={state === "active" ? "success" : "default"}>
                {t(`fleet.credential_${state}` as Key)}
              </Tag>
              {credential && <When at={credential.revoked_at ?? credential.created_at} />}
            </span>
          ),
        },
        ...properties,
      ]}
    />
  );
}

export default function DevicePage() {
  const { t } = useLanguage();
  const { layout, may } = useSession();
  const thing = Number(useParams().thing);
  const path = `/api/devices/${thing}`;
  const { data, problem, loading, reload } = useGet<DeviceFull>(path);
  const hardware = useGet<Page<Hardware>>(`${path}/hardware`);
  const history = useGet<Page<{ at: string; state: string }>>(`${path}/history`);
  const records = useGet<Page<Done>>(`${path}/records`);
  const firmware = useGet<Page<Firmware>>(`${path}/firmware`);
  if (problem) return <ProblemBox problem={problem} retry={reload} page />;
  if (!data) return loading ? <Busy /> : null;
  const named = (one: Stream) =>
    layout.kinds[data.kind]?.properties[one.property]?.title ?? one.name;
  const changed = () => {
    reload();
    hardware.reload();
  };
  return (
    <div className="page">
      <div className="page-head">
        <h2>{data.name || data.code}</h2>
        <StateMark state={data.state} skewed={data.skewed} />
        {data.retired_at && (
          <span className="quiet">
            <When at={data.retired_at} /> {data.retired_why}
          </span>
        )}
        <span className="gap" />
        <Link to="/devices">{t("fleet.back")}</Link>
      </div>
      {may("sensing.devices") && !data.retired_at && <Actions device={data} changed={changed} />}
      <Facts device={data} />
      <Part title={t("fleet.streams")}>
        <div className="table-scroll">
          <Table<Stream>
            rowKey="datastream"
            size="small"
            pagination={false}
            dataSource={data.datastreams}
            columns={[
              { title: "#", dataIndex: "datastream", width: 80 },
              { title: t("device.name"), render: (_, one) => named(one) },
              {
                title: t("fleet.latest"),
                render: (_, one) =>
                  one.result === null ? "–" : `${one.result} ${one.unit === "1" ? "" : one.unit}`,
              },
              { title: t("device.last_seen"), render: (_, one) => <When at={one.time} /> },
            ]}
          />
        </div>
      </Part>
      {data.datastreams.length > 0 && (
        <Part title={t("fleet.values")}>
          <HistoryPart streams={data.datastreams} named={named} />
        </Part>
      )}
      <Part title={t("fleet.troubles")}>
        <TroubleTable thing={thing} all />
      </Part>
      <Part title={t("fleet.hardware")}>
        <Timeline
          items={(hardware.data?.items ?? []).map((one) => ({
            color: one.until ? "gray" : "green",
            content: (
              <>
                <When at={one.since} /> – {one.until ? <When at={one.until} /> : t("fleet.today")}
                <div data-testid="hardware">
                  {[one.code, one.serial, one.model, one.supplier, one.firmware]
                    .filter(Boolean)
                    .join(" · ")}{" "}
                  <span className="quiet">{one.why}</span>
                </div>
              </>
            ),
          }))}
        />
      </Part>
      <Part
        title={t("fleet.records")}
        extra={
          may("sensing.maintain") &&
          !data.retired_at && <RecordForm thing={thing} done={records.reload} />
        }
      >
        <div className="table-scroll">
          <Table<Done>
            rowKey="id"
            size="small"
            pagination={false}
            dataSource={records.data?.items}
            locale={{ emptyText: <Nothing /> }}
            columns={[
              { title: t("fleet.done_on"), dataIndex: "done_on", width: 130 },
              { title: t("fleet.who"), dataIndex: "who" },
              { title: t("fleet.was_done"), dataIndex: "what" },
              {
                title: t("fleet.result"),
                render: (_, one) => t(`fleet.result_${one.result}` as Key),
              },
              { title: t("fleet.parts"), dataIndex: "parts" },
              { title: t("fleet.next_due"), render: (_, one) => one.next_due ?? "–" },
            ]}
          />
        </div>
      </Part>
      {Boolean(firmware.data?.items.length) && (
        <Part title={t("fleet.firmware")}>
          <Table<Firmware>
            rowKey="id"
            size="small"
            pagination={false}
            dataSource={firmware.data?.items}
            columns={[
              { title: t("fleet.since"), render: (_, one) => <When at={one.at} /> },
              { title: t("fleet.version"), dataIndex: "version" },
              {
                title: t("fleet.result"),
                render: (_, one) => t(`fleet.result_${one.outcome}` as Key),
              },
              { title: t("fleet.source"), render: (_, one) => t(`fleet.source_${one.source}` as Key) },
            ]}
          />
        </Part>
      )}
      <Part title={t("fleet.health")}>
        <Timeline
          items={(history.data?.items ?? []).slice(0, 30).map((one) => ({
            color: one.state === "online" ? "green" : one.state === "silent" ? "red" : "gray",
            content: (
              <>
                <When at={one.at} /> {t(`device.${one.state}` as Key)}
              </>
            ),
          }))}
        />
      </Part>
    </div>
  );
}
