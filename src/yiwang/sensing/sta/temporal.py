"""Times as numbers: instants, dates and durations in microseconds, clock times since midnight.

Everything is in UTC. An instant compares with an interval as the interval from it to itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock

LEAST = clock.parse("0001-01-01T00:00:00Z")
MOST = clock.parse("9999-12-31T23:59:59.999999Z")
"""The instants between which there is a calendar; ``mindatetime()`` and ``maxdatetime()``."""

MOST_DURATION = 10_000 * 366 * clock.DAY
"""What is calculated to lie outside of the calendar, or to last longer, counts as its end."""

_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d{1,9})W)?(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,12}(?:\.\d{1,9})?)S)?)?"
)
_UNITS = {
    "weeks": 7 * clock.DAY,
    "days": clock.DAY,
    "hours": clock.HOUR,
    "minutes": clock.MINUTE,
    "seconds": clock.SECOND,
}
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,12}))?)?")


def duration(text: str) -> int:
    """``P1DT2H`` and the like in microseconds; years and months have no fixed length. Raises
    ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or text.endswith("P"):
        raise ValueError(text)
    length = sum(round(float(match[unit] or 0) * size) for unit, size in _UNITS.items())
    if length > MOST_DURATION:
        raise ValueError(text)
    return -length if match["sign"] == "-" else length


def clock_time(text: str) -> int:
    """``08:30:15.5`` in microseconds since midnight. Raises ValueError."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(text)
    fraction = int((match[4] or "").ljust(6, "0")[:6])
    return ((hours * 60 + minutes) * 60 + seconds) * clock.SECOND + fraction


def date(text: str) -> int:
    """The midnight with which a date begins, in UTC. Raises ValueError."""
    return clock.parse(text + "T00:00:00Z")


def texts(instants: Ints) -> list[str]:
    """Many instants as ``clock.render`` shows them."""
    seconds = instants // clock.SECOND
    rest = instants - seconds * clock.SECOND
    whole: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    if not rest.any():
        return [text + "Z" for text in whole]
    return [f"{text}{_decimals(part)}Z" for text, part in zip(whole, rest.tolist(), strict=True)]


def _decimals(microseconds: int) -> str:
    if microseconds % 1000:
        return f".{microseconds:06}"
    return f".{microseconds // 1000:03}" if microseconds else ""


def span(text: str) -> tuple[int, int]:
    """An instant or an interval, with the zone, as two instants. Raises ValueError."""
    start, _, end = text.partition("/")
    return clock.parse(start), clock.parse(end or start)


READERS: dict[str, Callable[[str], int]] = {
    "date": date,
    "clock": clock_time,
    "duration": duration,
}

SUMS: dict[tuple[str, str, str], str] = {
    ("add", "time", "duration"): "time",
    ("sub", "time", "duration"): "time",
    ("sub", "time", "time"): "duration",
    ("add", "date", "duration"): "date",
    ("sub", "date", "duration"): "date",
    ("sub", "date", "date"): "duration",
    ("add", "interval", "duration"): "interval",
    ("sub", "interval", "duration"): "interval",
    ("sub", "interval", "interval"): "duration",
    ("sub", "interval", "time"): "duration",
    ("sub", "time", "interval"): "duration",
    ("add", "duration", "duration"): "duration",
    ("sub", "duration", "duration"): "duration",
    ("mul", "duration", "number"): "duration",
    ("mul", "number", "duration"): "duration",
    ("div", "duration", "number"): "duration",
    ("div", "duration", "duration"): "number",
}
"""What calculating with times gives; of an interval a difference takes the start."""


def partner(operator: str, kind: str) -> str:
    """The kind of an operand whose type only the row knows, from that of the other."""
    if operator in ("add", "sub") and kind in ("date", "time", "interval", "duration"):
        return "date" if kind == "date" else "time"
    return "number"


TIMES = frozenset({"time", "interval"})
WHOLE = frozenset({"time", "date", "clock", "duration"})
"""Kinds that are kept as whole microseconds."""

Ends = tuple[Any, Any]
Span = Callable[[Ends, Ends], Any]

COMPARE: dict[str, Span] = {
    # one and other: (start, end); FROST-Server compares intervals alike
    "eq": lambda one, other: (one[0] == other[0]) & (one[1] == other[1]),
    "gt": lambda one, other: (one[0] >= other[1]) & (one[0] > other[0]),
    "ge": lambda one, other: (one[0] >= other[0]) & (one[1] >= other[1]),
    "lt": lambda one, other: (one[1] <= other[0]) & (one[0] < other[0]),
    "le": lambda one, other: (one[0] <= other[0]) & (one[1] <= other[1]),
}

RELATIONS: dict[str, Span] = {
    "before": COMPARE["lt"],
    "after": COMPARE["gt"],
    "meets": lambda one, other: (one[0] == other[1]) | (one[1] == other[0]),
    "during": lambda one, other: (other[0] <= one[0]) & (other[1] > one[0]) & (other[1] >= one[1]),
    "overlaps": lambda one, other: (
        ((one[0] < other[1]) & (other[0] < one[1])) | (one[0] == other[0])
    ),
    "starts": lambda one, other: one[0] == other[0],
    "finishes": lambda one, other: one[1] == other[1],
}
"""Relations between intervals, as functions of $filter: ``during(phenomenonTime,…)``."""
