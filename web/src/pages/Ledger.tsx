import { CheckCircleOutlined, WarningOutlined } from "@ant-design/icons";
import { Button, DatePicker, Drawer, Table } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { withQuery } from "../data/http";
import { useLive } from "../data/live";
import type { LedgerLine, Rejection } from "../data/intake";
import type { Page, Pulse } from "../data/types";
import { useGet, usePages } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, More, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";

function Rejections({ line, reason }: { line: LedgerLine; reason?: string }) {
  const { t } = useLanguage();
  const list = usePages<Rejection>(
    withQuery("/api/rejections", { day: line.day, source: line.source, reason }),
  );
  if (list.problem) return <ProblemBox problem={list.problem} retry={list.reload} />;
  return (
    <>
      {!list.loading && list.items.length === 0 && <Nothing />}
      {list.items.map((one) => (
        <section key={one.id} style={{ marginBottom: 14 }}>
          <div>
            <code>{one.reason}</code>{" "}
            <span className="quiet">
              <When at={one.at} /> {one.where} {one.count > 1 && `× ${one.count}`}
            </span>
          </div>
          <pre className="raw">{one.raw ?? one.raw_base64}</pre>
          {one.raw_size > (one.raw ?? one.raw_base64 ?? "").length * 2 && (
            <div className="quiet">{t("ledger.cut", { size: one.raw_size })}</div>
          )}
        </section>
      ))}
      <More more={list.more} />
    </>
  );
}

export default function Ledger() {
  const { t, lang } = useLanguage();
  const [day, setDay] = useState("");
  const { data, problem, loading, reload } = useGet<Page<LedgerLine>>(
    withQuery("/api/ledger", { day }),
  );
  const [open, setOpen] = useState<{ line: LedgerLine; reason?: string }>();
  const [seen, setSeen] = useState(0);
  useLive<Pulse>("ledger", (pulse) => {
    setSeen((held) => held + 1);
    if (pulse.per_s > 0 && seen % 5 === 0) reload();
  });
  const count = (value: number) => value.toLocaleString(lang);
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("nav.ledger")}</h2>
        <span className="quiet">{t("ledger.equation")}</span>
      </div>
      <div className="filters">
        <DatePicker
          allowClear
          aria-label={t("ledger.day")}
          placeholder={t("ledger.day_all")}
          value={day ? dayjs(day) : null}
          onChange={(value) => setDay(value ? value.format("YYYY-MM-DD") : "")}
        />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      <div className="table-scroll">
        <Table<LedgerLine>
          rowKey={(one) => `${one.day}/${one.source}`}
          size="middle"
          pagination={false}
          dataSource={data?.items}
          locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("ledger.empty")}</Nothing> }}
          columns={[
            { title: t("ledger.day"), dataIndex: "day", width: 120 },
            { title: t("ledger.source"), dataIndex: "source" },
            ...(["received", "stored", "duplicate", "waiting"] as const).map((name) => ({
              title: t(`ledger.${name}`),
              align: "right" as const,
              render: (_: unknown, one: LedgerLine) => count(one[name]),
            })),
            {
              title: t("ledger.rejected"),
              align: "right" as const,
              render: (_, one) =>
                one.rejected ? (
                  <Button type="link" size="small" onClick={() => setOpen({ line: one })}>
                    {count(one.rejected)}
                  </Button>
                ) : (
                  0
                ),
            },
            {
              title: t("ledger.reasons"),
              render: (_, one) =>
                Object.entries(one.reasons).map(([reason, value]) => (
                  <div key={reason}>
                    <Button
                      type="link"
                      size="small"
                      style={{ padding: 0 }}
                      onClick={() => setOpen({ line: one, reason })}
                    >
                      <code>{reason}</code>
                    </Button>{" "}
                    {count(value)}
                  </div>
                )),
            },
            {
              title: t("ledger.balanced"),
              width: 110,
              render: (_, one) =>
                one.balanced ? (
                  <span>
                    <CheckCircleOutlined style={{ color: "#2ea36a" }} /> {t("ledger.yes")}
                  </span>
                ) : (
                  <span className="late">
                    <WarningOutlined /> {t("ledger.no")}
                  </span>
                ),
            },
          ]}
        />
      </div>
      <Drawer
        open={open !== undefined}
        size={640}
        onClose={() => setOpen(undefined)}
        title={t("ledger.messages")}
      >
        {open && <Rejections line={open.line} reason={open.reason} />}
      </Drawer>
    </div>
  );
}
