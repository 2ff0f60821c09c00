"""Online rates: the share of the time of devices in which they were online, from the states on
record; by kind, street or supplier, for a period and for each of its days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import select

from yiwang.contracts.observations import Floats, Ints
from yiwang.kernel import clock as time
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.registry import service as registry
from yiwang.security.actions import Context, query
from yiwang.sensing.devices import title_of
from yiwang.sensing.fleet import listing, roster
from yiwang.sensing.fleet.editing import device_of
from yiwang.sensing.fleet.errors import BadPeriod
from yiwang.sensing.fleet.listing import Filter
from yiwang.sensing.fleet.model import ABSENT, ONLINE, History, shares, spans, watched
from yiwang.sensing.fleet.roster import Devices
from yiwang.sensing.fleet.tables import device_states, device_watch
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.health import STATES
from yiwang.sensing.store import fetch
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
    history = _history(ctx, things, start)
    found = spans(history, start, end)
    rows = ctx.connection.execute(select(device_watch).order_by(device_watch.c.since))
    table = watched([(row.since, row.until) for row in rows])
    edges, days = _days(ctx, start, end)
    parts = [shares(found, table, low, high, group, len(keys)) for low, high in pairwise(edges)]
    online = np.array([part[0] for part in parts]).reshape(len(days), len(keys))
    there = np.array([part[1] for part in parts]).reshape(len(days), len(keys))
    titles = _titles(ctx, by, keys)
    present = history.current != ABSENT
    items = [
        {"key": key, "title": titles.get(key, str(key))}
        | _figures(online[:, one], there[:, one], history, present & (group == one))
        for one, key in enumerate(keys)
    ]
    total = _figures(online.sum(axis=1), there.sum(axis=1), history, present)
    items.sort(key=lambda item: (item["rate"] is None, item["rate"], str(item["key"])))
    low, high = np.interp([start, end], *table)
    return Rates(start, end, days, total, items, int(high - low) // time.SECOND)


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


def _history(ctx: Context, things: Ints, start: int) -> History:
    columns = (
        device_states.c.thing,
        device_states.c.at,
        device_states.c.before,
        device_states.c.state,
    )
    chosen = select(*columns).where(device_states.c.at > start)
    ordered = chosen.order_by(device_states.c.thing, device_states.c.at)
    rows = np.array(fetch(ctx.connection, ordered), np.int64).reshape(-1, 4)
    rows = rows[np.isin(rows[:, 0], things)]
    return History(things, _current(ctx, things, rows), *rows.T)


def _current(ctx: Context, things: Ints, rows: Ints) -> Ints:
    """The state of each thing now: after its last change in ``rows``, else after the last one
    before them."""
    current = np.full(len(things), ABSENT, np.int64)
    for thing, state in _before(ctx, things, rows):
        current[np.searchsorted(things, thing)] = state
    current[np.searchsorted(things, rows[:, 0])] = rows[:, 3]
    return current


def _before(ctx: Context, things: Ints, rows: Ints) -> list[tuple[Any, ...]]:
    """Thing and last state of the things that have not changed since."""
    watch = ctx.caller.ports.get(Watch)
    still = np.setdiff1d(things, rows[:, 0])
    if watch is not None and watch.index is not None:
        states, _ = watch.recorded.of(still)
        return list(zip(still.tolist(), states.tolist(), strict=True))
    newest = device_states.alias()
    later = (
        select(newest.c.thing)
        .where(newest.c.thing == device_states.c.thing, newest.c.at > device_states.c.at)
        .exists()
    )
    chosen = select(device_states.c.thing, device_states.c.state).where(~later)
    wanted = set(still.tolist())
    return [row for row in fetch(ctx.connection, chosen) if row[0] in wanted]


def _days(ctx: Context, start: int, end: int) -> tuple[list[int], list[str]]:
    """The edges of the city's days from ``start`` to ``end``, and the days between them."""
    calendar: WorkingCalendar = ctx.caller.ports.get(WorkingCalendar) or WorkingCalendar()
    edges, days = [start], []
    while edges[-1] < end:
        local = time.to_datetime(edges[-1]).astimezone(calendar.zone)
        days.append(local.date().isoformat())
        midnight = datetime.combine(
            local.date() + timedelta(days=1), datetime.min.time(), calendar.zone
        )
        edges.append(min(end, time.from_datetime(midnight)))
    return edges, days


def _figures(online: Floats, there: Floats, history: History, mine: Any) -> dict[str, Any]:
    """What is told of one group; ``online`` and ``there`` are a figure a day."""
    return {
        "devices": int(mine.sum()),
        "online_now": int((mine & (history.current == ONLINE)).sum()),
        "online_h": round(float(online.sum()) / time.HOUR, 2),
        "there_h": round(float(there.sum()) / time.HOUR, 2),
        "rate": _rate(float(online.sum()), float(there.sum())),
        "daily": [_rate(float(one), float(all_)) for one, all_ in zip(online, there, strict=True)],
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
