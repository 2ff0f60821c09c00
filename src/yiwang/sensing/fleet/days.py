"""A line a day of every datastream: count, least, median, most; and what it tells of drift,
stuck values and batteries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from yiwang.contracts.observations import Floats, Ints
from yiwang.kernel import clock as time
from yiwang.security.actions import Context, action, query
from yiwang.sensing.fleet import maintenance, model, roster
from yiwang.sensing.fleet.limits import Limits
from yiwang.sensing.fleet.tables import device_days
from yiwang.sensing.fleet.troubles import New
from yiwang.sensing.observations import Observations
from yiwang.sensing.store import fetch, insert_rows
from yiwang.sensing.tables import datastreams, device_kinds, things

_EPOCH = date(1970, 1, 1)
_NAMES = ("day", "datastream", "count", "least", "median", "most")
_AT_ONCE = 2_000_000
_ROWS = 10_000


def number(day: date) -> int:
    return (day - _EPOCH).days


@dataclass(frozen=True)
class Lines:
    """What the datastreams said on one day: how many finite numbers, and which."""

    datastream: Ints
    count: Ints
    least: Floats
    median: Floats
    most: Floats


def lines_of(store: Observations, start: int, end: int) -> Lines:
    """The lines of a day from ``start`` to before ``end``, worked out for so many datastreams
    at once as said _AT_ONCE numbers together: a day of a large city does not fit the memory."""
    counts: Ints = np.zeros(len(store.latest.time) + 1, np.int64)
    for streams, _ in _numbers(store, start, end):
        counts += np.bincount(streams, minlength=len(counts))[: len(counts)]
    part = np.cumsum(counts) // _AT_ONCE
    found = [_lines(store, start, end, part == one) for one in np.unique(part[counts > 0])]
    return Lines(
        np.concatenate([np.empty(0, np.int64), *(one.datastream for one in found)]),
        np.concatenate([np.empty(0, np.int64), *(one.count for one in found)]),
        *(
            np.concatenate([np.empty(0), *(getattr(one, name) for one in found)])
            for name in ("least", "median", "most")
        ),
    )


def _numbers(store: Observations, start: int, end: int) -> Iterator[tuple[Ints, Floats]]:
    for table in store.parts(None, start, end - 1):
        result = table.column("result").to_numpy()
        finite = np.isfinite(result)
        yield table.column("datastream").to_numpy()[finite], result[finite]


def _lines(store: Observations, start: int, end: int, mine: NDArray[np.bool_]) -> Lines:
    streams, results = [np.empty(0, np.int64)], [np.empty(0)]
    for stream, result in _numbers(store, start, end):
        chosen = np.flatnonzero(mine[np.minimum(stream, len(mine) - 1)] & (stream < len(mine)))
        streams.append(stream[chosen])
        results.append(result[chosen])
    stream, result = np.concatenate(streams), np.concatenate(results)
    order = np.lexsort((result, stream))
    stream, result = stream[order], result[order]
    known, first, count = np.unique(stream, return_index=True, return_counts=True)
    last = first + count - 1
    median = (result[(first + last) // 2] + result[(first + last + 1) // 2]) / 2
    return Lines(known, count, result[first], median, result[last])


@query("sensing.day_is_folded", permission="sensing.watch")
def is_folded(ctx: Context, day: date) -> bool:
    """Whether the lines of a day are on record."""
    there = select(device_days.c.day).where(device_days.c.day == number(day)).limit(1)
    return ctx.connection.execute(there).first() is not None


@action("sensing.fold_day", permission="sensing.watch", audit_verb="day_folded")
def fold_day(ctx: Context, day: date, lines: Lines) -> int:
    """Put the lines of one day on record, once; returns how many there are."""
    if is_folded(ctx, day):
        own = device_days.c.day == number(day)
        there = select(func.count()).select_from(device_days).where(own)
        return int(ctx.connection.execute(there).scalar_one())
    columns = (lines.datastream, lines.count, lines.least, lines.median, lines.most)
    for low in range(0, len(lines.datastream), _ROWS):
        cells = (column[low : low + _ROWS].tolist() for column in columns)
        rows = [(number(day), *row) for row in zip(*cells, strict=True)]
        insert_rows(ctx.connection, device_days, _NAMES, rows)
    ctx.note(f"day:{day.isoformat()}", lines=len(lines.datastream))
    return len(lines.datastream)


class Grid:
    """Lines of the devices of one property: one row a device, one column a day."""

    def __init__(self, things_: Ints, last: int, span: int, rows: Sequence[Any]) -> None:
        """``rows`` are (thing, day, count, least, median, most)."""
        shape = (len(things_), span)
        self.things = things_
        self.count = np.zeros(shape, np.int64)
        self.least, self.median, self.most = (np.full(shape, np.nan) for _ in range(3))
        for thing, day, count, least, median, most in rows:
            place = int(np.searchsorted(things_, thing)), span - 1 - (last - day)
            self.count[place] = count
            self.least[place], self.median[place], self.most[place] = least, median, most


def grids(ctx: Context, kind: str, name: str, last: date, span: int) -> Grid:
    """The last ``span`` days of one property of the devices of a kind that are in use."""
    devices = roster.devices(ctx)
    mine = devices.thing[devices.kind.mask(kind) & (devices.retired == 0)]
    visible = roster.seen(ctx)
    if visible is not None:
        mine = np.intersect1d(mine, visible)
    columns = (
        datastreams.c.thing,
        device_days.c.day,
        device_days.c.count,
        device_days.c.least,
        device_days.c.median,
        device_days.c.most,
    )
    chosen = (
        select(*columns)
        .join(datastreams, datastreams.c.id == device_days.c.datastream)
        .join(things, things.c.id == datastreams.c.thing)
        .where(
            things.c.kind == kind,
            datastreams.c.property == name,
            device_days.c.day > number(last) - span,
            device_days.c.day <= number(last),
        )
    )
    wanted = set(mine.tolist())
    rows = [row for row in fetch(ctx.connection, chosen) if row[0] in wanted]
    return Grid(mine, number(last), span, rows)


@query("sensing.daily_troubles", permission="sensing.watch")
def daily_troubles(ctx: Context, last: date, limits: Limits) -> list[New]:
    """Devices that drift or are stuck, judged by their days up to ``last``; one trouble of each
    sort a device, by the property that is worst."""
    found: dict[str, New] = {}
    span = int(limits.drift_recent_days + limits.drift_past_days)
    devices = roster.devices(ctx)
    since = number(last) * time.DAY
    for row in list(ctx.connection.execute(select(device_kinds))):
        battery = ((row.declared.get("care") or {}).get("battery") or {}).get("property")
        for item in row.declared["properties"]:
            if item["type"] != "number" or item["name"] == battery:
                continue
            grid = grids(ctx, row.kind, item["name"], last, span)
            if not (grid.count[:, -1] > 0).any():
                continue
            place = devices.places(grid.things)
            for new in _drifting(grid, devices.lon[place], devices.lat[place], limits, item, since):
                found.setdefault(new.subject, new)
            for new in _stuck(grid, limits, item, since):
                found.setdefault(new.subject, new)
    return list(found.values())


def _drifting(
    grid: Grid, lon: Floats, lat: Floats, limits: Limits, item: Any, since: int
) -> list[New]:
    result = model.drift(grid.median, lon, lat, limits.drift)
    found = []
    for row in np.flatnonzero(model.off(result, limits.drift)).tolist():
        thing = int(grid.things[row])
        values = {
            "property": item["name"],
            "unit": item["unit"],
            "score": round(float(result.score[row]), 1),
            "shift": round(float(result.shift[row]), 4),
            "neighbours": int(result.against[row]),
        }
        found.append(New(thing, "drift", since, f"drift:{thing}", values))
    return found


def _stuck(grid: Grid, limits: Limits, item: Any, since: int) -> list[New]:
    days, rows = int(limits.stuck_days), int(limits.stuck_rows)
    still = model.stuck(grid.least, grid.most, grid.count, days, rows)
    return [
        New(
            int(grid.things[row]),
            "stuck",
            since,
            f"stuck:{int(grid.things[row])}",
            {
                "property": item["name"],
                "unit": item["unit"],
                "value": float(grid.median[row, -1]),
                "days": days,
            },
        )
        for row in np.flatnonzero(still).tolist()
    ]


METHOD = "theil_sen_daily_median"
"""The name under which docs/devices.md states how an empty battery is foreseen."""
_BATTERY_DAYS = 90


@query("sensing.batteries", permission="sensing.read_own")
def batteries(
    ctx: Context,
    last: date | None = None,
    within_days: float | None = None,
    limit: int = 1000,
) -> list[dict[str, Any]]:
    """Devices whose battery is low, or will be empty within some days, the emptiest first:
    level in per cent, days left (None: not known, or it does not fall), and by how many days
    of history that is said. ``last`` None: by the days until yesterday."""
    found: list[dict[str, Any]] = []
    last = last or maintenance.today_of(ctx) - timedelta(days=1)
    for row in list(ctx.connection.execute(select(device_kinds))):
        battery = (row.declared.get("care") or {}).get("battery")
        if battery:
            found += _batteries(ctx, row.kind, battery, last)
    chosen = [
        one
        for one in found
        if one["low"] or (within_days is not None and (one["days_left"] or np.inf) <= within_days)
    ]
    chosen.sort(key=lambda one: (one["percent"], one["thing"]))
    chosen = chosen[:limit]
    known = {row.id: row for row in ctx.connection.execute(_names_of(chosen))} if chosen else {}
    return [
        one | {"code": known[one["thing"]].code, "name": known[one["thing"]].name} for one in chosen
    ]


def _names_of(chosen: Sequence[dict[str, Any]]) -> Any:
    return select(things).where(things.c.id.in_([one["thing"] for one in chosen]))


def _batteries(
    ctx: Context, kind: str, battery: dict[str, Any], last: date
) -> list[dict[str, Any]]:
    grid = grids(ctx, kind, battery["property"], last, _BATTERY_DAYS)
    full, empty = battery["full"], battery["empty"]
    days = np.arange(_BATTERY_DAYS)
    found = []
    for row in np.flatnonzero((grid.count > 0).any(axis=1)).tolist():
        level = 100 * (grid.median[row] - empty) / (full - empty)
        known = np.flatnonzero(~np.isnan(level))
        left = model.days_until(days, level, 0.0)
        now = float(level[known[-1]])
        found.append(
            {
                "thing": int(grid.things[row]),
                "kind": kind,
                "percent": round(min(100.0, max(0.0, now)), 1),
                "low": now <= battery["low"],
                "days_left": None if left is None else round(left, 1),
                "known_days": len(known),
                "last_on": (last - timedelta(days=int(_BATTERY_DAYS - 1 - known[-1]))).isoformat(),
                "method": METHOD,
            }
        )
    return found
