/** Files that were made for the own organisation; what is being made is looked at again. */

import { Button, Table, Tag } from "antd";
import { useAgain, usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { More, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { bytes } from "./bytes";
import type { Delivery } from "./types";

const COLOURS = { waiting: "blue", making: "blue", ready: "green", failed: "red", gone: "default" };

export function Deliveries() {
  const { t, known } = useLanguage();
  const found = usePages<Delivery>("/api/sharing/files/deliveries", 20);
  const { reload } = found;
  const busy = found.items.some((one) => one.state === "waiting" || one.state === "making");
  useAgain(found, busy);
  return (
    <div data-testid="file-deliveries">
      {found.problem && <ProblemBox problem={found.problem} retry={reload} />}
      <Table<Delivery>
        rowKey="id"
        size="small"
        pagination={false}
        loading={found.loading && !found.items.length}
        locale={{ emptyText: t("files.deliveries_none") }}
        dataSource={found.items}
        scroll={{ x: "max-content" }}
        columns={[
          { title: t("files.resource"), dataIndex: "resource_name" },
          {
            title: t("files.name"),
            render: (_, one) => one.name || t(`files.format.${one.format}` as Key),
          },
          {
            title: t("files.state"),
            render: (_, one) => (
              <>
                <Tag color={COLOURS[one.state]}>{t(`files.delivery.${one.state}` as Key)}</Tag>
                {one.why && (known(`files.why.${one.why}`) ?? <code className="quiet">{one.why}</code>)}
              </>
            ),
          },
          { title: t("files.rows"), render: (_, one) => one.rows ?? "" },
          { title: t("files.size"), render: (_, one) => (one.size === null ? "" : bytes(one.size)) },
          {
            title: t("files.protected"),
            render: (_, one) => (
              <>
                {one.keys.length > 0 && <Tag>{t("files.encrypted")}</Tag>}
                {one.marked.length > 0 && <Tag>{t("files.marked")}</Tag>}
              </>
            ),
          },
          { title: t("files.asked_at"), render: (_, one) => <When at={one.asked_at} /> },
          {
            title: t("files.kept_until"),
            render: (_, one) => one.state === "ready" && one.expires_at && <When at={one.expires_at} />,
          },
          {
            render: (_, one) =>
              one.state === "ready" && (
                <Button
                  size="small"
                  type="primary"
                  href={`/api/sharing/files/deliveries/${one.id}/content`}
                  download
                >
                  {t("files.download")}
                </Button>
              ),
          },
        ]}
      />
      <More more={found.more} />
    </div>
  );
}
