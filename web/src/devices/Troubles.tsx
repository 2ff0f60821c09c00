/** What is wrong with devices now, or was. */

import { Select, Switch, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { withQuery } from "../data/http";
import { usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";
import { When } from "../parts/time";
import type { Trouble } from "./types";

const SORTS = ["silence", "outage", "clock", "drift", "stuck", "maintenance"] as const;

export function useTroubleText(): (one: Trouble) => string {
  const { t } = useLanguage();
  return (one) => {
    const values = Object.fromEntries(
      Object.entries(one.values).map(([name, value]) => [name, String(value)]),
    );
    if (Object.keys(values).length === 0) return "";
    const key = `fleet.why_${one.trouble}` as Key;
    return t(key, values);
  };
}

export function TroubleTable({ thing, all }: { thing?: number; all: boolean }) {
  const { t } = useLanguage();
  const kindTitle = useKindTitle();
  const words = useTroubleText();
  const [sort, setSort] = useState<string>();
  const list = usePages<Trouble>(
    withQuery("/api/devices/troubles", { thing, trouble: sort, all: all ? "1" : "" }),
  );
  return (
    <>
      {thing === undefined && (
        <div className="filters">
          <Select
            allowClear
            style={{ width: 180 }}
            aria-label={t("fleet.trouble")}
            placeholder={t("fleet.trouble")}
            value={sort}
            onChange={setSort}
            options={SORTS.map((one) => ({ value: one, label: t(`fleet.sort_${one}`) }))}
          />
        </div>
      )}
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <div className="table-scroll">
        <Table<Trouble>
          rowKey="id"
          size="middle"
          pagination={false}
          dataSource={list.items}
          locale={{
            emptyText: list.loading ? <Busy /> : <Nothing>{t("fleet.no_troubles")}</Nothing>,
          }}
          columns={[
            {
              title: t("fleet.trouble"),
              width: 130,
              render: (_, one) => (
                <Tag color={one.cleared_at ? "default" : "error"}>
                  {t(`fleet.sort_${one.trouble}` as Key)}
                </Tag>
              ),
            },
            ...(thing === undefined
              ? [
                  {
                    title: t("device.name"),
                    render: (_: unknown, one: Trouble) =>
                      one.trouble === "outage" ? (
                        String(one.values.name ?? "")
                      ) : (
                        <Link to={`/device/${one.thing}`}>{one.name || one.code}</Link>
                      ),
                  },
                  {
                    title: t("device.kind"),
                    render: (_: unknown, one: Trouble) => kindTitle(one.kind),
                  },
                ]
              : []),
            { title: t("fleet.since"), width: 190, render: (_, one) => <When at={one.since} /> },
            { title: t("fleet.why"), render: (_, one) => words(one) },
            {
              title: t("fleet.cleared"),
              width: 190,
              render: (_, one) =>
                one.cleared_at ? (
                  <When at={one.cleared_at} />
                ) : one.outage ? (
                  t("fleet.part_of", { number: one.outage })
                ) : (
                  "–"
                ),
            },
          ]}
        />
        <More more={list.more} />
      </div>
    </>
  );
}

export function Troubles() {
  const { t } = useLanguage();
  const [all, setAll] = useState(false);
  return (
    <>
      <p className="quiet">
        {t("fleet.troubles_note")}{" "}
        <Switch
          size="small"
          checked={all}
          onChange={setAll}
          aria-label={t("fleet.with_over")}
          style={{ marginLeft: 12 }}
        />{" "}
        {t("fleet.with_over")}
      </p>
      <TroubleTable all={all} key={String(all)} />
    </>
  );
}
