/** How the values of a device went over a span that one chooses. */

import { DatePicker, Segmented, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { lazy, Suspense, useMemo, useState } from "react";
import { useSession } from "../data/session";
import { useGet } from "../data/use";
import { type Key, useLanguage } from "../i18n";
import { Busy, Nothing, ProblemBox } from "../parts/states";
import { cityNow, When } from "../parts/time";
import { type Buckets, DAY, historyPath, widthOf, withGaps } from "./history";
import type { Stream } from "./types";

const BandChart = lazy(() => import("./BandChart"));
const SPANS = [1, 7, 30, 365];

export function HistoryPart({
  streams,
  named,
}: {
  streams: Stream[];
  named: (stream: Stream) => string;
}) {
  const { t, lang } = useLanguage();
  const { layout } = useSession();
  const [chosen, choose] = useState<number>();
  const [days, setDays] = useState<number>(7);
  const [period, setPeriod] = useState<[Dayjs, Dayjs] | null>(null);
  const now = useMemo(() => cityNow(), [days, period]);
  const stream =
    streams.find((one) => one.datastream === chosen) ??
    streams.find((one) => typeof one.result === "number") ??
    streams[0];
  const [from, to] = period
    ? [period[0].startOf("day").valueOf(), Math.min(period[1].endOf("day").valueOf() + 1, now)]
    : [now - days * DAY, now];
  const width = widthOf(from, to);
  const { data, problem, loading, reload } = useGet<Buckets>(
    stream && layout.zone ? historyPath(stream.datastream, from, to, width, layout.zone) : null,
  );
  const buckets = useMemo(() => (data ? withGaps(data, width) : []), [data, width.name]);
  if (!stream) return <Nothing />;
  const count = buckets.reduce((sum, one) => sum + one.count, 0);
  return (
    <div data-testid="history">
      <div className="filters">
        {streams.length > 1 && (
          <Select
            aria-label={t("fleet.streams")}
            value={stream.datastream}
            onChange={choose}
            style={{ minWidth: 180 }}
            options={streams.map((one) => ({ value: one.datastream, label: named(one) }))}
          />
        )}
        <Segmented
          value={period ? 0 : days}
          onChange={(value) => {
            setDays(value);
            setPeriod(null);
          }}
          options={SPANS.map((one) => ({ value: one, label: t(`fleet.span_${one}` as Key) }))}
        />
        <DatePicker.RangePicker
          value={period}
          disabledDate={(day) => day.isAfter(dayjs(now), "day")}
          onChange={(value) => setPeriod(value?.[0] && value[1] ? [value[0], value[1]] : null)}
        />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {loading && !data && <Busy />}
      {data && buckets.length === 0 && <Nothing>{t("state.no_values")}</Nothing>}
      {buckets.length > 0 && (
        <div className="chart">
          <Suspense fallback={<Busy />}>
            <BandChart
              buckets={buckets}
              daily={width.name === "P1D"}
              unit={stream.unit}
              label={t("fleet.values_of", { name: named(stream) })}
            />
          </Suspense>
          <p className="quiet" data-testid="history-about">
            {t(`fleet.each_${width.name}` as Key)} ·{" "}
            {t("fleet.count_of", { count: count.toLocaleString(lang) })}
            {data?.["@yiwang.source"] === "rollup" && ` · ${t("fleet.from_rollups")}`}
            {data?.["@yiwang.gone"] && (
              <>
                {" · "}
                {t("fleet.gone")} <When at={data["@yiwang.gone"]} />
              </>
            )}
          </p>
        </div>
      )}
    </div>
  );
}
