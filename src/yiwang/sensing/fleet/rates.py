"""Online rates: the share of the time of devices in which they were online, from the states on
record; by kind, street or supplier, for a period and for each of its days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select

from yiwang.contracts.observations import Floats, Ints
from yiwang.kernel import clock as time
from yiwang.registry import service as registry
from yiwang.security.actions import Context, query
from yiwang.sensing.devices import title_of
from yiwang.sensing.fleet import listing, online, roster
from yiwang.sensing.fleet.editing import device_of
from yiwang.sensing.fleet.errors import BadPeriod
from yiwang.sensing.fleet.listing import Filter
from yiwang.sensing.fleet.model import ABSENT, ONLINE, shares, spans
from yiwang.sensing.fleet.roster import Devices
from yiwang.sensing.fleet.tables import device_states
from yiwang.sensing.fleet.watch import Recorded, Watch
from yiwang.sensing.health import STATES
from yiwang.sensing.tables import device_kinds

BY = ("kind", "street", "supplier")
MOST_DAYS = 400


@dataclass(frozen=True)
class Rates:
    """``items``: one a group (key, title, devices, online_now, rate, daily), the worst first.
    ``total`` is all of them. ``days`` are the days of ``daily``. A rate is None where nobody
    listened or nothing was there. ``watched_s`` is how much of the period was listened to."""

    start: int
    end: int
    days: list[str]
    total: dict[str, Any]
    items: list[dict[str, Any]]
    watched_s: int


@query("sensing.online_rates", permission="sensing.read_own")
def online_rates(ctx: Context, by: str, start: int, end: int, wanted: Filter = Filter()) -> Rates:
    """Rates of the devices that a filter means from ``start`` to ``end``, by ``by`` (of BY).

    Raises BadPeriod, NoSuchGroup.
    """
    if not start < end <= ctx.now or end - start > MOST_DAYS * time.DAY:
        shown = {"start": time.render(start), "end": time.render(end)}
        raise BadPeriod(**shown, most=MOST_DAYS)
    devices = roster.devices(ctx)
    things = listing.chosen(ctx, wanted)
    things = np.union1d(things, _retired_in(ctx, devices, start, wanted))
    place = devices.places(things)
    keys, group = _grouped(devices, by, place)
    current = online.current(ctx.connection, things, _running(ctx))
    table = online.listened(ctx.connection)
    days = _days(ctx, start, end)
    up, there = _time(ctx, things, current, table, days, group, len(keys))
    titles = _titles(ctx, by, keys)
    present = current != ABSENT
    items = [
        {"key": key, "title": titles.get(key, str(key))}
        | _figures(up[:, one], there[:, one], current, present & (group == one))
        for one, key in enumerate(keys)
    ]
    total = _figures(up.sum(axis=1), there.sum(axis=1), current, present)
    items.sort(key=lambda item: (item["rate"] is None, item["rate"], str(item["key"])))
    low, high = np.interp([start, end], *table)
    names = [day.name for day in days]
    return Rates(start, end, names, total, items, int(high - low) // time.SECOND)


def _retired_in(ctx: Context, devices: Devices, start: int, wanted: Filter) -> Ints:
    """Those that were taken out of use since the period began were there for a part of it."""
    if wanted.state is not None or wanted.group is not None:
        return np.zeros(0, np.int64)
    gone = listing.chosen(ctx, Filter(**(vars(wanted) | {"state": "retired"})))
    place = devices.places(gone)
    left: Ints = gone[devices.retired[place] > start]
    return left


def _grouped(devices: Devices, by: str, place: Ints) -> tuple[list[Any], Ints]:
    """The groups that the devices at some places fall into, and the group of each."""
    if by == "street":
        found, group = np.unique(devices.street[place], return_inverse=True)
        return [int(one) for one in found], group
    column = devices.kind if by == "kind" else devices.supplier
    found, group = np.unique(column.code[place], return_inverse=True)
    return [column.names[one] for one in found.tolist()], group


def _titles(ctx: Context, by: str, keys: list[Any]) -> dict[Any, str]:
    if by == "kind":
        rows = ctx.connection.execute(select(device_kinds))
        return {row.kind: title_of(row.title, row.name) for row in rows}
    if by == "street":
        return {one.id: one.name() for one in registry.areas(ctx, "street")} | {0: ""}
    return {}


@dataclass(frozen=True)
class _Day:
    """A day of the city, from one midnight to the next, and what the period has of it."""

    name: str
    midnight: int
    until: int
    start: int
    end: int


def _days(ctx: Context, start: int, end: int) -> list[_Day]:
    zone = ctx.caller.calendar.zone
    found: list[_Day] = []
    while start < end:
        day = time.to_datetime(start).astimezone(zone).date()
        low, high = online.bounds(day, zone)
        found.append(_Day(day.isoformat(), low, high, start, min(end, high)))
        start = high
    return found


def _running(ctx: Context) -> Recorded | None:
    watch = ctx.caller.ports.get(Watch)
    return None if watch is None or watch.index is None else watch.recorded


def _time(
    ctx: Context,
    things: Ints,
    current: Ints,
    table: tuple[Ints, Ints],
    days: list[_Day],
    group: Ints,
    groups: int,
) -> tuple[Floats, Floats]:
    """Microseconds online and there: a row a day, a column a group. Days that are over come
    from their sums; only the rest is read change by change."""
    up, there = np.zeros((len(days), groups)), np.zeros((len(days), groups))
    rest: list[int] = []
    for row, day in enumerate(days):
        sums = online.stored(ctx.connection, day.midnight, day.until)
        if sums is None:
            rest.append(row)
            continue
        mine = sums.of(things)
        if (day.start, day.end) == (day.midnight, day.until):
            up[row] = np.bincount(group, mine.online, groups)
            there[row] = np.bincount(group, mine.there, groups)
        else:
            rows = online.changes(ctx.connection, day.midnight, day.until)
            found = spans(online.history(things, mine.began, rows), day.start, day.end)
            up[row], there[row] = shares(found, table, day.start, day.end, group, groups)
    if rest:
        first, last = days[rest[0]].start, days[rest[-1]].end
        rows = online.changes(ctx.connection, first)
        found = spans(online.history(things, current, rows), first, last)
        for row in rest:
            edges = days[row].start, days[row].end
            up[row], there[row] = shares(found, table, *edges, group, groups)
    return up, there


def _figures(up: Floats, there: Floats, current: Ints, mine: Any) -> dict[str, Any]:
    """What is told of one group; ``up`` (online) and ``there`` are a figure a day."""
    return {
        "devices": int(mine.sum()),
        "online_now": int((mine & (current == ONLINE)).sum()),
        "online_h": round(float(up.sum()) / time.HOUR, 2),
        "there_h": round(float(there.sum()) / time.HOUR, 2),
        "rate": _rate(float(up.sum()), float(there.sum())),
        "daily": [_rate(float(one), float(all_)) for one, all_ in zip(up, there, strict=True)],
    }


def _rate(online: float, there: float) -> float | None:
    return round(online / there, 5) if there > 0 else None


@query("sensing.device_history", permission="sensing.read_own")
def device_history(ctx: Context, thing: int, limit: int = 200) -> list[dict[str, Any]]:
    """The last changes of a device's health, newest first: state and since when. Raises
    NoDevice."""
    device_of(ctx, thing, in_use=False)
    mine = device_states.c.thing == thing
    chosen = select(device_states).where(mine).order_by(device_states.c.at.desc()).limit(limit)
    return [
        {"at": row.at, "state": "absent" if row.state == ABSENT else STATES[row.state]}
        for row in ctx.connection.execute(chosen)
    ]
