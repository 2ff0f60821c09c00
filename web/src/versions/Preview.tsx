/** What a move would do: by state with the choices that are needed, deadlines, whom it concerns. */

import { Alert, Select, Table, Tag } from "antd";
import { Link } from "react-router";
import { type Key, useLanguage } from "../i18n";
import { When } from "../parts/time";
import { type Group, type Sample, type Seen, STAY, type Version } from "./types";

type Places = Record<string, string | null>;

export function Outcomes({ seen }: { seen: Seen }) {
  const { t } = useLanguage();
  const colours: Record<string, string> = { moves: "success", needs_choice: "warning" };
  return (
    <div style={{ display: "flex", flexWrap: "wrap", gap: 8, marginBottom: 10 }}>
      {Object.entries(seen.outcomes).map(([name, count]) => (
        <Tag key={name} color={count ? colours[name] : "default"} data-testid={`outcome-${name}`}>
          {t(`versions.out_${name}` as Key)} {count}
        </Tag>
      ))}
    </div>
  );
}

export function Groups({
  seen,
  to,
  places,
  choose,
}: {
  seen: Seen;
  to: Version;
  places: Places;
  choose: (state: string, target: string | null | undefined) => void;
}) {
  const { t } = useLanguage();
  const open = to.states.filter((one) => !["done", "void"].includes(one.kind));
  const options = (group: Group) => [
    ...open.map((one) => ({
      value: one.name,
      label:
        one.kind === group.kind ? one.title : `${one.title} · ${t(`kind.${one.kind}` as Key)}`,
    })),
    { value: STAY, label: t("versions.stay") },
  ];
  return (
    <Table<Group>
      rowKey={(one) => `${one.version}/${one.state}/${one.to}/${one.why}`}
      size="small"
      pagination={false}
      dataSource={seen.groups}
      columns={[
        {
          title: t("versions.state_now"),
          render: (_, one) => (
            <>
              {one.state_title} <Tag>{t(`kind.${one.kind}` as Key)}</Tag>
            </>
          ),
        },
        { title: t("versions.cases"), dataIndex: "cases", width: 90, align: "right" },
        {
          title: t("versions.state_then"),
          width: 260,
          render: (_, one) => (
            <Select
              style={{ width: 230 }}
              aria-label={`${t("versions.state_then")}: ${one.state_title}`}
              status={one.why && !(one.state in places) ? "warning" : undefined}
              placeholder={t("versions.choose")}
              allowClear={one.state in places}
              value={one.state in places ? (places[one.state] ?? STAY) : (one.to ?? undefined)}
              options={options(one)}
              onChange={(value) =>
                choose(one.state, value === undefined ? undefined : value === STAY ? null : value)
              }
            />
          ),
        },
        { title: t("versions.why"), render: (_, one) => <span className="quiet">{one.why}</span> },
      ]}
    />
  );
}

export function Deadlines({ seen }: { seen: Seen }) {
  const { t } = useLanguage();
  const changed = Object.entries(seen.deadlines).filter(([, count]) => count > 0);
  const late = seen.deadlines.becomes_overdue ?? 0;
  return (
    <>
      {late > 0 && (
        <Alert
          type="warning"
          showIcon
          style={{ margin: "12px 0" }}
          title={t("versions.late", { count: late })}
        />
      )}
      <dl className="facts" style={{ margin: "14px 0" }}>
        <dt>{t("versions.deadlines")}</dt>
        <dd>
          {changed.length === 0
            ? "–"
            : changed
                .map(([name, count]) => `${t(`versions.due_${name}` as Key)} ${count}`)
                .join(" · ")}
        </dd>
        <dt>{t("versions.concerns")}</dt>
        <dd>
          {seen.concerns.length === 0
            ? "–"
            : seen.concerns
                .map((one) => `${one.name || t("versions.queue")} ${one.cases}`)
                .join(" · ")}
        </dd>
        {seen.lacking.length > 0 && (
          <>
            <dt>{t("versions.lacking")}</dt>
            <dd>{seen.lacking.map((one) => `${one.title} ${one.cases}`).join(" · ")}</dd>
          </>
        )}
      </dl>
    </>
  );
}

export function Samples({ seen }: { seen: Seen }) {
  const { t } = useLanguage();
  const all = Object.values(seen.samples).flatMap((each) => each.slice(0, 5));
  if (all.length === 0) return null;
  return (
    <Table<Sample>
      rowKey="no"
      size="small"
      pagination={false}
      dataSource={all}
      columns={[
        {
          title: t("versions.sample"),
          width: 90,
          render: (_, one) => <Link to={`/cases/${one.no}`}>#{one.no}</Link>,
        },
        {
          title: t("case.state"),
          render: (_, one) =>
            one.to ? `${one.from.state_title} → ${one.to.state_title}` : one.from.state_title,
        },
        { title: t("versions.due_before"), render: (_, one) => <When at={one.from.due_at} /> },
        {
          title: t("versions.due_after"),
          render: (_, one) =>
            one.to ? (
              <>
                <When at={one.to.due_at} />
                {one.to.overdue && (
                  <Tag color="error" style={{ marginInlineStart: 6 }}>
                    {t("versions.overdue")}
                  </Tag>
                )}
              </>
            ) : (
              <span className="quiet">{one.why}</span>
            ),
        },
      ]}
    />
  );
}
