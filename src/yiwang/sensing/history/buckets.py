"""Buckets of time: the start of the bucket that each instant lies in, vectorised.

A bucket is counted in the local time of a zone, so that a day is the city's day whatever its
clocks do. Widths below an hour, and hours, begin where the local clock shows a multiple of
them; weeks begin on Monday; months and years are the calendar's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.kernel.clock import DAY, HOUR, MINUTE, SECOND, from_datetime, to_datetime

MONDAY = 4 * DAY
"""The first Monday after the epoch, which was a Thursday."""
UTC = ZoneInfo("UTC")

_DURATION = re.compile(
    r"P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?"
    r"(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,8})S)?)?"
)
_UNITS = {"weeks": 7 * DAY, "days": DAY, "hours": HOUR, "minutes": MINUTE, "seconds": SECOND}


@dataclass(frozen=True)
class Width:
    """``length`` in microseconds, or in ``months`` of the calendar; the other is 0."""

    length: int = 0
    months: int = 0


def width(text: str) -> Width | None:
    """An ISO 8601 duration (``PT15M``, ``P1D``, ``P1M``); None where it is none that a bucket
    can have: zero, or months mixed with shorter units."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    given = {name: int(value) for name, value in match.groupdict().items() if value}
    months = given.pop("years", 0) * 12 + given.pop("months", 0)
    length = sum(_UNITS[name] * count for name, count in given.items())
    if bool(months) == bool(length):
        return None
    return Width(length, months)


def starts(time: Ints, size: Width, zone: ZoneInfo = UTC) -> Ints:
    """The instant at which the bucket of each instant begins."""
    local = to_local(time, zone)
    if size.months:
        return _instants(_month_starts(local, size.months), zone)
    origin = MONDAY if size.length % (7 * DAY) == 0 else 0
    inside = (local - origin) % size.length
    if size.length <= HOUR:
        return time - inside
    return _instants(local - inside, zone)


def ends(start: Ints, size: Width, zone: ZoneInfo = UTC) -> Ints:
    """The instants at which the buckets that begin at ``start`` end."""
    local = to_local(start, zone)
    if size.months:
        return _instants(_from_months(_months(local) + size.months), zone)
    if size.length <= HOUR:
        return start + size.length
    return _instants(local + size.length, zone)


def to_local(time: Ints, zone: ZoneInfo) -> Ints:
    """What the clocks of the zone show, as microseconds since 1970-01-01 by those clocks."""
    return time if zone is UTC else time + _offsets(time, zone)


def _offsets(time: Ints, zone: ZoneInfo) -> Ints:
    """Microseconds by which the zone is ahead of UTC at each instant; looked up once for each
    day, and once for each minute of the days on which it changes."""
    days, place = np.unique(time // DAY, return_inverse=True)
    begin = np.array([offset(day * DAY, zone) for day in days.tolist()], np.int64)
    end = np.array([offset((day + 1) * DAY - 1, zone) for day in days.tolist()], np.int64)
    found: Ints = begin[place]
    changing = (begin != end)[place]
    if changing.any():
        minutes, at = np.unique(time[changing] // MINUTE, return_inverse=True)
        each = [offset(minute * MINUTE, zone) for minute in minutes.tolist()]
        found[changing] = np.array(each, np.int64)[at]
    return found


def offset(instant: int, zone: ZoneInfo) -> int:
    """Microseconds by which the zone is ahead of UTC."""
    ahead = to_datetime(instant).astimezone(zone).utcoffset() or timedelta()
    return ahead // timedelta(microseconds=1)


def _instants(local: Ints, zone: ZoneInfo) -> Ints:
    """The instants at which the zone's clocks show ``local``, the first where it does so twice."""
    if zone is UTC:
        return local
    distinct, place = np.unique(local, return_inverse=True)
    instants = [_instant(moment, zone) for moment in distinct.tolist()]
    found: Ints = np.array(instants, np.int64)[place]
    return found


def _instant(local: int, zone: ZoneInfo) -> int:
    return from_datetime(to_datetime(local).replace(tzinfo=zone))


def _months(local: Ints) -> Ints:
    """Months since 1970-01."""
    counted: Any = local.astype("M8[us]").astype("M8[M]")
    months: Ints = counted.astype(np.int64)
    return months


def _from_months(months: Ints) -> Ints:
    calendar: Any = months.astype("M8[M]").astype("M8[us]")
    local: Ints = calendar.astype(np.int64)
    return local


def _month_starts(local: Ints, count: int) -> Ints:
    months = _months(local)
    return _from_months(months - months % count)


PARTS = ("year", "month", "day", "hour", "minute")


def part(time: Ints, name: str, zone: ZoneInfo = UTC) -> Ints:
    """A part of what the zone's clocks and calendar show."""
    local = to_local(time, zone)
    if name == "year":
        return _months(local) // 12 + 1970
    if name == "month":
        return _months(local) % 12 + 1
    if name == "day":
        return (local - _month_starts(local, 1)) // DAY + 1
    return local % DAY // HOUR if name == "hour" else local % HOUR // MINUTE


def render(instant: int, zone: ZoneInfo = UTC) -> str:
    """An instant as the zone's clocks show it, with the zone's distance from UTC."""
    moment = to_datetime(instant).astimezone(zone)
    return _text(moment).replace("+00:00", "Z") if zone is UTC else _text(moment)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds" if not moment.microsecond else "microseconds")
