/** The ledger of information systems: added, changed, renewed, retired; signs of zombies explained. */

import { App, Button, Collapse, Popconfirm, Space, Tag } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { Problem, put } from "../../data/http";
import { useSession } from "../../data/session";
import { useGet, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { cityNow, When } from "../../parts/time";
import { UnitSelect } from "../editors/selects";
import { ListFrame } from "./ListFrame";
import { entryOf, SystemEditor } from "./SystemEditor";
import type { Limits, System, SystemEntry } from "./types";

const SIGNS = ["detached", "replaceable", "idle", "unmaintained", "little_used"];

function Signs() {
  const { t } = useLanguage();
  const { data } = useGet<{ limits: Limits }>("/api/sharing/systems?limit=1");
  if (!data) return null;
  const limits = { ...data.limits };
  return (
    <Collapse
      size="small"
      style={{ marginBottom: 12 }}
      items={[
        {
          key: "signs",
          label: t("lists.signs_about"),
          children: (
            <>
              <ul className="changes">
                {SIGNS.map((one) => (
                  <li key={one}>{t(`lists.sign.${one}` as Key, limits)}</li>
                ))}
              </ul>
              <p className="quiet">{t("lists.zombie_rule")}</p>
            </>
          ),
        },
      ]}
    />
  );
}

function Acts({ of, edit, reload }: { of: System; edit: () => void; reload: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const change = async (with_: Partial<SystemEntry>, told: Key) => {
    try {
      const body = { ...entryOf(of), ...with_, revision: of.revision };
      await put(`/api/sharing/systems/${of.id}`, body);
      void message.success(t(told));
    } catch (error) {
      void message.error(error instanceof Problem ? `${error.title} ${error.todo}` : String(error), 8);
    }
    reload();
  };
  const today = dayjs(cityNow()).format("YYYY-MM-DD");
  return (
    <Space size={0} wrap>
      <Button type="link" size="small" aria-label={`${t("form.edit")} ${of.name}`} onClick={edit}>
        {t("form.edit")}
      </Button>
      {of.state !== "retired" && (
        <>
          <Popconfirm
            title={t("lists.renew_sure", { day: today })}
            onConfirm={() => change({ maintained_on: today, state: "running" }, "lists.renewed")}
          >
            <Button type="link" size="small">
              {t("lists.renew")}
            </Button>
          </Popconfirm>
          <Popconfirm
            title={t("lists.retire_sure")}
            onConfirm={() => change({ state: "retired" }, "lists.retired")}
          >
            <Button type="link" size="small" danger>
              {t("lists.retire")}
            </Button>
          </Popconfirm>
        </>
      )}
    </Space>
  );
}

export function Systems() {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const [organisation, setOrganisation] = useState<number>();
  const [editing, edit] = useState<System | "new">();
  const path = organisation ? `/api/sharing/systems?organisation=${organisation}` : "/api/sharing/systems";
  const found = usePages<System>(path);
  const done = () => {
    edit(undefined);
    found.reload();
  };
  return (
    <>
      <Signs />
      <ListFrame<System>
        rowKey="id"
        found={found}
        scroll={{ x: 1150 }}
        empty={t(may("sharing.compile") ? "lists.no_systems" : "lists.nothing")}
        above={
          <>
            {may("sharing.compile") && (
              <Button type="primary" onClick={() => edit("new")}>
                {t("lists.new_system")}
              </Button>
            )}
            <span style={{ width: 220 }}>
              <UnitSelect
                aria-label={t("lists.organisation")}
                placeholder={t("lists.organisation")}
                value={organisation}
                onChange={setOrganisation}
              />
            </span>
          </>
        }
        columns={[
          {
            title: t("lists.system"),
            width: 210,
            render: (_, one) => (
              <>
                {one.name} {one.zombie && <Tag color="red">{t("lists.zombie")}</Tag>}
                <div className="quiet">{one.functions.join("、")}</div>
              </>
            ),
          },
          { title: t("lists.organisation"), dataIndex: "organisation_name", width: 120 },
          { title: t("lists.state"), width: 70, render: (_, one) => t(`lists.state.${one.state}` as Key) },
          {
            title: t("lists.approval"),
            width: 150,
            render: (_, one) => (
              <>
                {one.approved_by}
                <div className="quiet">{one.approved_on}</div>
              </>
            ),
          },
          {
            title: t("lists.money"),
            width: 130,
            render: (_, one) => (
              <>
                {one.funding}
                {one.cost > 0 && (
                  <div className="quiet">{t("lists.yuan", { sum: one.cost.toLocaleString(lang) })}</div>
                )}
              </>
            ),
          },
          {
            title: t("lists.use"),
            width: 150,
            render: (_, one) =>
              one.use.known ? (
                <>
                  {t("lists.used", { calls: one.use.calls, people: one.use.people })}
                  {one.use.last_at && (
                    <div className="quiet">
                      <When at={one.use.last_at} />
                    </div>
                  )}
                </>
              ) : (
                <span className="quiet">{t("lists.unknown_use")}</span>
              ),
          },
          {
            title: t("lists.signs"),
            render: (_, one) => (
              <ul className="changes">
                {one.signs.map((sign) => (
                  <li key={sign.sign}>{sign.text}</li>
                ))}
              </ul>
            ),
          },
          {
            title: "",
            width: 170,
            render: (_, one) =>
              one.mine && <Acts of={one} edit={() => edit(one)} reload={found.reload} />,
          },
        ]}
      />
      {editing && (
        <SystemEditor
          of={editing === "new" ? undefined : editing}
          onClose={() => edit(undefined)}
          onDone={done}
        />
      )}
    </>
  );
}
