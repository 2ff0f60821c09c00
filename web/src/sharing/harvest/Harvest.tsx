/** Drafts of the catalogue made of tables: a source is chosen, its tables, and each is proposed. */

import { Button, Space, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { withQuery } from "../../data/http";
import { useSession } from "../../data/session";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { Nothing } from "../../parts/states";
import { SourceSelect, UnitSelect, useSettled } from "../editors/selects";
import { SearchField } from "../editors/SearchField";
import { ListFrame } from "../lists/ListFrame";
import { TableProposal } from "./TableProposal";

interface Found {
  table: string;
  resource: { id: number; name: string; state: string } | null;
}

const AT_ONCE = 10;

function Tables({
  source,
  chosen,
  choose,
}: {
  source: string;
  chosen: string[];
  choose: (tables: string[]) => void;
}) {
  const { t } = useLanguage();
  const [sought, seek] = useState("");
  const q = useSettled(sought);
  const found = usePages<Found>(
    withQuery("/api/sharing/harvest/tables", { source, q }),
  );
  return (
    <ListFrame<Found>
      rowKey="table"
      found={found}
      scroll={{ y: 360 }}
      empty={t("source.no_tables")}
      above={<SearchField label="source.seek_table" value={sought} onChange={seek} />}
      rowSelection={{
        selectedRowKeys: chosen,
        hideSelectAll: true,
        preserveSelectedRowKeys: true,
        onChange: (keys) => choose((keys as string[]).slice(0, AT_ONCE)),
        getCheckboxProps: (one) => ({
          disabled: one.resource !== null || (chosen.length >= AT_ONCE && !chosen.includes(one.table)),
          "aria-label": one.table,
        }),
      }}
      columns={[
        { title: t("source.tables"), dataIndex: "table" },
        {
          title: t("harvest.entered"),
          render: (_, { resource }) =>
            resource ? (
              <>
                <Link to={`/catalogue/entry/${resource.id}`}>{resource.name}</Link>{" "}
                <Tag>{t(`catalogue.state.${resource.state}` as Key)}</Tag>
              </>
            ) : (
              <span className="quiet">{t("harvest.not_entered")}</span>
            ),
        },
      ]}
    />
  );
}

export function Harvest() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [source, setSource] = useState<string>();
  const [organisation, setOrganisation] = useState<number>();
  const [chosen, choose] = useState<string[]>([]);
  const [proposed, propose] = useState<string[]>([]);
  const [round, setRound] = useState(0);
  const start = (code: string | undefined) => {
    setSource(code);
    choose([]);
    propose([]);
  };
  return (
    <>
      <p className="quiet">{t("harvest.about")}</p>
      <div className="filters">
        <label>
          {t("job.source")}{" "}
          <span style={{ display: "inline-block", width: 280 }}>
            <SourceSelect value={source} onChange={start} aria-label={t("job.source")} />
          </span>
        </label>
        {may("sharing.operate") && (
          <label>
            {t("harvest.organisation")}{" "}
            <span style={{ display: "inline-block", width: 220 }}>
              <UnitSelect
                value={organisation}
                onChange={setOrganisation}
                aria-label={t("harvest.organisation")}
                placeholder={t("harvest.organisation_of_source")}
              />
            </span>
          </label>
        )}
      </div>
      {!source && <Nothing>{t("harvest.choose_source")}</Nothing>}
      {source && <Tables key={`${source}.${round}`} source={source} chosen={chosen} choose={choose} />}
      {source && (
        <Space style={{ margin: "12px 0" }}>
          <Button type="primary" disabled={!chosen.length} onClick={() => propose(chosen)}>
            {t("harvest.propose", { count: chosen.length })}
          </Button>
          <span className="quiet">{t("harvest.at_once", { most: AT_ONCE })}</span>
        </Space>
      )}
      {source &&
        proposed.map((table) => (
          <TableProposal
            key={`${source}.${table}.${organisation ?? ""}`}
            source={source}
            table={table}
            organisation={organisation}
            onDone={() => {
              choose((held) => held.filter((one) => one !== table));
              setRound((value) => value + 1);
            }}
          />
        ))}
    </>
  );
}
