/** Fields of a library, of each the sources by their strength, and the feeds themselves. */

import { App, Button, Popconfirm, Space, Table, Tag, Tooltip } from "antd";
import { useState } from "react";
import { type Problem, post, remove } from "../../data/http";
import { useSession } from "../../data/session";
import { type Key, useLanguage } from "../../i18n";
import { Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { FeedForm } from "./FeedForm";
import type { Feed, LibraryField, LibraryFull } from "./types";

export function Fields({ library, changed }: { library: LibraryFull; changed: () => void }) {
  const { t } = useLanguage();
  const named = new Map(library.feeds.map((one) => [one.code, one]));
  return (
    <>
      <Table<LibraryField>
        size="small"
        rowKey="name"
        pagination={false}
        scroll={{ x: 900 }}
        dataSource={library.fields}
        columns={[
          {
            title: t("libraries.field"),
            width: 280,
            render: (_, one) => (
              <>
                {one.title} <code className="quiet">{one.name}</code>{" "}
                {one.identity && <Tag color="blue">{t("libraries.identity")}</Tag>}
                {one.sealed && <Tag>{t("libraries.sealed")}</Tag>}
                {!one.published && <Tag>{t("libraries.unpublished")}</Tag>}
              </>
            ),
          },
          {
            title: t("libraries.sources"),
            render: (_, one) =>
              one.sources.length === 0 && !one.derived ? (
                <span className="quiet">{t("libraries.no_source")}</span>
              ) : (
                <Space size={[4, 4]} wrap>
                  {one.sources.map((source, place) => (
                    <Tooltip key={source.feed} title={named.get(source.feed)?.resource_name}>
                      <Tag color={place === 0 ? "green" : undefined}>
                        {source.rank} · {named.get(source.feed)?.organisation_name || source.feed}
                      </Tag>
                    </Tooltip>
                  ))}
                  {one.derived && (
                    <span className="quiet">
                      {t("libraries.derived", { field: one.derived })}
                    </span>
                  )}
                </Space>
              ),
          },
          {
            title: `${t("libraries.compared")} (${t("libraries.thresholds", {
              merge: library.merge_at,
              propose: library.propose_at,
            })})`,
            width: 420,
            render: (_, one) =>
              one.compare && (
                <span className="quiet">
                  {t("libraries.points", {
                    agree: one.compare.agree,
                    differ: one.compare.differ,
                  })}
                </span>
              ),
          },
        ]}
      />
      <Feeds library={library} changed={changed} />
    </>
  );
}

function Feeds({ library, changed }: { library: LibraryFull; changed: () => void }) {
  const { t, lang } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const [editing, setEditing] = useState<Feed | "new">();
  const [failed, setFailed] = useState<Problem>();
  const operates = may("sharing.operate");
  const act = async (run: () => Promise<unknown>) => {
    setFailed(undefined);
    try {
      await run();
      void message.success(t("libraries.started"));
    } catch (error) {
      setFailed(error as Problem);
    }
    changed();
  };
  const path = (feed: Feed) => `/api/sharing/libraries/${library.code}/feeds/${feed.code}`;
  const count = (value: number | undefined) =>
    value === undefined ? "—" : value.toLocaleString(lang);
  return (
    <>
      <div className="page-head" style={{ marginTop: 24 }}>
        <h3 style={{ margin: 0 }}>{t("libraries.feeds")}</h3>
        <span className="gap" />
        {operates && <Button onClick={() => setEditing("new")}>{t("libraries.add_feed")}</Button>}
      </div>
      {failed && <ProblemBox problem={failed} />}
      <Table<Feed>
        size="small"
        rowKey="code"
        pagination={false}
        scroll={{ x: 1000 }}
        dataSource={library.feeds}
        locale={{ emptyText: <Nothing>{t("libraries.no_feeds")}</Nothing> }}
        columns={[
          {
            title: t("libraries.feed"),
            render: (_, one) => (
              <>
                {one.resource_name} <code className="quiet">{one.resource}</code>
                <div className="quiet">{one.organisation_name}</div>
              </>
            ),
          },
          { title: t("libraries.rank"), dataIndex: "rank", width: 80, align: "right" },
          {
            title: t("libraries.state"),
            width: 240,
            render: (_, one) => <FeedState feed={one} library={library} />,
          },
          {
            title: t("libraries.ran_at"),
            width: 170,
            render: (_, one) => <When at={one.ran_at} />,
          },
          ...(["read", "new", "changed", "gone"] as const).map((name) => ({
            title: t((name === "read" ? "libraries.read" : `libraries.${name}_rows`) as Key),
            align: "right" as const,
            width: 80,
            render: (_: unknown, one: Feed) => count(one.tally[name]),
          })),
          {
            width: 250,
            render: (_, one) =>
              operates && (
                <Space size={0}>
                  {one.state === "held" && !one.removed ? (
                    <Popconfirm
                      title={t("libraries.confirm_gone_sure")}
                      onConfirm={() => act(() => post(`${path(one)}/runs`, { forced: true }))}
                    >
                      <Button type="link" danger>
                        {t("libraries.confirm_gone")}
                      </Button>
                    </Popconfirm>
                  ) : (
                    <Button type="link" onClick={() => act(() => post(`${path(one)}/runs`))}>
                      {t("libraries.run")}
                    </Button>
                  )}
                  <Button type="link" onClick={() => setEditing(one)}>
                    {t("libraries.set_up")}
                  </Button>
                  {!one.removed && (
                    <Popconfirm
                      title={t("libraries.remove_feed_sure")}
                      onConfirm={() => act(() => remove(path(one)))}
                    >
                      <Button type="link" danger>
                        {t("libraries.remove_feed")}
                      </Button>
                    </Popconfirm>
                  )}
                </Space>
              ),
          },
        ]}
      />
      {editing && (
        <FeedForm
          library={library}
          feed={editing === "new" ? undefined : editing}
          close={() => setEditing(undefined)}
          changed={changed}
        />
      )}
    </>
  );
}

function FeedState({ feed, library }: { feed: Feed; library: LibraryFull }) {
  const { t } = useLanguage();
  const faults = Object.entries(feed.tally.faults ?? {});
  const titles = new Map(library.fields.map((one) => [one.name, one.title]));
  const colour = { done: "green", held: "orange", failed: "red" }[feed.state];
  return (
    <>
      {feed.removed && <Tag>{t("libraries.removed")}</Tag>}
      {feed.due ? (
        <Tag color="processing">{t("libraries.due")}</Tag>
      ) : (
        feed.state && <Tag color={colour}>{t(`libraries.state.${feed.state}` as Key)}</Tag>
      )}
      {feed.error && <div>{feed.error}</div>}
      {faults.length > 0 && (
        <div className="quiet">
          {t("libraries.faults")}:{" "}
          {faults.map(([name, number]) => `${titles.get(name) ?? name} ${number}`).join(", ")}
        </div>
      )}
    </>
  );
}
