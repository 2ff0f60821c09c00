/** The rows that a grant gives, a page at a time; each look is a use and stands in the log. */

import { Alert, Button, Drawer } from "antd";
import { useState } from "react";
import { useGet, usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import type { Resource } from "../catalogueTypes";
import { ListFrame } from "../lists/ListFrame";
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
      <ListFrame<Row>
        rowKey={(row) => found.items.indexOf(row)}
        found={found}
        scroll={{ x: "max-content" }}
        empty={t("grants.no_rows")}
        columns={of.terms.fields.map((column) => ({
          key: column,
          title: of.masked.includes(column) ? `${title(column)} (${t("grants.masked")})` : title(column),
          render: (_: unknown, row: Row) => {
            const value = row[column];
            return value === null || value === undefined ? <span className="quiet">∅</span> : String(value);
          },
        }))}
      />
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
