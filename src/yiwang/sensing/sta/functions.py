"""The functions of $filter over single values, for observations."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from yiwang.kernel import clock


def _part(name: str) -> Callable[[int], float]:
    return lambda instant: float(getattr(_moment(instant), name))


def _moment(instant: int) -> datetime:
    return clock.to_datetime(int(instant))


def _cut(text: str, start: float, length: float | None = None) -> str:
    first = int(start)
    return text[first:] if length is None else text[first : first + int(length)]


_TEXT, _NUMBER, _TIME = ("text",), ("number",), ("time",)

CALLS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
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
    "trim": (_TEXT, "text", str.strip),
    "concat": (_TEXT, "text", lambda one, other: one + other),
    "year": (_TIME, "number", _part("year")),
    "month": (_TIME, "number", _part("month")),
    "day": (_TIME, "number", _part("day")),
    "hour": (_TIME, "number", _part("hour")),
    "minute": (_TIME, "number", _part("minute")),
    "second": (_TIME, "number", _part("second")),
    "round": (_NUMBER, "number", lambda number: math.floor(number + 0.5)),
    "floor": (_NUMBER, "number", math.floor),
    "ceiling": (_NUMBER, "number", math.ceil),
}
