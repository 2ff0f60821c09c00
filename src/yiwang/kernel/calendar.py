"""Working time: which days are worked, and when a deadline in working time falls.

The statutory calendar of China with its moved working days comes from the library
``chinesecalendar``; a city's own calendar replaces days one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

from yiwang.kernel import clock


class DayTable(Protocol):
    def is_workday(self, day: date) -> bool: ...


class StatutoryDays:
    """China's working days. Years the library does not hold fall back to Monday to Friday."""

    def is_workday(self, day: date) -> bool:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5


@dataclass(frozen=True)
class CityDays:
    """A city's own days laid over another table: ``{date: is worked}``."""

    own: Mapping[date, bool]
    base: DayTable = field(default_factory=StatutoryDays)

    def is_workday(self, day: date) -> bool:
        return self.own[day] if day in self.own else self.base.is_workday(day)


def _office_hours() -> tuple[tuple[time, time], ...]:
    return ((time(9), time(12)), (time(13), time(18)))


@dataclass(frozen=True)
class WorkingCalendar:
    """Working hours of working days in one time zone.

    ``hours`` are the day's working spans, ascending and not overlapping.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    days: DayTable = field(default_factory=StatutoryDays)
    hours: Sequence[tuple[time, time]] = field(default_factory=_office_hours)

    def add(self, start: int, minutes: int) -> int:
        """The instant at which ``minutes`` of working time after ``start`` have passed."""
        left = minutes * clock.MINUTE
        day = clock.to_datetime(start).astimezone(self.zone).date()
        while True:
            for opens, closes in self._spans(day):
                begin = max(opens, start)
                if begin >= closes:
                    continue
                if left <= closes - begin:
                    return begin + left
                left -= closes - begin
            day += timedelta(days=1)

    def between(self, start: int, end: int) -> int:
        """Microseconds of working time from ``start`` to ``end``; 0 when end is earlier."""
        day = clock.to_datetime(start).astimezone(self.zone).date()
        last = clock.to_datetime(end).astimezone(self.zone).date()
        worked = 0
        while day <= last:
            for opens, closes in self._spans(day):
                worked += max(0, min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return worked

    def is_working(self, instant: int) -> bool:
        day = clock.to_datetime(instant).astimezone(self.zone).date()
        return any(opens <= instant < closes for opens, closes in self._spans(day))

    def _spans(self, day: date) -> list[tuple[int, int]]:
        if not self.days.is_workday(day):
            return []
        return [(self._instant(day, opens), self._instant(day, ends)) for opens, ends in self.hours]

    def _instant(self, day: date, at: time) -> int:
        return clock.from_datetime(datetime.combine(day, at, tzinfo=self.zone))
