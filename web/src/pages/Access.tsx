/** To whom the devices of each kind belong, and which of their observations anybody may see. */

import { Select, Table, Tag } from "antd";
import { useState } from "react";
import { type Problem, post } from "../data/http";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { useKindTitle } from "../parts/tags";

interface Line {
  kind: string;
  owner: number | null;
  shared: string[];
  opened: boolean | null;
  datastreams: number;
  open: number;
  things: number;
  elsewhere: number;
}

interface Organisation {
  id: number;
  name_zh: string;
  name_en: string;
}

const CHOICE: Record<string, boolean | null> = { pack: null, open: true, closed: false };

function chosen(opened: boolean | null): string {
  return opened === null ? "pack" : opened ? "open" : "closed";
}

export default function Access() {
  const { t, lang } = useLanguage();
  const kindTitle = useKindTitle();
  const lines = useGet<Page<Line>>("/api/access");
  const offices = useGet<Page<Organisation>>("/api/registry/organisations?limit=500");
  const [problem, setProblem] = useState<Problem>();
  const change = (kind: string, body: object) => {
    setProblem(undefined);
    post(`/api/access/kinds/${encodeURIComponent(kind)}`, body)
      .catch(setProblem)
      .finally(lines.reload);
  };
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.access")}</h2>
        <span className="quiet">{t("access.about")}</span>
      </div>
      {lines.problem && <ProblemBox problem={lines.problem} retry={lines.reload} />}
      {problem && <ProblemBox problem={problem} />}
      <div className="table-scroll">
        <Table<Line>
          rowKey="kind"
          size="middle"
          pagination={false}
          dataSource={lines.data?.items}
          locale={{ emptyText: lines.loading ? <Busy /> : <Nothing /> }}
          columns={[
            { title: t("device.kind"), render: (_, one) => kindTitle(one.kind) },
            {
              title: t("access.owner"),
              width: 300,
              render: (_, one) => (
                <>
                  <Select<number>
                    aria-label={`${t("access.owner")} ${kindTitle(one.kind)}`}
                    style={{ width: 220 }}
                    allowClear
                    showSearch
                    optionFilterProp="label"
                    placeholder={t("access.nobody")}
                    value={one.owner ?? undefined}
                    options={offices.data?.items.map((office) => ({
                      value: office.id,
                      label: lang === "en" ? office.name_en : office.name_zh,
                    }))}
                    onChange={(owner) => change(one.kind, { owner: owner ?? null })}
                  />
                  {one.elsewhere > 0 && (
                    <span className="quiet"> {t("access.elsewhere", { count: one.elsewhere })}</span>
                  )}
                </>
              ),
            },
            {
              title: t("access.opening"),
              width: 220,
              render: (_, one) => (
                <Select<string>
                  aria-label={`${t("access.opening")} ${kindTitle(one.kind)}`}
                  style={{ width: 190 }}
                  value={chosen(one.opened)}
                  options={[
                    {
                      value: "pack",
                      label: t(one.shared.length > 0 ? "access.pack_open" : "access.pack_closed"),
                    },
                    { value: "open", label: t("access.open") },
                    { value: "closed", label: t("access.closed") },
                  ]}
                  onChange={(choice) => change(one.kind, { opened: CHOICE[choice] })}
                />
              ),
            },
            {
              title: t("access.streams"),
              width: 180,
              align: "right",
              render: (_, one) => (
                <Tag color={one.open > 0 ? "processing" : "default"}>
                  {one.open.toLocaleString(lang)} / {one.datastreams.toLocaleString(lang)}
                </Tag>
              ),
            },
          ]}
        />
      </div>
    </div>
  );
}
