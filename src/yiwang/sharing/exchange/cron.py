"""When a schedule of five fields (minute, hour, day, month, day of the week) comes due next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from yiwang.kernel.clock import from_datetime, to_datetime
from yiwang.sharing.exchange.errors import BadSchedule, words

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_HORIZON_DAYS = 366 * 8
"""A 29 February comes within so many days, also around 2100."""


@dataclass(frozen=True)
class Schedule:
    """As cron has it: where both days are given, either does."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def next(self, after: int, zone: ZoneInfo) -> int:
        """The first instant behind another one, on whole minutes of the zone's clock. Times that a
        clock skips are due when it has skipped them."""
        local = to_datetime(after).astimezone(zone).replace(tzinfo=None)
        moment = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
        last = moment + timedelta(days=_HORIZON_DAYS)
        while moment < last:
            if not self._day(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=1)
            else:
                found = from_datetime(moment.replace(tzinfo=zone))
                if found > after:
                    return found
                moment += timedelta(minutes=1)
        raise BadSchedule("schedule", schedule="", problem=words("no_such_day"))

    def _day(self, moment: datetime) -> bool:
        if moment.month not in self.months:
            return False
        by_day = moment.day in self.days
        by_week = moment.isoweekday() % 7 in self.weekdays
        return by_day or by_week if self.either else by_day and by_week


def parse(text: str) -> Schedule:
    """``*/10 8-18 * * 1-5``. Raises BadSchedule."""
    parts = text.split()
    if len(parts) != len(_RANGES):
        raise BadSchedule("schedule", schedule=text, problem=words("five_fields"))
    fields = [_field(part, *span, text) for part, span in zip(parts, _RANGES, strict=True)]
    weekdays = frozenset(one % 7 for one in fields[4])
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    made = Schedule(fields[0], fields[1], fields[2], fields[3], weekdays, either)
    if not any(_possible(day, month) for day in made.days for month in made.months) and not either:
        raise BadSchedule("schedule", schedule=text, problem=words("no_month"))
    return made


def _possible(day: int, month: int) -> bool:
    return day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _field(part: str, least: int, most: int, text: str) -> frozenset[int]:
    found: set[int] = set()
    for one in part.split(","):
        span, _, step = one.partition("/")
        first, _, last = span.partition("-")
        try:
            if span == "*":
                start, end = least, most
            else:
                start = int(first)
                end = int(last) if last else (most if step else start)
            by = int(step) if step else 1
        except ValueError:
            raise BadSchedule("schedule", schedule=text, problem=f'"{one}"') from None
        if not least <= start <= end <= most or by < 1:
            raise BadSchedule("schedule", schedule=text, problem=f"{least} … {most}: {one}")
        found.update(range(start, end + 1, by))
    return frozenset(found)
