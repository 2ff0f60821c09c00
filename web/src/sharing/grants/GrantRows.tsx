/** The rows that a grant gives, a page at a time; each look is a use and stands in the log. */

import { Alert, Button, Drawer, Table } from "antd";
import { useState } from "react";
import { useGet, usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { Busy, More, Nothing, ProblemBox } from "../../parts/states";
import type { Resource } from "../catalogueTypes";
import type { Grant } from "./types";

type Row = Record<string, unknown>;

function Inside({ of }: { of: Grant }) {
  const { t } = useLanguage();
  const found = usePages<Row>(`/api/sharing/data/${of.resource}`, 20);
  const { data } = useGet<Resource>(`/api/sharing/resources/${of.resource}`);
  const title = (column: string) => data?.items.find((one) => one.column === column)?.name ?? column;
  return (
    <>
      <Alert type="info" showIcon title={t("grants.rows_logged")} style={{ marginBottom: 12 }} />
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      <Table<Row>
        rowKey={(row) => found.items.indexOf(row)}
        size="small"
        pagination={false}
        scroll={{ x: "max-content" }}
        dataSource={found.items}
        locale={{ emptyText: found.loading ? <Busy /> : <Nothing>{t("grants.no_rows")}</Nothing> }}
        columns={of.terms.fields.map((column) => ({
          key: column,
          title: of.masked.includes(column) ? `${title(column)} (${t("grants.masked")})` : title(column),
          render: (_: unknown, row: Row) => {
            const value = row[column];
            return value === null || value === undefined ? <span className="quiet">∅</span> : String(value);
          },
        }))}
      />
      <More more={found.more} />
    </>
  );
}

export function GrantRows({ of }: { of: Grant }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button type="link" size="small" onClick={() => setOpen(true)}>
        {t("grants.rows")}
      </Button>
      <Drawer open={open} size={900} title={of.resource_name} onClose={() => setOpen(false)} destroyOnHidden>
        <Inside of={of} />
      </Drawer>
    </>
  );
}
