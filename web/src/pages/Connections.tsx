import { Button, Drawer, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { Connected, FieldProtocol } from "../data/intake";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { When } from "../parts/time";

function Devices({ protocol }: { protocol: string }) {
  const { t, lang } = useLanguage();
  const kindTitle = useKindTitle();
  const { data, problem, loading, reload } = useGet<Page<Connected>>(
    `/api/protocols/${protocol}/devices`,
  );
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  return (
    <Table<Connected>
      rowKey="thing"
      size="small"
      pagination={false}
      dataSource={data?.items}
      locale={{ emptyText: loading ? <Busy /> : <Nothing /> }}
      columns={[
        {
          title: t("device.code"),
          render: (_, one) => <Link to={`/device/${one.thing}`}>{one.code}</Link>,
        },
        { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
        { title: t("field.peer"), dataIndex: "peer" },
        { title: t("field.last_frame"), render: (_, one) => <When at={one.heard} /> },
        {
          title: t("field.frames"),
          align: "right",
          render: (_, one) => one.frames.toLocaleString(lang),
        },
      ]}
    />
  );
}

/** Field protocols: what listens, who is connected, and which codes nobody maps. */
export default function Connections() {
  const { t, lang, known } = useLanguage();
  const { data, problem, loading, reload } = useGet<Page<FieldProtocol>>("/api/protocols");
  const title = (name: string) => known(`protocol.${name}`) ?? name;
  const [open, setOpen] = useState<string>();
  const count = (value: number | null) => value?.toLocaleString(lang) ?? "—";
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.connections")}</h2>
        <span className="quiet">{t("field.about")}</span>
        <Button onClick={reload}>{t("field.again")}</Button>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <div className="table-scroll">
        <Table<FieldProtocol>
          rowKey="name"
          size="middle"
          pagination={false}
          dataSource={data?.items}
          locale={{ emptyText: loading ? <Busy /> : <Nothing /> }}
          columns={[
            {
              title: t("field.protocol"),
              render: (_, one) => (
                <>
                  {title(one.name)} <code className="quiet">{one.name}</code>
                </>
              ),
            },
            {
              title: t("field.port"),
              render: (_, one) =>
                one.port ? (
                  <Tag color="success">{one.port}</Tag>
                ) : one.listens ? (
                  <Tag>{t("field.off")}</Tag>
                ) : (
                  <span className="quiet">{t("field.no_port")}</span>
                ),
            },
            {
              title: t("field.devices"),
              align: "right",
              render: (_, one) =>
                one.devices ? (
                  <Button type="link" size="small" onClick={() => setOpen(one.name)}>
                    {count(one.devices)}
                  </Button>
                ) : (
                  0
                ),
            },
            ...(["connections", "frames", "stored", "rejected", "dropped"] as const).map(
              (name) => ({
                title: t(`field.${name}`),
                align: "right" as const,
                render: (_: unknown, one: FieldProtocol) => count(one[name]),
              }),
            ),
            {
              title: t("field.last_frame"),
              render: (_, one) => (one.last_frame ? <When at={one.last_frame} /> : "—"),
            },
            {
              title: t("field.unmapped"),
              render: (_, one) =>
                Object.entries(one.unmapped)
                  .slice(0, 5)
                  .map(([code, value]) => (
                    <div key={code}>
                      <code>{code}</code> × {count(value)}
                    </div>
                  )),
            },
          ]}
        />
      </div>
      <Drawer
        open={open !== undefined}
        size={720}
        onClose={() => setOpen(undefined)}
        title={t("field.connected", { protocol: title(open ?? "") })}
      >
        {open && <Devices protocol={open} />}
      </Drawer>
    </div>
  );
}
