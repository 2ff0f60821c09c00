/** Pairs of records that may be of one: compared side by side, and answered with a reason. */

import { App, Button, Drawer, Segmented, Space, Table } from "antd";
import { useState } from "react";
import { type Problem, post, withQuery } from "../../data/http";
import { useGet, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import { Reasoned } from "./Reasoned";
import { shown } from "./shown";
import type { Library, Pair, Proposal } from "./types";
import { Reasons, Veiled } from "./Veiled";

const STATES = ["proposed", "blocked"];

export function Proposals({ library, changed }: { library: Library; changed: () => void }) {
  const { t } = useLanguage();
  const [state, setState] = useState("proposed");
  const [open, setOpen] = useState<Proposal>();
  const base = `/api/sharing/libraries/${library.code}/proposals`;
  const list = usePages<Proposal>(withQuery(base, { state }));
  return (
    <div data-testid="library-proposals">
      <Space style={{ marginBottom: 12 }}>
        <Segmented
          value={state}
          onChange={setState}
          options={STATES.map((one) => ({
            value: one,
            label: t(`libraries.state_${one}` as Key),
          }))}
        />
        {state === "blocked" && <span className="quiet">{t("libraries.blocked_about")}</span>}
      </Space>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<Proposal>
        size="small"
        rowKey={(one) => `${one.one} ${one.other}`}
        pagination={false}
        loading={list.loading}
        dataSource={list.items}
        scroll={{ x: 1000 }}
        locale={{ emptyText: <Nothing>{t("libraries.no_proposals")}</Nothing> }}
        columns={[
          {
            title: t("libraries.score"),
            width: 80,
            align: "right",
            render: (_, one) => (one.points >= 1000 ? one.points - 1000 : one.points),
          },
          { title: t("libraries.one"), render: (_, one) => <Veiled values={one.values} /> },
          { title: t("libraries.other"), render: (_, one) => <Veiled values={one.other_values} /> },
          {
            title: t("libraries.reasons"),
            width: 300,
            render: (_, one) => <Reasons reasons={one.reasons} />,
          },
          {
            width: 100,
            render: (_, one) => (
              <Button type="link" onClick={() => setOpen(one)}>
                {t("libraries.compare")}
              </Button>
            ),
          },
        ]}
      />
      <More more={list.more} />
      {open && (
        <PairDrawer
          library={library}
          pair={open}
          close={() => setOpen(undefined)}
          answered={() => {
            setOpen(undefined);
            list.reload();
            changed();
          }}
        />
      )}
    </div>
  );
}

function PairDrawer({
  library,
  pair,
  close,
  answered,
}: {
  library: Library;
  pair: Proposal;
  close: () => void;
  answered: () => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [failed, setFailed] = useState<Problem>();
  const path = `/api/sharing/libraries/${library.code}/proposals/${pair.one}/${pair.other}`;
  const { data, problem, reload } = useGet<Pair>(path);
  const answer = async (same: boolean, reason: string) => {
    setFailed(undefined);
    try {
      await post(path, { same, reason });
      void message.success(t("libraries.done"));
      answered();
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  return (
    <Drawer
      open
      onClose={close}
      size={860}
      title={`${pair.entity} · ${pair.against}`}
      extra={
        <Space>
          <Reasoned onGiven={(reason) => answer(false, reason)}>
            {t("libraries.different")}
          </Reasoned>
          <Reasoned primary onGiven={(reason) => answer(true, reason)}>
            {t("libraries.same")}
          </Reasoned>
        </Space>
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
        <Beside data={data} />
      )}
    </Drawer>
  );
}

function Beside({ data }: { data: Pair }) {
  const { t } = useLanguage();
  const [one, other] = data.records;
  if (!one || !other) return null;
  const names = Object.keys(data.titles).filter(
    (name) => name in one.values || name in other.values,
  );
  const reasons = new Map(data.reasons.map((each) => [each.field, each]));
  const unlike = { background: "rgba(250, 140, 22, 0.14)" };
  return (
    <div data-testid="library-pair">
      <p className="quiet">{t("libraries.open_note")}</p>
      <p>
        <Reasons reasons={data.reasons.filter((each) => each.points >= 1000)} />
      </p>
      <Table<string>
        size="small"
        rowKey={(name) => name}
        pagination={false}
        dataSource={names}
        columns={[
          { title: t("libraries.field"), width: 170, render: (_, name) => data.titles[name] },
          ...[one, other].map((record) => ({
            title: `${record.organisation_name} · ${record.resource_name}`,
            onCell: (name: string) => ({
              style: one.values[name] === other.values[name] ? undefined : unlike,
            }),
            render: (_: unknown, name: string) => shown(record.values[name]),
          })),
          {
            title: t("libraries.reasons"),
            width: 180,
            render: (_, name) => {
              const reason = reasons.get(name);
              return reason && <Reasons reasons={[{ ...reason, title: "" }]} />;
            },
          },
        ]}
      />
    </div>
  );
}
