/** One entity whole: whose value each field is and why, its records, and what can be done. */

import { App, DatePicker, Drawer, InputNumber, Space, Table, Tag } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { type Problem, post, withQuery } from "../../data/http";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { Reasoned } from "./Reasoned";
import { shown } from "./shown";
import type { Claim, Entity, Library, Outcome, SourceRecord } from "./types";

export function EntityDrawer({
  library,
  entity,
  close,
}: {
  library: Library;
  entity: number;
  close: () => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [at, setAt] = useState<Dayjs | null>(null);
  const [chosen, setChosen] = useState<number[]>([]);
  const [other, setOther] = useState<number | null>(null);
  const [failed, setFailed] = useState<Problem>();
  const base = `/api/sharing/libraries/${library.code}/entities`;
  const { data, problem, reload } = useGet<Entity>(
    withQuery(`${base}/${entity}`, { at: at?.toISOString() }),
  );
  const act = async (path: string, body: unknown) => {
    setFailed(undefined);
    try {
      await post(`${base}/${data?.entity}${path}`, body);
      void message.success(t("libraries.done"));
      setChosen([]);
      setOther(null);
    } catch (error) {
      setFailed(error as Problem);
    }
    reload();
  };
  return (
    <Drawer
      open
      onClose={close}
      size={1080}
      title={t("libraries.entity", { entity: data?.entity ?? entity })}
      extra={
        <DatePicker
          showTime
          placeholder={t("libraries.as_of")}
          aria-label={t("libraries.as_of")}
          value={at}
          onChange={setAt}
        />
      }
    >
      {failed && <ProblemBox problem={failed} />}
      {!data ? (
        problem ? (
          <ProblemBox problem={problem} retry={reload} />
        ) : (
          <Busy />
        )
      ) : (
        <div data-testid="library-entity">
          <p className="quiet">
            {t("libraries.open_note")}
            {data.asked !== data.entity &&
              ` · ${t("libraries.was_merged", { asked: data.asked })}`}
          </p>
          <Outcomes data={data} act={at ? undefined : act} />
          <h3>{t("libraries.records")}</h3>
          <Sources data={data} chosen={chosen} setChosen={setChosen} />
          {!at && (
            <Space style={{ marginTop: 12 }} wrap>
              <Reasoned
                danger
                disabled={chosen.length === 0 || chosen.length >= data.records.length}
                about={t("libraries.split_about")}
                onGiven={(reason) => act("/split", { records: chosen, reason })}
              >
                {t("libraries.split")}
              </Reasoned>
              <InputNumber
                min={1}
                precision={0}
                value={other}
                onChange={setOther}
                placeholder={t("libraries.other_number")}
                aria-label={t("libraries.other_number")}
                style={{ width: 180 }}
              />
              <Reasoned
                disabled={!other}
                onGiven={(reason) => act("/merge", { other, reason })}
              >
                {t("libraries.merge")}
              </Reasoned>
            </Space>
          )}
        </div>
      )}
    </Drawer>
  );
}

type Act = (path: string, body: unknown) => Promise<void>;

function Outcomes({ data, act }: { data: Entity; act?: Act }) {
  const { t } = useLanguage();
  return (
    <Table<Outcome>
      size="small"
      rowKey="field"
      pagination={false}
      dataSource={data.fields}
      expandable={{
        expandedRowRender: (one) => <Claims outcome={one} act={act} />,
        rowExpandable: (one) => one.claims.length > 1,
        defaultExpandedRowKeys: data.fields
          .filter((one) => one.state === "open")
          .map((one) => one.field),
      }}
      columns={[
        { title: t("libraries.field"), dataIndex: "title", width: 190 },
        {
          title: t("libraries.value"),
          render: (_, one) => (
            <>
              <strong>{shown(one.value)}</strong>{" "}
              {one.claims[0] && !one.claims[0].sound && (
                <Tag color="red">{t("libraries.unsound")}</Tag>
              )}
            </>
          ),
        },
        {
          title: t("libraries.feed"),
          width: 200,
          render: (_, one) => one.claims[0]?.organisation_name || one.claims[0]?.feed,
        },
        {
          title: t("libraries.why"),
          width: 230,
          render: (_, one) =>
            one.decision ? (
              <>
                {t("libraries.decided_by", {
                  by: one.decision.by.replace(/^user:/, ""),
                  reason: one.decision.reason,
                })}
                {act && (
                  <Reasoned link onGiven={(reason) => act(`/fields/${one.field}/reopen`, { reason })}>
                    {t("libraries.reopen")}
                  </Reasoned>
                )}
              </>
            ) : (
              <>
                {t(`libraries.why.${one.why}` as Key)}{" "}
                {one.state === "open" && <Tag color="orange">{t("libraries.conflicts")}</Tag>}
              </>
            ),
        },
      ]}
    />
  );
}

function Claims({ outcome, act }: { outcome: Outcome; act?: Act }) {
  const { t } = useLanguage();
  return (
    <Table<Claim>
      size="small"
      rowKey="record"
      pagination={false}
      showHeader={false}
      dataSource={outcome.claims}
      columns={[
        {
          render: (_, one) => (
            <>
              {shown(one.value)} {!one.sound && <Tag color="red">{t("libraries.unsound")}</Tag>}
            </>
          ),
        },
        {
          width: 260,
          render: (_, one) => `${one.rank} · ${one.organisation_name} · ${one.resource_name}`,
        },
        { width: 170, render: (_, one) => <When at={one.since ?? one.known_at} /> },
        {
          width: 120,
          render: (_, one) =>
            act &&
            outcome.state &&
            !one.same && (
              <Reasoned
                link
                onGiven={(reason) =>
                  act(`/fields/${outcome.field}`, {
                    record: one.record,
                    print: outcome.print,
                    reason,
                  })
                }
              >
                {t("libraries.choose")}
              </Reasoned>
            ),
        },
      ]}
    />
  );
}

function Sources({
  data,
  chosen,
  setChosen,
}: {
  data: Entity;
  chosen: number[];
  setChosen: (chosen: number[]) => void;
}) {
  const { t } = useLanguage();
  const titles = new Map(data.fields.map((one) => [one.field, one.title]));
  const order = [...titles.keys()];
  const told = (values: Record<string, unknown>) =>
    Object.entries(values)
      .sort(([one], [other]) => order.indexOf(one) - order.indexOf(other))
      .map(([name, value]) => `${titles.get(name) ?? name} ${shown(value)}`)
      .join(" · ");
  return (
    <Table<SourceRecord>
      size="small"
      rowKey="record"
      pagination={false}
      dataSource={data.records}
      rowSelection={{
        selectedRowKeys: chosen,
        onChange: (keys) => setChosen(keys.map(Number)),
      }}
      expandable={{
        rowExpandable: (one) => one.former.length > 0,
        expandedRowRender: (one) => (
          <>
            <div className="quiet">{t("libraries.former")}</div>
            {one.former.map((each) => (
              <div key={`${each.known_at} ${each.since}`}>
                <When at={each.since ?? each.known_at} />{" "}
                {each.values ? told(each.values) : t("libraries.was_gone")}
              </div>
            ))}
          </>
        ),
      }}
      columns={[
        { title: t("libraries.number"), dataIndex: "record", width: 80 },
        {
          title: t("libraries.feed"),
          width: 220,
          render: (_, one) => (
            <>
              {one.organisation_name} <span className="quiet">{one.resource_name}</span>
            </>
          ),
        },
        {
          title: t("libraries.value"),
          render: (_, one) => (
            <>
              {one.ended_at && <Tag>{t("libraries.ended")}</Tag>} {told(one.values)}
            </>
          ),
        },
        {
          title: t("libraries.at"),
          width: 170,
          render: (_, one) => <When at={one.since ?? one.known_at} />,
        },
      ]}
    />
  );
}
