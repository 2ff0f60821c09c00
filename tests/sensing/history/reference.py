"""Aggregates the obvious way: one row after the other, in plain Python."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from yiwang.kernel.clock import from_datetime, to_datetime


class Row(NamedTuple):
    """``exact``: the JSON text of a result that no double holds, else None."""

    stream: int
    time: int
    result: float
    exact: str | None = None


Key = Callable[[Row], Any]


def local_start(time: int, minutes: int, zone: str) -> str:
    """The start of the bucket, found by going back minute by minute of the zone's clocks."""
    moment = to_datetime(time).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    since = (moment - datetime(1970, 1, 1)) // timedelta(minutes=minutes)
    begins = datetime(1970, 1, 1) + since * timedelta(minutes=minutes)
    return begins.replace(tzinfo=ZoneInfo(zone)).isoformat()


def grouped(rows: Iterable[Row], key: Key) -> dict[Any, list[Row]]:
    """In the order in which the rows were stored."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def measured(rows: list[Row]) -> dict[str, Any]:
    numbers = [row.result for row in rows if math.isfinite(row.result)]
    by_time = sorted(rows, key=lambda row: row.time)
    some = bool(numbers)
    return {
        "rows": len(rows),
        "numbers": len(numbers),
        "others": len(rows) - len(numbers),
        "total": math.fsum(numbers) if some else None,
        "mean": math.fsum(numbers) / len(numbers) if some else None,
        "least": min(numbers) if some else None,
        "most": max(numbers) if some else None,
        "p95": percentile(numbers, 95) if some else None,
        "distinct": len(set(numbers) | {r.exact for r in rows if not math.isfinite(r.result)}),
        "first": shown(by_time[0]),
        "last": shown(by_time[-1]),
        "last_time": max(row.time for row in rows),
    }


def shown(row: Row) -> Any:
    return row.result if row.exact is None else json.loads(row.exact)


def percentile(numbers: list[float], share: float) -> float:
    ordered = sorted(numbers)
    place = (len(ordered) - 1) * share / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


MEASURES = (
    "aggregate($count as rows,result with numbers as numbers,result with others as others,"
    "result with sum as total,result with average as mean,result with min as least,"
    "result with max as most,result with yiwang.p95 as p95,"
    "result with countdistinct as distinct,result with first as first,"
    "result with last as last,phenomenonTime with max as last_time)"
)


def alike(one: Any, other: Any) -> bool:
    """Equal, but for the rounding of sums."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def instant(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))
