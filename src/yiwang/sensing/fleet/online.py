"""How long each device was online on each day that is over: summed once from the changes of
state and the time watched, so that rates over weeks read a few arrays and not every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, delete, func, insert, select

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock as time
from yiwang.sensing.fleet import model
from yiwang.sensing.fleet.model import ABSENT, History
from yiwang.sensing.fleet.tables import device_online_days, device_states, device_watch
from yiwang.sensing.store import fetch

_PACKED = pa.ipc.IpcWriteOptions(compression="zstd")


class Known(Protocol):
    """The state of every device that is on record."""

    thing: Ints

    def of(self, things: Ints) -> tuple[Ints, Ints]: ...


@dataclass(frozen=True)
class Sums:
    """A day, one entry a device in the order of its thing: its state when the day began, and
    the microseconds online and there, in watched time only."""

    thing: Ints
    began: Ints
    online: Ints
    there: Ints

    def of(self, things: Ints) -> Sums:
        """Those of some things; what is not in the day was not there."""
        if not len(self.thing):
            nothing = np.zeros(len(things), np.int64)
            return Sums(things, np.full(len(things), ABSENT), nothing, nothing)
        place = np.minimum(np.searchsorted(self.thing, things), len(self.thing) - 1)
        found = self.thing[place] == things
        return Sums(
            things,
            np.where(found, self.began[place], ABSENT),
            np.where(found, self.online[place], 0),
            np.where(found, self.there[place], 0),
        )

    def pack(self) -> bytes:
        sink = pa.BufferOutputStream()
        table = pa.table({name: getattr(self, name) for name in self.__dataclass_fields__})
        with pa.ipc.new_stream(sink, table.schema, options=_PACKED) as writer:
            writer.write_table(table)
        packed: bytes = sink.getvalue().to_pybytes()
        return packed


def bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The midnights between which a day of the city lies."""
    first, last = (
        datetime.combine(one, datetime.min.time(), zone) for one in (day, day + timedelta(days=1))
    )
    return time.from_datetime(first), time.from_datetime(last)


def stored(connection: Connection, start: int, until: int) -> Sums | None:
    """The sums of the day between two midnights, where they are made."""
    mine = (device_online_days.c.start == start) & (device_online_days.c.until == until)
    packed = connection.execute(select(device_online_days.c.sums).where(mine)).scalar()
    if packed is None:
        return None
    table = pa.ipc.open_stream(packed).read_all()
    return Sums(*(table.column(name).to_numpy() for name in Sums.__dataclass_fields__))


def summed(connection: Connection, start: int, until: int, known: Known) -> Sums:
    """The sums of a day that is over. ``known`` is what each device is now."""
    things = known.thing.copy()
    following = select(device_online_days.c.until).where(device_online_days.c.start == until)
    end = connection.execute(following).scalar()
    after = None if end is None else stored(connection, until, end)
    if after is None:
        found = history(things, known.of(things)[0], changes(connection, start))
    else:
        found = history(things, after.of(things).began, changes(connection, start, until))
    spans = model.spans(found, start, until)
    each = np.arange(len(things))
    up, there = model.shares(spans, listened(connection), start, until, each, len(things))
    began = spans.state[np.flatnonzero(np.diff(spans.owner, prepend=-1))]
    return Sums(things, began, up.astype(np.int64), there.astype(np.int64))


def keep(connection: Connection, start: int, until: int, sums: Sums) -> None:
    connection.execute(delete(device_online_days).where(device_online_days.c.start == start))
    connection.execute(
        insert(device_online_days).values(start=start, until=until, sums=sums.pack())
    )


def missing(connection: Connection, now: int, zone: ZoneInfo, most: int) -> tuple[int, int] | None:
    """The newest day that is over and watched but not summed, of the last ``most`` days."""
    first = connection.execute(select(func.min(device_watch.c.since))).scalar()
    known = set(connection.execute(select(device_online_days.c.start, device_online_days.c.until)))
    day = time.to_datetime(now).astimezone(zone).date()
    for back in range(1, most + 1):
        edges = bounds(day - timedelta(days=back), zone)
        if first is None or edges[1] <= first:
            return None
        if edges not in known:
            return edges
    return None


def forget(connection: Connection, at: int) -> None:
    """A change became known that lies at ``at``: days that it is in or before are summed anew."""
    connection.execute(delete(device_online_days).where(device_online_days.c.until >= at))


def listened(connection: Connection) -> tuple[Ints, Ints]:
    """When the platform watched, as a table for ``model.shares``."""
    rows = connection.execute(select(device_watch).order_by(device_watch.c.since))
    return model.watched([(row.since, row.until) for row in rows])


def changes(connection: Connection, after: int, until: int | None = None) -> Ints:
    """Thing, instant, state before and state of every change after an instant, a row each, in
    the order of thing and instant."""
    columns = (
        device_states.c.thing,
        device_states.c.at,
        device_states.c.before,
        device_states.c.state,
    )
    chosen = select(*columns).where(device_states.c.at > after)
    if until is not None:
        chosen = chosen.where(device_states.c.at <= until)
    rows = fetch(connection, chosen)
    flat = np.fromiter(chain.from_iterable(rows), np.int64, 4 * len(rows)).reshape(-1, 4)
    ordered: Ints = flat[np.lexsort((flat[:, 1], flat[:, 0]))]
    return ordered


def history(things: Ints, still: Ints, rows: Ints) -> History:
    """The changes of some things among ``rows``; ``still`` is the state of those without."""
    mine = rows[np.isin(rows[:, 0], things)] if len(rows) else rows
    return History(things, still, *mine.T)


def current(connection: Connection, things: Ints, known: Known | None) -> Ints:
    """The state of each thing now."""
    if known is not None:
        return known.of(things)[0]
    found = np.full(len(things), ABSENT, np.int64)
    newest = device_states.alias()
    later = (
        select(newest.c.thing)
        .where(newest.c.thing == device_states.c.thing, newest.c.at > device_states.c.at)
        .exists()
    )
    chosen = select(device_states.c.thing, device_states.c.state).where(~later)
    wanted = set(things.tolist())
    for thing, state in fetch(connection, chosen):
        if thing in wanted:
            found[np.searchsorted(things, thing)] = state
    return found
