/** The cases that one figure counts. */

import { Drawer, Table, Tag } from "antd";
import { Link } from "react-router";
import { withQuery } from "../data/http";
import { usePages } from "../data/use";
import { told } from "../data/zone";
import { type Key, useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import type { Days } from "./period";
import { type Counted, whole } from "./types";

/** A figure, and in which group: what the list is asked with. */
export interface Figure extends Days {
  count: string;
  title: string;
  by?: string;
  key?: string | number;
}

function when(instant: string | null, lang: string): string {
  if (!instant) return "–";
  const options = { dateStyle: "short", timeStyle: "short" } as const;
  return told(instant, lang, options);
}

export function CasesDrawer({ figure, onClose }: { figure: Figure | null; onClose: () => void }) {
  const { t, lang, known } = useLanguage();
  const group = figure?.by ? `&${figure.by}=${encodeURIComponent(String(figure.key ?? ""))}` : "";
  const path = figure
    ? `${withQuery("/api/assessment/cases", {
        count: figure.count,
        from: figure.from,
        until: figure.until,
      })}${group}`
    : null;
  const { items, problem, loading, more, reload } = usePages<Counted>(path, 100);
  const rate = figure?.count.endsWith("_rate");
  return (
    <Drawer
      open={figure !== null}
      onClose={onClose}
      size={980}
      title={figure ? `${figure.title} · ${known(`assess.${figure.count}`) ?? figure.count}` : ""}
    >
      {rate && <p className="quiet">{t("assess.rate_cases")}</p>}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <div className="table-scroll">
        <Table<Counted>
          rowKey="no"
          size="small"
          pagination={false}
          dataSource={items}
          locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("assess.no_cases")}</Nothing> }}
          columns={[
            {
              title: t("assess.case"),
              render: (_, one) => <Link to={`/cases/${one.no}`}>#{one.no}</Link>,
            },
            ...(rate
              ? [
                  {
                    title: t("assess.counts"),
                    render: (_: unknown, one: Counted) => (
                      <Tag color={one.counts ? "blue" : undefined}>
                        {t((one.counts ? "assess.yes" : "assess.no") as Key)}
                      </Tag>
                    ),
                  },
                ]
              : []),
            { title: t("assess.class"), dataIndex: "class_title" },
            { title: t("assess.organisation"), dataIndex: "organisation_title" },
            { title: t("assess.person"), dataIndex: "person_title" },
            { title: t("assess.channel"), dataIndex: "channel_title" },
            { title: t("assess.opened_at"), render: (_, one) => when(one.opened_at, lang) },
            { title: t("assess.closed_at"), render: (_, one) => when(one.closed_at, lang) },
            {
              title: t("assess.late"),
              render: (_, one) =>
                one.late ? (
                  <Tag color={one.excused ? "gold" : "red"}>
                    {t((one.excused ? "assess.excused" : "assess.late") as Key)}
                  </Tag>
                ) : null,
            },
            {
              title: t("assess.work_minutes"),
              align: "right",
              render: (_, one) => whole(one.close_work_minutes, lang),
            },
          ]}
        />
      </div>
      <More more={more} />
    </Drawer>
  );
}
