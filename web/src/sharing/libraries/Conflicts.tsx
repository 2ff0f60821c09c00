/** Fields about which sources disagree; who decides opens the record. */

import { Button, Segmented, Table } from "antd";
import { useState } from "react";
import { withQuery } from "../../data/http";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { EntityDrawer } from "./EntityDrawer";
import type { Conflict, Library } from "./types";
import { Veiled } from "./Veiled";

const STATES = ["open", "decided"];

export function Conflicts({ library, changed }: { library: Library; changed: () => void }) {
  const { t } = useLanguage();
  const [state, setState] = useState("open");
  const [open, setOpen] = useState<number>();
  const base = `/api/sharing/libraries/${library.code}/conflicts`;
  const list = usePages<Conflict>(withQuery(base, { state }));
  return (
    <div data-testid="library-conflicts">
      <Segmented
        value={state}
        onChange={setState}
        options={STATES.map((one) => ({ value: one, label: t(`libraries.state_${one}` as Key) }))}
        style={{ marginBottom: 12 }}
      />
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<Conflict>
        size="small"
        rowKey={(one) => `${one.entity} ${one.field}`}
        pagination={false}
        loading={list.loading}
        dataSource={list.items}
        scroll={{ x: 900 }}
        locale={{ emptyText: <Nothing>{t("libraries.no_conflicts")}</Nothing> }}
        columns={[
          {
            title: t("libraries.number"),
            width: 110,
            render: (_, one) => (
              <Button type="link" size="small" onClick={() => setOpen(one.entity)}>
                {one.entity}
              </Button>
            ),
          },
          { title: t("libraries.field"), dataIndex: "title", width: 180 },
          {
            title: t("libraries.gap"),
            width: 130,
            render: (_, one) => (one.gap === 0 ? t("libraries.gap_equal") : one.gap),
          },
          { title: t("libraries.values"), render: (_, one) => <Veiled values={one.values} /> },
          {
            title: t("libraries.opened_at"),
            width: 170,
            render: (_, one) => <When at={one.opened_at} />,
          },
          ...(state === "decided"
            ? [
                {
                  title: t("libraries.reason"),
                  width: 220,
                  render: (_: unknown, one: Conflict) =>
                    t("libraries.decided_by", {
                      by: (one.by ?? "").replace(/^user:/, ""),
                      reason: one.reason ?? "",
                    }),
                },
              ]
            : []),
        ]}
      />
      <More more={list.more} />
      {open !== undefined && (
        <EntityDrawer
          library={library}
          entity={open}
          close={() => {
            setOpen(undefined);
            list.reload();
            changed();
          }}
        />
      )}
    </div>
  );
}
