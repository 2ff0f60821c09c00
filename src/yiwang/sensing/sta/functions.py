"""The functions of $filter over single values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from yiwang.kernel import clock
from yiwang.sensing.sta import temporal


def _part(name: str) -> Callable[[int], float]:
    return lambda instant: float(getattr(clock.to_datetime(instant), name))


def _cut(text: str, start: float, length: float | None = None) -> str:
    first = _place(start)
    return text[first:] if length is None else text[first : first + _place(length)]


def _place(number: float) -> int:
    """A number of letters: the whole part, at least 0."""
    return max(int(min(number, 2**31 - 1)), 0)


def _rounded(number: float) -> float:
    return -_down(-number + 0.5) if number < 0 else _down(number + 0.5)


def _down(number: float) -> float:
    return float(math.floor(number)) if math.isfinite(number) else number


_TEXT, _NUMBER, _TIME = ("text",), ("number",), ("time",)

Row = tuple[tuple[str, ...], str, Callable[..., Any]]

CALLS: dict[str, Row] = {
    # function: (kinds of the arguments, kind of the result, the function of one row)
    "substringof": (_TEXT, "boolean", lambda part, text: part in text),
    "contains": (_TEXT, "boolean", lambda text, part: part in text),
    "startswith": (_TEXT, "boolean", str.startswith),
    "endswith": (_TEXT, "boolean", str.endswith),
    "length": (_TEXT, "number", len),
    "indexof": (_TEXT, "number", str.find),
    "substring": (("text", "number"), "text", _cut),
    "tolower": (_TEXT, "text", str.lower),
    "toupper": (_TEXT, "text", str.upper),
    "trim": (_TEXT, "text", lambda text: text.strip(" ")),
    "concat": (_TEXT, "text", lambda one, other: one + other),
    "year": (_TIME, "number", _part("year")),
    "month": (_TIME, "number", _part("month")),
    "day": (_TIME, "number", _part("day")),
    "hour": (_TIME, "number", _part("hour")),
    "minute": (_TIME, "number", _part("minute")),
    "second": (_TIME, "number", _part("second")),
    "fractionalseconds": (_TIME, "number", lambda t: t % clock.SECOND / clock.SECOND),
    "date": (_TIME, "date", lambda instant: instant // clock.DAY * clock.DAY),
    "time": (_TIME, "clock", lambda instant: instant % clock.DAY),
    "totaloffsetminutes": (_TIME, "number", lambda _: 0.0),
    "round": (_NUMBER, "number", _rounded),
    "floor": (_NUMBER, "number", _down),
    "ceiling": (_NUMBER, "number", lambda number: -_down(-number)),
}

CONSTANTS: dict[str, Callable[[int], int]] = {
    "now": lambda now: now,
    "mindatetime": lambda _: temporal.LEAST,
    "maxdatetime": lambda _: temporal.MOST,
}
"""Functions of nothing but the present."""
