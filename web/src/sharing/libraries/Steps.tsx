/** What was done with entities of a library, by the platform and by people, and merges undone. */

import { App, Table } from "antd";
import { useState } from "react";
import { type Problem, post } from "../../data/http";
import { usePages } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { More, Nothing, ProblemBox } from "../../parts/states";
import { When } from "../../parts/time";
import { Reasoned } from "./Reasoned";
import type { LibraryFull, Step } from "./types";
import { Reasons } from "./Veiled";

export function Steps({ library, changed }: { library: LibraryFull; changed: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [failed, setFailed] = useState<Problem>();
  const base = `/api/sharing/libraries/${library.code}/steps`;
  const list = usePages<Step>(base);
  const titles = new Map(library.fields.map((one) => [one.name, one.title]));
  const titled = (name: string) =>
    name
      .split("+")
      .map((one) => titles.get(one) ?? one)
      .join(" + ");
  const undo = async (step: Step, reason: string) => {
    setFailed(undefined);
    try {
      await post(`${base}/${step.step}/undo`, { reason });
      void message.success(t("libraries.done"));
    } catch (error) {
      setFailed(error as Problem);
    }
    list.reload();
    changed();
  };
  return (
    <div data-testid="library-steps">
      {failed && <ProblemBox problem={failed} />}
      {list.problem && <ProblemBox problem={list.problem} retry={list.reload} />}
      <Table<Step>
        size="small"
        rowKey="step"
        pagination={false}
        loading={list.loading}
        dataSource={list.items}
        scroll={{ x: 900 }}
        locale={{ emptyText: <Nothing>{t("libraries.no_steps")}</Nothing> }}
        columns={[
          { title: t("libraries.at"), width: 170, render: (_, one) => <When at={one.at} /> },
          {
            title: t("libraries.by"),
            width: 140,
            render: (_, one) =>
              one.by.startsWith("system:")
                ? t("libraries.system")
                : one.by.replace(/^user:/, ""),
          },
          {
            title: t("libraries.what"),
            width: 170,
            render: (_, one) => t(`libraries.kind.${one.kind}` as Key),
          },
          {
            title: t("libraries.number"),
            width: 150,
            render: (_, one) => (one.other ? `${one.entity} · ${one.other}` : one.entity),
          },
          {
            title: t("libraries.reasons"),
            render: (_, one) =>
              one.reason || (
                <Reasons
                  reasons={(one.details.links?.[0]?.reasons ?? []).map((each) => ({
                    ...each,
                    title: titled(each.field),
                  }))}
                />
              ),
          },
          {
            width: 110,
            render: (_, one) =>
              one.kind === "merged" && (
                <Reasoned link danger onGiven={(reason) => undo(one, reason)}>
                  {t("libraries.undo")}
                </Reasoned>
              ),
          },
        ]}
      />
      <More more={list.more} />
    </div>
  );
}
