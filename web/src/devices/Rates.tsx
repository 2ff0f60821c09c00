/** Online rates over a period, by kind, street or supplier: table, daily lines, file. */

import { Button, DatePicker, Segmented, Table } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { lazy, Suspense, useMemo, useState } from "react";
import { withQuery } from "../data/http";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { cityNow } from "../parts/time";
import { GroupChoice, KindChoice, StreetChoice } from "./choices";
import type { RateLine, RateTable } from "./types";

const RateChart = lazy(() => import("./RateChart"));
const BY = ["kind", "street", "supplier"] as const;
const MOST_LINES = 8;

function percent(value: number | null): string {
  return value === null ? "–" : `${(value * 100).toFixed(2)} %`;
}

export function Rates() {
  const { t, lang } = useLanguage();
  const [by, setBy] = useState<string>("kind");
  const [period, setPeriod] = useState<[Dayjs, Dayjs] | null>(null);
  const [kind, setKind] = useState<string>();
  const [area, setArea] = useState<number>();
  const [group, setGroup] = useState<number>();
  const now = useMemo(() => dayjs(cityNow()), []);
  const end = period?.[1].endOf("day");
  const asked = {
    by,
    kind,
    area,
    group,
    from: period?.[0].startOf("day").toISOString(),
    to: end?.isBefore(now) ? end.toISOString() : undefined,
  };
  const { data, problem, loading, reload } = useGet<RateTable>(
    withQuery("/api/devices/rates", asked),
  );
  const name = (one: RateLine) => one.title || (one.key ? String(one.key) : t("fleet.unknown"));
  const lines = useMemo(
    () =>
      data
        ? [
            { name: t("fleet.all"), values: data.total.daily },
            ...data.items
              .slice(0, MOST_LINES)
              .map((one) => ({ name: name(one), values: one.daily })),
          ]
        : [],
    [data, lang],
  );
  return (
    <>
      <div className="filters">
        <Segmented
          value={by}
          onChange={setBy}
          options={BY.map((one) => ({ value: one, label: t(`fleet.by_${one}` as Key) }))}
        />
        <DatePicker.RangePicker
          value={period}
          disabledDate={(day) => day.isAfter(now, "day")}
          onChange={(value) => setPeriod(value?.[0] && value[1] ? [value[0], value[1]] : null)}
        />
        <KindChoice value={kind} onChange={setKind} />
        <StreetChoice value={area} onChange={setArea} />
        <GroupChoice value={group} onChange={setGroup} />
        <Button href={withQuery("/api/devices/rates", { ...asked, format: "csv" })}>
          {t("fleet.download")}
        </Button>
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {data && (
        <>
          <p>
            <b data-testid="rate-total">{percent(data.total.rate)}</b>{" "}
            <span className="quiet">
              {t("fleet.watched", { hours: (data.watched_s / 3600).toFixed(1) })}
            </span>
          </p>
          <Suspense fallback={<Busy />}>
            <RateChart days={data.days} lines={lines} label={t("fleet.rate_daily")} />
          </Suspense>
        </>
      )}
      <div className="table-scroll" style={{ marginTop: 14 }}>
        <Table<RateLine>
          rowKey="key"
          size="middle"
          pagination={false}
          dataSource={data?.items}
          locale={{ emptyText: loading ? <Busy /> : <Nothing>{t("fleet.no_rates")}</Nothing> }}
          columns={[
            { title: t(`fleet.by_${by}` as Key), render: (_, one) => name(one) },
            {
              title: t("device.rate"),
              align: "right",
              width: 140,
              sorter: (one, other) => (one.rate ?? 2) - (other.rate ?? 2),
              render: (_, one) => percent(one.rate),
            },
            {
              title: t("fleet.online_now"),
              align: "right",
              width: 160,
              render: (_, one) =>
                `${one.online_now.toLocaleString(lang)} / ${one.devices.toLocaleString(lang)}`,
            },
          ]}
        />
      </div>
    </>
  );
}
