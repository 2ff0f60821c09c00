"""Device health, computed over dense arrays: last seen, online or silent, clock skew.

A device is silent when none of its own datastreams was heard of for the ``silent_after`` of
its kind. Its clock is skewed when its observations keep coming with times ahead of their
arrival, or behind it by an amount that does not vary.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from yiwang.contracts.observations import Floats, Ints, ObservationBatch
from yiwang.kernel import clock as time
from yiwang.security.actions import Context, query
from yiwang.sensing import sight as sights
from yiwang.sensing.devices import title_of
from yiwang.sensing.fleet.tables import device_details
from yiwang.sensing.latest import Latest
from yiwang.sensing.sight import Mask, Visibility
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import datastreams, device_kinds, things
from yiwang.store.database import Database

STATES = ("online", "silent", "never")
RECENT = 5
"""Observations of a datastream whose delay is remembered."""
AHEAD = 60 * time.SECOND
BEHIND = 10 * time.MINUTE
"""Delays (received - time) before -AHEAD or steadily past BEHIND count as skew."""
SILENT_AFTER = time.DAY
"""For devices whose kind declares no ``silent_after``."""


class Delays:
    """received - time of the last few observations of every datastream, in microseconds."""

    def __init__(self) -> None:
        self._delay: Floats = np.full((RECENT, 1024), np.nan)
        self._count: Ints = np.zeros(1024, np.int64)

    def update(self, batch: ObservationBatch) -> None:
        """A listener of the intake."""
        if not len(batch):
            return
        self._ensure(int(batch.datastream.max()) + 1)
        place = self._count[batch.datastream] % RECENT
        self._delay[place, batch.datastream] = batch.received - batch.time
        self._count[batch.datastream] += 1

    def _ensure(self, size: int) -> None:
        room = max(size, len(self._count) * 3 // 2) - len(self._count)
        if size > len(self._count):
            self._delay = np.concatenate((self._delay, np.full((RECENT, room), np.nan)), axis=1)
            self._count = np.concatenate((self._count, np.zeros(room, np.int64)))

    def of(self, streams: Ints) -> Floats:
        """Remembered delays, one column a datastream; NaN where there is none."""
        delay = self._delay
        inside = streams < delay.shape[1]
        return np.where(inside, delay[:, np.where(inside, streams, 0)], np.nan)


@dataclass(frozen=True)
class Index:
    """Which datastreams tell of which device; devices in the order of their thing's id."""

    thing: Ints
    kind: Ints
    kinds: tuple[str, ...]
    created: Ints
    silent_after: Ints
    stream: Ints
    owner: Ints
    """Place in ``thing`` of the device that each of ``stream`` belongs to."""


@dataclass(frozen=True)
class Condition:
    """What is known of each device of an Index: place in ``STATES``, last seen (0: never),
    median delay (NaN: unknown) and whether its clock is skewed."""

    state: NDArray[np.int8]
    seen: Ints
    delay: Floats
    skewed: NDArray[np.bool_]


def build(devices: Sequence[Any], streams: Sequence[Any]) -> Index:
    """From rows (id, kind, created_at) and (id, thing, silent_after), each sorted by id."""
    thing = np.array([row[0] for row in devices], np.int64)
    kinds, kind = np.unique(np.array([row[1] for row in devices], str), return_inverse=True)
    stream = np.array([row[0] for row in streams], np.int64)
    owner = np.searchsorted(thing, np.array([row[1] for row in streams], np.int64))
    silent = np.full(len(thing), SILENT_AFTER, np.int64)
    declared = np.array([row[2] or 0 for row in streams], np.int64)
    silent[owner[declared > 0]] = declared[declared > 0]
    created = np.array([row[2] for row in devices], np.int64)
    return Index(thing, kind, tuple(map(str, kinds)), created, silent, stream, owner)


def examine(index: Index, latest: Latest, delays: Delays, now: int) -> Condition:
    """The health of every device at ``now``."""
    received = latest.received
    seen: Ints = np.zeros(len(index.thing), np.int64)
    there = index.stream < len(received)
    np.maximum.at(seen, index.owner[there], received[index.stream[there]])
    state = np.zeros(len(seen), np.int8)
    since = np.where(seen > 0, seen, index.created)
    state[now - since > index.silent_after] = 1
    state[seen == 0] = 2
    delay, spread = _delay(index, delays)
    with np.errstate(invalid="ignore"):
        skewed = (delay < -AHEAD) | ((delay > BEHIND) & (spread < BEHIND / 10))
    return Condition(state, seen, delay, skewed)


def _delay(index: Index, delays: Delays) -> tuple[Floats, Floats]:
    """Median and spread of the remembered delays of each device's busiest datastream."""
    found = delays.of(index.stream)
    count = (~np.isnan(found)).sum(axis=0)
    order = np.argsort(count, kind="stable")
    best = np.full(len(index.thing), -1, np.int64)
    best[index.owner[order]] = order
    delay = np.full(len(best), np.nan)
    spread = np.full(len(best), np.nan)
    if not len(count):
        return delay, spread
    enough = np.flatnonzero((best >= 0) & (np.where(best >= 0, count[best], 0) >= 3))
    if len(enough):
        chosen = found[:, best[enough]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            delay[enough] = np.nanmedian(chosen, axis=0)
            spread[enough] = np.nanmax(chosen, axis=0) - np.nanmin(chosen, axis=0)
    return delay, spread


class Health:
    """The health of all devices of one running home."""

    def __init__(self, database: Database, latest: Latest) -> None:
        self._database = database
        self._latest = latest
        self._one = threading.Lock()
        self._index: Index | None = None
        self.delays = Delays()

    def forget(self) -> None:
        """Devices were made or changed: read them anew when next asked."""
        self._index = None

    def examine(self, now: int) -> tuple[Index, Condition]:
        with self._one:
            if self._index is None:
                self._index = self._read()
            index = self._index
        return index, examine(index, self._latest, self.delays, now)

    def _read(self) -> Index:
        in_use = (things.c.kind != "", device_details.c.retired_at.is_(None))
        known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
        columns = (things.c.id, things.c.kind, things.c.created_at)
        own = select(*columns).select_from(known).where(*in_use)
        streams = (
            select(datastreams.c.id, datastreams.c.thing, datastreams.c.silent_after)
            .select_from(known.join(datastreams, datastreams.c.thing == things.c.id))
            .where(*in_use, datastreams.c.silent_after.is_not(None))
        )
        with self._database.read() as connection:
            return build(
                fetch(connection, own.order_by(things.c.id)),
                fetch(connection, streams.order_by(datastreams.c.id)),
            )


@query("sensing.device_summary", permission="sensing.read_own")
def summary(ctx: Context) -> list[dict[str, Any]]:
    """For each kind: how many devices the caller sees, are online, silent, never seen, skewed."""
    index, found = ctx.port(Health).examine(ctx.now)
    seen = _seen(ctx, index)
    titles = {
        row.kind: title_of(row.title, row.name)
        for row in ctx.connection.execute(select(device_kinds))
    }
    lines = []
    for place, kind in enumerate(index.kinds):
        mine = (index.kind == place) & seen
        total = int(mine.sum())
        if not total:
            continue
        counts = {name: int((found.state[mine] == code).sum()) for code, name in enumerate(STATES)}
        skewed = int(found.skewed[mine].sum())
        rate = counts["online"] / total
        line = {"kind": kind, "title": titles.get(kind, kind), "total": total}
        lines.append(line | counts | {"skewed": skewed, "online_rate": round(rate, 4)})
    return lines


@query("sensing.device_health", permission="sensing.read_own")
def listing(
    ctx: Context,
    state: str | None = None,
    kind: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Devices that the caller sees, by thing id behind ``after``: those that are online, silent,
    never seen or skewed (``state``), of one kind, or all. Times are instants, ``skew_s``
    seconds ahead (+)."""
    index, found = ctx.port(Health).examine(ctx.now)
    chosen = (index.thing > after) & _seen(ctx, index)
    if state == "skewed":
        chosen &= found.skewed
    elif state is not None:
        chosen &= found.state == STATES.index(state)
    if kind is not None:
        chosen &= index.kind == (index.kinds.index(kind) if kind in index.kinds else -1)
    places = np.flatnonzero(chosen)[:limit]
    ids = index.thing[places].tolist()
    rows = {
        row.id: row for row in ctx.connection.execute(select(things).where(things.c.id.in_(ids)))
    }
    return [
        _line(rows[thing], place, index, found, ctx.now)
        for place, thing in zip(places.tolist(), ids, strict=True)
        if thing in rows
    ]


def _seen(ctx: Context, index: Index) -> Mask:
    """Which of the devices the caller sees."""
    sight = sights.mine(ctx)
    if sight.everything:
        return np.ones(len(index.thing), np.bool_)
    return np.isin(index.thing, ctx.port(Visibility).things(ctx.connection, sight))


def _line(row: Any, place: int, index: Index, found: Condition, now: int) -> dict[str, Any]:
    seen = int(found.seen[place])
    delay = float(found.delay[place])
    return {
        "thing": row.id,
        "kind": row.kind,
        "code": row.code,
        "name": row.name,
        "place": row.place,
        "lon": row.lon,
        "lat": row.lat,
        "state": STATES[int(found.state[place])],
        "last_seen": seen or None,
        "unheard_s": (now - seen) // time.SECOND if seen else None,
        "skew_s": None if np.isnan(delay) else round(-delay / time.SECOND, 1),
        "skewed": bool(found.skewed[place]),
    }
