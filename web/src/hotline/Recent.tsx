/** What came in before, the newest first; who it was is shown, and noted, when it is opened. */

import { Button, Drawer, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { get, type Problem } from "../data/http";
import { usePages } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";
import { Correct } from "./Correct";
import { CallerPanel } from "./Incoming";
import type { Contact, Listed } from "./types";

export function Recent({ emotions }: { emotions: string[] }) {
  const { t } = useLanguage();
  const list = usePages<Listed>("/api/hotline/contacts");
  const [shown, setShown] = useState<Contact>();
  const [problem, setProblem] = useState<Problem>();
  const show = (id: number) => {
    setProblem(undefined);
    get<Contact>(`/api/hotline/contacts/${id}`).then(setShown, setProblem);
  };
  const corrected = (next: Contact) => {
    setShown(next);
    list.change((items) =>
      items.map((one) =>
        one.id === next.id ? { ...one, emotion: next.emotion, urgent: next.urgent } : one,
      ),
    );
  };
  const failed = problem ?? list.problem;
  return (
    <div className="block" data-testid="recent">
      <h3>{t("hotline.recent_list")}</h3>
      {failed && <ProblemBox problem={failed} retry={list.reload} />}
      <Table<Listed>
        size="small"
        rowKey="id"
        pagination={false}
        loading={list.loading && list.items.length === 0}
        locale={{ emptyText: <Nothing>{t("hotline.none_recent")}</Nothing> }}
        scroll={{ x: "max-content" }}
        dataSource={list.items}
        columns={[
          {
            title: t("hotline.at"),
            render: (_, one) => (
              <>
                <When at={one.at} />
                <div className="quiet">
                  {one.channel_title} · {one.line_title}
                </div>
              </>
            ),
          },
          {
            title: t("hotline.wish"),
            render: (_, one) =>
              one.requests.map((each) => (
                <div key={each.id} style={{ maxWidth: 420, whiteSpace: "normal" }}>
                  {t(`hotline.kind.${each.kind}` as Key)} ·{" "}
                  {t(`hotline.outcome.${each.outcome}` as Key)}{" "}
                  {each.case !== null && (
                    <Link to={`/cases/${each.case}`}>
                      {t("hotline.case_no", { no: each.case })}
                    </Link>
                  )}
                  <div className="quiet">{each.text}</div>
                </div>
              )),
          },
          {
            title: t("hotline.emotion"),
            render: (_, one) => (
              <>
                {t(`hotline.emotion.${one.emotion}` as Key)}{" "}
                {one.urgent && <Tag color="error">{t("hotline.urgent")}</Tag>}
                {one.repeated && <Tag>{t("hotline.repeated")}</Tag>}
                {one.ended_at === null && <Tag color="blue">{t("hotline.running")}</Tag>}
              </>
            ),
          },
          {
            key: "act",
            render: (_, one) => (
              <Button size="small" onClick={() => show(one.id)}>
                {t("hotline.show_caller")}
              </Button>
            ),
          },
        ]}
      />
      <More more={list.more} />
      <Drawer
        open={shown !== undefined}
        onClose={() => setShown(undefined)}
        size={420}
        title={shown && <When at={shown.at} />}
        destroyOnHidden
      >
        {shown && (
          <div className="desk-aside">
            <CallerPanel
              contact={shown}
              correct={
                <Correct contact={shown} emotions={emotions} corrected={corrected} key={shown.id} />
              }
            />
          </div>
        )}
      </Drawer>
    </div>
  );
}
