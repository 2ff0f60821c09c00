/** Entries of one's own department (or of all), and what waits for review. */

import { Select, Table } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { withQuery } from "../data/http";
import { useSession } from "../data/session";
import type { Page } from "../data/types";
import { useGet, usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { Short, Waiting } from "./catalogueTypes";
import { ShareTags, StateTag } from "./ShareTags";

export function OwnEntries() {
  const { t } = useLanguage();
  const { session, may } = useSession();
  const [state, setState] = useState<string>();
  const organisation = may("sharing.review") ? undefined : (session?.organisation ?? undefined);
  const path = withQuery("/api/sharing/resources", { organisation, state });
  const { items, problem, loading, more, reload } = usePages<Short>(path);
  return (
    <>
      <div className="filters">
        <Select
          allowClear
          aria-label={t("catalogue.state")}
          placeholder={t("catalogue.state")}
          style={{ width: 150 }}
          value={state}
          onChange={setState}
          options={["draft", "in_review", "published", "retired"].map((one) => ({
            value: one,
            label: t(`catalogue.state.${one}` as Key),
          }))}
        />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {loading && !items.length && <Busy />}
      {!loading && !items.length && !problem && <Nothing>{t("catalogue.none_mine")}</Nothing>}
      {items.length > 0 && (
        <Table<Short>
          rowKey="id"
          size="small"
          dataSource={items}
          pagination={false}
          scroll={{ x: 900 }}
          columns={[
            {
              title: t("catalogue.name"),
              render: (_, one) => <Link to={`/catalogue/entry/${one.id}`}>{one.name}</Link>,
            },
            { title: t("catalogue.code"), dataIndex: "code", width: 140 },
            { title: t("catalogue.organisation"), dataIndex: "organisation_name", width: 140 },
            { title: t("catalogue.sharing"), width: 220, render: (_, one) => <ShareTags entry={one} /> },
            { title: t("catalogue.items"), dataIndex: "item_count", width: 80, align: "right" },
            { title: t("catalogue.state"), width: 200, render: (_, one) => <StateTag of={one} /> },
            { title: t("catalogue.changed_at"), width: 150, render: (_, one) => <When at={one.changed_at} /> },
          ]}
        />
      )}
      <More more={more} />
    </>
  );
}

export function ReviewList() {
  const { t } = useLanguage();
  const { data, problem, reload } = useGet<Page<Waiting>>("/api/sharing/resources/in-review");
  if (problem && !data) return <ProblemBox problem={problem} retry={reload} />;
  if (!data) return <Busy />;
  if (!data.items.length) return <Nothing>{t("catalogue.none_review")}</Nothing>;
  return (
    <Table<Waiting>
      rowKey="id"
      size="small"
      dataSource={data.items}
      pagination={data.items.length > 50 ? { pageSize: 50 } : false}
      columns={[
        {
          title: t("catalogue.name"),
          render: (_, one) => <Link to={`/catalogue/entry/${one.id}`}>{one.name}</Link>,
        },
        { title: t("catalogue.code"), dataIndex: "code", width: 140 },
        { title: t("catalogue.organisation"), dataIndex: "organisation_name", width: 150 },
        {
          title: t("catalogue.versions"),
          width: 320,
          render: (_, one) =>
            one.version === 1 ? (
              t("catalogue.new_entry")
            ) : (
              <>
                {t("catalogue.version", { number: one.version })}
                <ul className="changes">
                  {one.changes.slice(0, 3).map((change) => (
                    <li key={change.text}>{change.text}</li>
                  ))}
                  {one.changes.length > 3 && <li>…</li>}
                </ul>
              </>
            ),
        },
        { title: t("catalogue.submitted_by"), dataIndex: "submitted_by", width: 140 },
        { title: t("catalogue.made_at"), width: 150, render: (_, one) => <When at={one.made_at} /> },
      ]}
    />
  );
}
