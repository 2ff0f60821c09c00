"""Days, weeks and months of the city, and working time looked up for many spans at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from yiwang.kernel import clock
from yiwang.kernel.calendar import WorkingCalendar

SPANS = ("day", "week", "month")


@dataclass(frozen=True)
class Period:
    """Whole days of the city, from the midnight before ``first`` to that before ``until``,
    half-open. A day has 23 or 25 hours where the clocks change."""

    first: date
    until: date
    start: int
    end: int

    def before(self) -> tuple[date, date]:
        """The days of the period of the same length that ends where this one begins."""
        return self.first - (self.until - self.first), self.first


def period(first: date, until: date, zone: ZoneInfo) -> Period:
    return Period(first, until, midnight(first, zone), midnight(until, zone))


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first instant of a day (where the clocks jump over midnight, that after the jump)."""
    return clock.from_datetime(datetime.combine(day, time.min, zone))


def day_of(instant: int, zone: ZoneInfo) -> date:
    return clock.to_datetime(instant).astimezone(zone).date()


def last_full(span: str, today: date) -> tuple[date, date]:
    """The last day, week (from Monday), month or year that is over on ``today``: first day, and
    the day after its last."""
    if span == "day":
        return today - timedelta(days=1), today
    if span == "week":
        monday = today - timedelta(days=today.weekday())
        return monday - timedelta(days=7), monday
    if span == "year":
        return date(today.year - 1, 1, 1), date(today.year, 1, 1)
    this = today.replace(day=1)
    return (this - timedelta(days=1)).replace(day=1), this


class WorkedTime:
    """Working time between instants. A day is looked up in the calendar once, however many
    cases it lies in."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        self._days: dict[date, tuple[int, tuple[tuple[int, int], ...]]] = {}

    def between(self, start: int, end: int) -> int:
        """As ``WorkingCalendar.between``."""
        if end <= start:
            return 0
        zone = self._calendar.zone
        day, last = day_of(start, zone), day_of(end, zone)
        worked = self._part(day, start, end)
        if day == last:
            return worked
        day += timedelta(days=1)
        while day < last:
            worked += self._day(day)[0]
            day += timedelta(days=1)
        return worked + self._part(last, start, end)

    def _part(self, day: date, start: int, end: int) -> int:
        """Working time of a day between two instants."""
        worked = 0
        for opens, closes in self._day(day)[1]:
            if opens < end and closes > start:
                worked += (closes if closes < end else end) - (opens if opens > start else start)
        return worked

    def _day(self, day: date) -> tuple[int, tuple[tuple[int, int], ...]]:
        found = self._days.get(day)
        if found is None:
            spans = tuple(self._calendar.spans(day))
            found = self._days[day] = (sum(closes - opens for opens, closes in spans), spans)
        return found

    def back(self, end: int, minutes: int, most_days: int = 60) -> int:
        """The latest instant from which at least ``minutes`` of working time lead to ``end``."""
        low, high = end - most_days * clock.DAY, end
        wanted = minutes * clock.MINUTE
        while high - low > 1:
            middle = (low + high) // 2
            if self.between(middle, end) >= wanted:
                low = middle
            else:
                high = middle
        return low
