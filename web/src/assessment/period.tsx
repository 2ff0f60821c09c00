/** A period of whole days: usual ones at a click, any other by choosing. */

import { DatePicker, Segmented } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { type Key, useLanguage } from "../i18n";

const USUAL = ["today", "yesterday", "week", "month", "last_month"] as const;
type Usual = (typeof USUAL)[number];

/** Days as `YYYY-MM-DD`; `until` is not included. */
export interface Days {
  from: string;
  until: string;
}

let today = dayjs().format("YYYY-MM-DD");

/** Which day it is in the city, whatever the browser's time zone. */
export function rememberToday(day: string): void {
  today = day;
}

function day(moment: Dayjs): string {
  return moment.format("YYYY-MM-DD");
}

/** The days of a period as people say them: the first, and the last that is in it. */
export function shownDays(days: Days): string {
  const last = day(dayjs(days.until).subtract(1, "day"));
  return last === days.from ? last : `${days.from} – ${last}`;
}

export function usual(name: Usual): Days {
  const now = dayjs(today);
  const month = now.startOf("month");
  const monday = now.subtract((now.day() + 6) % 7, "day");
  const tomorrow = now.add(1, "day");
  const found: Record<Usual, [Dayjs, Dayjs]> = {
    today: [now, tomorrow],
    yesterday: [now.subtract(1, "day"), now],
    week: [monday, tomorrow],
    month: [month, tomorrow],
    last_month: [month.subtract(1, "month"), month],
  };
  const [from, until] = found[name];
  return { from: day(from), until: day(until) };
}

export function PeriodChoice({ value, onChange }: { value: Days; onChange: (days: Days) => void }) {
  const { t } = useLanguage();
  const chosen = USUAL.find((name) => {
    const days = usual(name);
    return days.from === value.from && days.until === value.until;
  });
  return (
    <>
      <Segmented<string>
        value={chosen ?? ""}
        onChange={(name) => onChange(usual(name as Usual))}
        options={USUAL.map((name) => ({ value: name, label: t(`assess.period_${name}` as Key) }))}
      />
      <DatePicker.RangePicker
        allowClear={false}
        value={[dayjs(value.from), dayjs(value.until).subtract(1, "day")]}
        onChange={(days) => {
          if (days?.[0] && days[1]) onChange({ from: day(days[0]), until: day(days[1].add(1, "day")) });
        }}
      />
    </>
  );
}
