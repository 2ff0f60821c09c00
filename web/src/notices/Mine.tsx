/** A person's own notices, the newest first. */

import { Button, Collapse, Tag } from "antd";
import { Link } from "react-router";
import { post } from "../data/http";
import { useLive } from "../data/live";
import { usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import type { OwnNotice } from "./types";

export function Mine() {
  const { t } = useLanguage();
  const list = usePages<OwnNotice>("/api/notices", 30);
  useLive("notice", list.reload);
  const read = async (ids?: number[]) => {
    await post("/api/notices/read", ids ? { ids } : {});
    const at = new Date().toISOString();
    list.change((items) =>
      items.map((one) =>
        !one.read_at && (!ids || ids.includes(one.id)) ? { ...one, read_at: at } : one,
      ),
    );
  };
  const unread = list.items.filter((one) => !one.read_at).map((one) => String(one.id));
  return (
    <>
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      {unread.length > 0 && (
        <Button onClick={() => void read()} style={{ marginBottom: 12 }}>
          {t("notices.all_read")}
        </Button>
      )}
      {list.items.length === 0 && (list.loading ? <Busy /> : <Nothing>{t("notices.none")}</Nothing>)}
      {list.items.length > 0 && (
        <Collapse
          onChange={(keys) => {
            const fresh = [keys].flat().filter((key) => unread.includes(String(key)));
            if (fresh.length > 0) void read(fresh.map(Number));
          }}
          items={list.items.map((one) => ({
            key: String(one.id),
            label: (
              <span style={{ fontWeight: one.read_at ? 400 : 600 }}>
                {one.subject} {one.urgent && <Tag color="error">{t("notices.urgent")}</Tag>}
              </span>
            ),
            extra: (
              <span className="quiet">
                <When at={one.at} />
              </span>
            ),
            children: (
              <>
                <div className="notice-text">{one.text}</div>
                {one.path && <Link to={one.path}>{t("notices.open")}</Link>}
              </>
            ),
          }))}
        />
      )}
      <More more={list.more} />
    </>
  );
}
