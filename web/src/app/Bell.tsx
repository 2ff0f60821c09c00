/** What is new for the person who is signed in. */

import { BellOutlined } from "@ant-design/icons";
import { Badge, Button, Popover } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { post } from "../data/http";
import { useLive } from "../data/live";
import type { Page } from "../data/types";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import type { OwnNotice } from "../notices/types";
import { Nothing } from "../parts/states";
import { When } from "../parts/time";

function Latest({ close, changed }: { close: () => void; changed: () => void }) {
  const { t } = useLanguage();
  const list = useGet<Page<OwnNotice>>("/api/notices?limit=8");
  useLive("notice", list.reload);
  const read = async (ids?: number[]) => {
    await post("/api/notices/read", ids ? { ids } : {});
    list.reload();
    changed();
  };
  return (
    <div className="bell-list">
      {list.data?.items.length === 0 && <Nothing>{t("notices.none")}</Nothing>}
      <ul>
        {list.data?.items.map((one) => (
          <li key={one.id} className={one.read_at ? "read" : ""}>
            <Link
              to={one.path || "/notices"}
              onClick={() => {
                if (!one.read_at) void read([one.id]);
                close();
              }}
            >
              {one.subject}
            </Link>
            <span className="quiet">
              <When at={one.at} />
            </span>
          </li>
        ))}
      </ul>
      <div className="bell-foot">
        <Link to="/notices" onClick={close}>
          {t("notices.all")}
        </Link>
        <Button type="link" size="small" onClick={() => void read()}>
          {t("notices.all_read")}
        </Button>
      </div>
    </div>
  );
}

export function Bell() {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const { data, reload } = useGet<{ unread: number }>("/api/notices/unread");
  useLive("notice", reload);
  useLive("reset", reload);
  const count = data?.unread ?? 0;
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      open={open}
      onOpenChange={setOpen}
      destroyOnHidden
      content={<Latest close={() => setOpen(false)} changed={reload} />}
    >
      <Badge count={count} size="small" offset={[-6, 6]}>
        <Button
          type="text"
          icon={<BellOutlined />}
          aria-label={t("notices.unread", { count })}
          title={t("notices.unread", { count })}
        />
      </Badge>
    </Popover>
  );
}
