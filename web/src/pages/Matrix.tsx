import {
  Alert,
  Breadcrumb,
  Button,
  DatePicker,
  Input,
  Modal,
  Space,
  Table,
  Tag,
  Timeline,
  Tooltip,
} from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { Link } from "react-router";
import { withQuery } from "../data/http";
import { useGet } from "../data/use";
import { useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { When } from "../parts/time";

interface Cell {
  id?: number;
  how: "entry" | "inherited" | "conflict" | "function" | "nobody";
  organisation_name?: string;
  co?: string[];
  basis?: string;
  code?: string;
  rivals?: string[];
}

interface Row {
  id: number;
  event_class: string;
  name: string;
  major: string;
  major_name: string;
  cells: Cell[];
}

interface Grid {
  areas: { id: number | null; name: string | null }[];
  above: { id: number; name: string }[];
  rows: Row[];
}

interface Entry {
  code: string;
  class_name: string | null;
  major: string;
  area_name: string | null;
  organisation_name: string;
}

interface Check {
  conflict_count: number;
  conflicts: [Entry, Entry][];
  nobody_count: number;
  nobody: { event_class: string; class_name: string; area_name: string | null }[];
  unlisted: number;
  unknown_majors: Entry[];
}

const COLOUR = {
  entry: "blue",
  inherited: "default",
  conflict: "orange",
  function: "cyan",
  nobody: "red",
} as const;

function Go(at: { to: number | null; name: string | null; go: (to: number | null) => void }) {
  return (
    <Button type="link" size="small" style={{ padding: 0 }} onClick={() => at.go(at.to)}>
      {at.name}
    </Button>
  );
}

function Who({ cell, show }: { cell: Cell; show: (id: number) => void }) {
  const { t } = useLanguage();
  if (cell.how === "nobody") return <Tag color="red">{t("matrix.none")}</Tag>;
  const lines = [
    `${t(`matrix.${cell.how}`)}${cell.code ? ` ${cell.code}` : ""}`,
    cell.co?.length ? t("matrix.with", { names: cell.co.join(", ") }) : "",
    cell.rivals?.length ? t("matrix.also", { names: cell.rivals.join(", ") }) : "",
    cell.basis ? t("matrix.basis", { basis: cell.basis }) : "",
  ].filter(Boolean);
  return (
    <Tooltip
      title={lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    >
      <Tag
        color={COLOUR[cell.how]}
        tabIndex={0}
        style={{ cursor: cell.code ? "pointer" : undefined }}
        onClick={() => cell.code && cell.id && show(cell.id)}
        onKeyDown={(event) => event.key === "Enter" && cell.code && cell.id && show(cell.id)}
      >
        {cell.organisation_name}
        {cell.rivals?.length ? ` / ${cell.rivals.join(" / ")}` : ""}
      </Tag>
    </Tooltip>
  );
}

interface Former {
  code: string;
  organisation_name: string;
  co: string[];
  level: string;
  class_name: string | null;
  major: string;
  area_name: string | null;
  basis: string;
  starts_at: string | null;
  ends_at: string | null;
  corrected: boolean;
  changed_at: string | null;
  changed_by: string;
}

/** What an entry says, and what it said before it was changed. */
function History({ id, close }: { id: number; close: () => void }) {
  const { t } = useLanguage();
  const found = useGet<{ items: Former[] }>(`/api/registry/responsibilities/${id}/history`);
  const items = found.data?.items ?? [];
  return (
    <Modal
      open
      footer={null}
      onCancel={close}
      title={t("matrix.history", { code: items[0]?.code ?? "" })}
    >
      {found.problem && <ProblemBox problem={found.problem} retry={found.reload} />}
      {!found.data && found.loading && <Busy />}
      <Timeline
        style={{ marginTop: 16 }}
        items={items.map((one) => ({
          color: one.corrected ? "gray" : one.changed_at ? "blue" : "green",
          content: (
            <div data-testid="former">
              <b>{[one.organisation_name, ...one.co].join(" + ")}</b>
              <div>
                {one.class_name || one.major || t("matrix.every_class")} ·{" "}
                {one.area_name ?? t("matrix.city")}
              </div>
              <div className="quiet">
                {one.starts_at ? <When at={one.starts_at} /> : t("matrix.ever")} –{" "}
                {one.ends_at ? <When at={one.ends_at} /> : t("matrix.on")}
              </div>
              {one.basis && <div>{t("matrix.basis", { basis: one.basis })}</div>}
              {one.changed_at && (
                <div className="quiet">
                  {t(one.corrected ? "matrix.corrected" : "matrix.changed", {
                    by: one.changed_by.replace(/^\w+:/, ""),
                  })}{" "}
                  <When at={one.changed_at} />
                </div>
              )}
            </div>
          ),
        }))}
      />
    </Modal>
  );
}

function Found({ check }: { check: Check }) {
  const { t } = useLanguage();
  const wrong = check.conflict_count + check.nobody_count + check.unknown_majors.length;
  const what = (one: Entry) => one.class_name || one.major || t("matrix.every_class");
  const title = [
    check.conflict_count ? t("matrix.conflicts", { count: check.conflict_count }) : "",
    check.nobody_count ? t("matrix.nobody", { count: check.nobody_count }) : "",
    check.unknown_majors.length ? t("matrix.unknown", { count: check.unknown_majors.length }) : "",
    check.unlisted ? t("matrix.unlisted", { count: check.unlisted }) : "",
  ].filter(Boolean);
  return (
    <Alert
      style={{ marginBottom: 12 }}
      type={wrong ? "warning" : "success"}
      showIcon
      title={wrong ? title.join(" · ") : [t("matrix.fine"), ...title].join(" · ")}
      description={
        wrong ? (
          <ul style={{ margin: 0, paddingLeft: 18, maxHeight: 160, overflow: "auto" }}>
            {check.conflicts.map(([first, second]) => (
              <li key={`${first.code} ${second.code}`}>
                {what(first)} · {first.area_name ?? t("matrix.city")}: {first.organisation_name} (
                {first.code}) / {second.organisation_name} ({second.code})
              </li>
            ))}
            {check.nobody.map((one) => (
              <li key={`${one.event_class} ${one.area_name}`}>
                {one.class_name} · {one.area_name ?? t("matrix.city")}: {t("matrix.none")}
              </li>
            ))}
            {check.unknown_majors.map((one) => (
              <li key={one.code}>
                {one.code}: {one.major}
              </li>
            ))}
          </ul>
        ) : undefined
      }
    />
  );
}

export default function Matrix() {
  const { t } = useLanguage();
  const [area, setArea] = useState<number | null>(null);
  const [day, setDay] = useState<Dayjs | null>(null);
  const [words, setWords] = useState("");
  const [shown, setShown] = useState<number>();
  const at = day ? day.startOf("day").toISOString() : undefined;
  const path = "/api/registry/responsibilities";
  const grid = useGet<Grid>(withQuery(`${path}/matrix`, { area: area ?? undefined, at }));
  const check = useGet<Check>(withQuery(`${path}/check`, { at }));
  const rows = (grid.data?.rows ?? []).filter((row) =>
    `${row.event_class} ${row.name} ${row.major_name}`.toLowerCase().includes(words.toLowerCase()),
  );
  return (
    <div className="page">
      <div className="page-head">
        <h2>{t("registry.responsibilities")}</h2>
        <Space wrap>
          <Input
            allowClear
            aria-label={t("matrix.find")}
            placeholder={t("matrix.find")}
            onChange={(event) => setWords(event.target.value)}
          />
          <DatePicker
            aria-label={t("matrix.at")}
            placeholder={t("matrix.today")}
            value={day}
            onChange={setDay}
          />
          <Link to="/registry/responsibilities">
            <Button>{t("matrix.edit")}</Button>
          </Link>
        </Space>
      </div>
      {grid.problem && <ProblemBox problem={grid.problem} retry={grid.reload} />}
      {check.data && <Found check={check.data} />}
      {grid.data && (
        <Breadcrumb
          style={{ marginBottom: 8 }}
          items={[
            { title: <Go to={null} name={t("matrix.city")} go={setArea} /> },
            ...[...grid.data.above].reverse().map((one) => ({
              title: <Go to={one.id} name={one.name} go={setArea} />,
            })),
          ]}
        />
      )}
      {!grid.data && grid.loading && <Busy />}
      {grid.data?.rows.length === 0 && <Nothing>{t("matrix.empty")}</Nothing>}
      {grid.data && grid.data.rows.length > 0 && (
        <Table
          size="small"
          rowKey="id"
          pagination={{ pageSize: 50, hideOnSinglePage: true }}
          scroll={{ x: "max-content" }}
          dataSource={rows}
          columns={[
            {
              key: "class",
              fixed: "left",
              title: t("matrix.class"),
              render: (_: unknown, row: Row) => (
                <>
                  <div>{row.name}</div>
                  <small>
                    {row.major_name} · {row.event_class}
                  </small>
                </>
              ),
            },
            ...grid.data.areas.map((one, place) => ({
              key: one.id ?? 0,
              title:
                place === 0 ? (
                  (one.name ?? t("matrix.city"))
                ) : (
                  <Go to={one.id} name={one.name} go={setArea} />
                ),
              render: (_: unknown, row: Row) => (
                <Who cell={row.cells[place] ?? { how: "nobody" }} show={setShown} />
              ),
            })),
          ]}
        />
      )}
      {shown && <History id={shown} close={() => setShown(undefined)} />}
    </div>
  );
}
