"""Working time: which days are worked, and when a deadline in working time falls.

The statutory calendar of China with its moved working days comes from the library
``chinesecalendar``; a city's own calendar replaces days one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

from yiwang.kernel import clock, documents
from yiwang.kernel.documents import NotAllowed, Section
from yiwang.kernel.text import phrase

MOST_KEPT = 4096
"""Days whose spans are kept; where there are more, all are forgotten."""


class DayTable(Protocol):
    def is_workday(self, day: date) -> bool: ...

    def holds(self, year: int) -> bool:
        """Whether the holidays of a year are known."""


class StatutoryDays:
    """China's working days. Years the library does not hold fall back to Monday to Friday."""

    def is_workday(self, day: date) -> bool:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5

    def holds(self, year: int) -> bool:
        return bool(year <= max(one.year for one in chinese_calendar.constants.holidays))


@dataclass(frozen=True)
class CityDays:
    """A city's own days laid over another table: ``{date: is worked}``."""

    own: Mapping[date, bool]
    base: DayTable = field(default_factory=StatutoryDays)

    def is_workday(self, day: date) -> bool:
        return self.own[day] if day in self.own else self.base.is_workday(day)

    def holds(self, year: int) -> bool:
        return self.base.holds(year) or any(day.year == year for day in self.own)


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
    _kept: dict[date, list[tuple[int, int]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def add(self, start: int, minutes: int) -> int:
        """The instant at which ``minutes`` of working time after ``start`` have passed."""
        left = minutes * clock.MINUTE
        day = clock.to_datetime(start).astimezone(self.zone).date()
        while True:
            for opens, closes in self.spans(day):
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
            for opens, closes in self.spans(day):
                worked += max(0, min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return worked

    def is_working(self, instant: int) -> bool:
        day = clock.to_datetime(instant).astimezone(self.zone).date()
        return any(opens <= instant < closes for opens, closes in self.spans(day))

    def spans(self, day: date) -> list[tuple[int, int]]:
        """The working spans of a day as instants, ascending."""
        found = self._kept.get(day)
        if found is None:
            found = []
            if self.days.is_workday(day):
                found = [
                    (self._instant(day, opens), self._instant(day, ends))
                    for opens, ends in self.hours
                ]
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[day] = found
        return found

    def _instant(self, day: date, at: time) -> int:
        return clock.from_datetime(datetime.combine(day, at, tzinfo=self.zone))


def read(file: Path, zone: ZoneInfo) -> WorkingCalendar:
    """The city's own calendar, or the statutory one where the file is not there.

    ::

        hours: [["08:30", "12:00"], ["14:00", "17:30"]]
        days: {2026-10-10: false, 2026-10-11: true}   # over the statutory calendar
        workdays: [mon, tue, wed, thu, fri, sat]      # instead of the statutory calendar

    Raises a DocumentError naming file and line.
    """
    if not file.is_file():
        return WorkingCalendar(zone)
    top = documents.load(file)
    base: DayTable = StatutoryDays()
    if top.has("workdays"):
        base = WeeklyDays(frozenset(_weekday(top, name) for name in top.take("workdays", list)))
    own = _own_days(top.section("days"))
    hours = _hours(top) if top.has("hours") else _office_hours()
    top.finish()
    return WorkingCalendar(zone, CityDays(own, base) if own else base, hours)


@dataclass(frozen=True)
class WeeklyDays:
    """The same days of every week; Monday is 0."""

    worked: frozenset[int]

    def is_workday(self, day: date) -> bool:
        return day.weekday() in self.worked

    def holds(self, year: int) -> bool:
        return True


_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekday(top: Section, name: object) -> int:
    if name not in _WEEK:
        where = top.place("workdays")
        raise NotAllowed(where, key="workdays", value=name, options=", ".join(_WEEK))
    return _WEEK.index(str(name))


def _own_days(section: Section) -> dict[date, bool]:
    own: dict[date, bool] = {}
    for key in section.keys():  # noqa: SIM118
        try:
            day = date.fromisoformat(key)
        except ValueError:
            options = phrase("dates_such_as")
            raise NotAllowed(section.place(key), key="days", value=key, options=options) from None
        own[day] = section.take(key, bool)
    return own


def _hours(top: Section) -> tuple[tuple[time, time], ...]:
    given = top.take("hours", list)
    options = phrase("pairs_of_times")
    try:
        spans = [(time.fromisoformat(opens), time.fromisoformat(ends)) for opens, ends in given]
    except (ValueError, TypeError):
        spans = []
    flat = [moment for span in spans for moment in span]
    if not spans or any(first >= second for first, second in pairwise(flat)):
        raise NotAllowed(top.place("hours"), key="hours", value=given, options=options)
    return tuple(spans)
