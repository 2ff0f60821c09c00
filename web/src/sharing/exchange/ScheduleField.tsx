/** When a job runs: a usual time or five fields of cron, with the next times it would run. */

import { AutoComplete, Form } from "antd";
import { withQuery } from "../../data/http";
import type { Page } from "../../data/types";
import { useGet } from "../../data/use";
import { type Key, useLanguage } from "../../i18n";
import { When } from "../../parts/time";
import { useSettled } from "../editors/selects";

const USUAL: [string, Key][] = [
  ["*/10 * * * *", "job.schedule.ten_minutes"],
  ["0 * * * *", "job.schedule.hourly"],
  ["0 2 * * *", "job.schedule.daily"],
  ["0 2 * * 1-5", "job.schedule.weekdays"],
  ["0 2 * * 1", "job.schedule.weekly"],
  ["0 2 1 * *", "job.schedule.monthly"],
];

export function ScheduleField() {
  const { t } = useLanguage();
  const given = (Form.useWatch("schedule") as string | undefined) ?? "";
  const schedule = useSettled(given.trim());
  const { data, problem } = useGet<Page<string>>(
    schedule ? withQuery("/api/sharing/exchange-times", { schedule }) : null,
  );
  const wrong = schedule && problem;
  return (
    <>
      <Form.Item
        name="schedule"
        label={t("job.schedule")}
        extra={t("job.schedule_hint")}
        validateStatus={wrong ? "error" : undefined}
        help={wrong ? `${problem.title} ${problem.todo}` : undefined}
      >
        <AutoComplete
          allowClear
          maxLength={200}
          options={USUAL.map(([value, key]) => ({ value, label: `${t(key)}  ${value}` }))}
        />
      </Form.Item>
      <div aria-live="polite" data-testid="next-times">
        {!schedule && <span className="quiet">{t("job.by_hand_hint")}</span>}
        {schedule && !problem && data && (
          <>
            {t("job.next_times")}
            <ol style={{ margin: "4px 0 12px", paddingLeft: 22 }}>
              {data.items.map((one) => (
                <li key={one}>
                  <When at={one} />
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </>
  );
}
