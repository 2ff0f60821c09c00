/** Entities of a library: found by what they say, or by number; masked until one is opened. */

import { Button, Input, Space, Table, Tag } from "antd";
import { useState } from "react";
import { type Problem, post } from "../../data/http";
import { usePages } from "../../data/use";
import { useLanguage } from "../../i18n";
import { More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { EntityDrawer } from "./EntityDrawer";
import type { Library, Listed } from "./types";
import { Veiled } from "./Veiled";

export function Records({ library }: { library: Library }) {
  const { t } = useLanguage();
  const base = `/api/sharing/libraries/${library.code}`;
  const list = usePages<Listed>(`${base}/entities`);
  const [sought, setSought] = useState<string>();
  const [found, setFound] = useState<Listed[]>();
  const [failed, setFailed] = useState<Problem>();
  const [open, setOpen] = useState<number>();
  const search = async (value: string) => {
    setFailed(undefined);
    if (!value.trim()) {
      setFound(undefined);
      return;
    }
    try {
      setFound((await post<{ items: Listed[] }>(`${base}/search`, { value })).items);
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  return (
    <div data-testid="library-records">
      <Space style={{ marginBottom: 12 }}>
        <Input.Search
          allowClear
          style={{ width: 420 }}
          placeholder={t("libraries.search")}
          aria-label={t("libraries.search")}
          maxLength={200}
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          onSearch={search}
        />
        <span className="quiet">{t("libraries.search_hint")}</span>
      </Space>
      {failed && <ProblemBox problem={failed} />}
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<Listed>
        size="small"
        rowKey="entity"
        pagination={false}
        loading={list.loading}
        scroll={{ x: 900 }}
        dataSource={found ?? list.items}
        locale={{ emptyText: <Nothing>{t("libraries.found_none")}</Nothing> }}
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
          { title: t("libraries.values"), render: (_, one) => <Veiled values={one.values} /> },
          { title: t("libraries.records"), dataIndex: "records", width: 100, align: "right" },
          {
            title: t("libraries.conflicts"),
            width: 110,
            render: (_, one) =>
              one.conflicts.length > 0 && <Tag color="orange">{one.conflicts.length}</Tag>,
          },
          {
            title: t("libraries.changed_at"),
            width: 170,
            render: (_, one) => <When at={one.changed_at} />,
          },
        ]}
      />
      {!found && <More more={list.more} />}
      {open !== undefined && (
        <EntityDrawer
          library={library}
          entity={open}
          close={() => {
            setOpen(undefined);
            list.reload();
          }}
        />
      )}
    </div>
  );
}
