"""Who sees which things, datastreams and observations.

Somebody sees everything (permission ``sensing.read``), or what is opened to everybody and,
with ``sensing.read_own``, what belongs to their organisation and those below it; a device sees
the things it writes for. What is not seen does not exist: it is not found, counted, expanded
or filtered by. The same sight holds on HTTP, on MQTT and on the screen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    exists,
    false,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.sql.selectable import FromClause

from yiwang.contracts.observations import Ints
from yiwang.registry import cache
from yiwang.security import accounts
from yiwang.security.actions import Context
from yiwang.security.model import Identity, allowed
from yiwang.sensing import tables as t
from yiwang.sensing.store import among, array, fetch

Mask = NDArray[np.bool_]
Condition = ColumnElement[bool]

STAMP = "sight"
"""The counter that grows whenever an owner or an opening changes."""
_MOST_KEPT = 64
_OWNERS, _THINGS = "sight_owners", "sight_things"

Pattern = tuple[bool, bool, bool]


@dataclass(frozen=True)
class Sight:
    """What somebody sees: everything, or what is opened, what belongs to one of the
    organisations ``owners``, and some ``things``."""

    everything: bool = False
    owners: frozenset[int] = frozenset()
    things: frozenset[int] = frozenset()


EVERYTHING = Sight(True)
OPENED = Sight()


def of(identity: Identity, connection: Connection) -> Sight:
    """The sight of somebody, at this moment."""
    if allowed(identity, "sensing.read"):
        return EVERYTHING
    if identity.kind == "device":
        return Sight(things=accounts.things_of(connection, identity.id) or frozenset())
    if identity.organisation is None or not allowed(identity, "sensing.read_own"):
        return OPENED
    return Sight(owners=below(connection, identity.organisation))


def mine(ctx: Context) -> Sight:
    """The sight of who calls."""
    return of(ctx.identity, ctx.connection)


def owned(sight: Sight, connection: Connection, things: Sequence[int]) -> set[int]:
    """Those of some things that somebody answers for: what is opened is seen, but not theirs."""
    if sight.everything:
        return set(things)
    column = t.things.c
    found: set[int] = set()
    for low in range(0, len(things), 1000):
        wanted = column.id.in_(list(things[low : low + 1000]))
        mine = or_(false(), *_own(sight, t.things))
        found.update(row[0] for row in fetch(connection, select(column.id).where(wanted, mine)))
    return found


def changed(connection: Connection) -> None:
    """Owners, openings, or the thing of a datastream changed in this transaction."""
    own = t.id_counters.c.name == STAMP
    grown = update(t.id_counters).where(own).values(last=t.id_counters.c.last + 1)
    if connection.execute(grown).rowcount == 0:
        connection.execute(insert(t.id_counters).values(name=STAMP, last=1))


def below(connection: Connection, organisation: int) -> frozenset[int]:
    """The organisation and all below it."""
    children: dict[int, list[int]] = {}
    for one in cache.records(connection, "organisations"):
        if one.parent is not None:
            children.setdefault(one.parent, []).append(one.id)
    found: set[int] = set()
    wanted = [organisation]
    while wanted:
        number = wanted.pop()
        if number not in found:
            found.add(number)
            wanted += children.get(number, [])
    return frozenset(found)


# In SQL


def condition(sight: Sight, table: Table, source: FromClause) -> Condition:
    """What holds for the rows of an entity table (as ``source``) that are seen. A table that
    is not known here is not seen."""
    if sight.everything:
        return true()
    build = _CONDITIONS.get(table.name)
    return false() if build is None else build(sight, source)


def pattern(sight: Sight) -> Pattern:
    """On what of a sight its conditions depend; sights of one pattern differ in ``values``."""
    return sight.everything, bool(sight.owners), bool(sight.things)


def values(sight: Sight) -> dict[str, str]:
    """The parameters of the conditions of a sight."""
    if sight.everything or not (sight.owners or sight.things):
        return {}
    return {_OWNERS: array(sorted(sight.owners)), _THINGS: array(sorted(sight.things))}


_STREAMS = (t.datastreams, t.multi_datastreams)


def _thing(sight: Sight, thing: FromClause) -> Condition:
    opened = []
    for table in _STREAMS:
        stream = table.alias()
        mine = stream.c.thing == thing.c.id
        opened.append(exists(select(stream.c.id).where(mine, stream.c.opened)))
    return or_(*opened, *_own(sight, thing))


def _own(sight: Sight, thing: FromClause) -> list[Condition]:
    found: list[Condition] = []
    if sight.owners:
        found.append(among(thing.c.owner, _owners(sight)))
    if sight.things:
        found.append(among(thing.c.id, _things(sight)))
    return found


def _owners(sight: Sight) -> BindParameter[str]:
    return bindparam(_OWNERS, array(sorted(sight.owners)), Text)


def _things(sight: Sight) -> BindParameter[str]:
    return bindparam(_THINGS, array(sorted(sight.things)), Text)


def _datastream(sight: Sight, stream: FromClause) -> Condition:
    seen: list[Condition] = [stream.c.opened]
    if sight.owners:
        thing = t.things.alias()
        mine = thing.c.id == stream.c.thing
        owned = among(thing.c.owner, _owners(sight))
        seen.append(exists(select(thing.c.id).where(mine, owned)))
    if sight.things:
        seen.append(among(stream.c.thing, _things(sight)))
    return or_(*seen)


def _location(sight: Sight, location: FromClause) -> Condition:
    """Where something seen is now, or was."""
    now, was = t.thing_locations.alias(), t.historical_location_locations.alias()
    thing = t.things.alias()
    here = select(now.c.thing).where(now.c.location == location.c.id, now.c.thing == thing.c.id)
    past, history = t.things.alias(), t.historical_locations.alias()
    there = select(was.c.location).where(
        was.c.location == location.c.id,
        history.c.id == was.c.historical_location,
        past.c.id == history.c.thing,
        _thing(sight, past),
    )
    return or_(exists(here.where(_thing(sight, thing))), exists(there))


def _historical_location(sight: Sight, history: FromClause) -> Condition:
    thing = t.things.alias()
    return exists(select(thing.c.id).where(thing.c.id == history.c.thing, _thing(sight, thing)))


def _with_datastream(column: str) -> Callable[[Sight, FromClause], Condition]:
    """Of what datastreams refer to: one that is seen does."""

    def build(sight: Sight, source: FromClause) -> Condition:
        found = []
        for table in _STREAMS:
            stream = table.alias()
            if column in stream.c:
                refers = stream.c[column] == source.c.id
                found.append(exists(select(stream.c.id).where(refers, _datastream(sight, stream))))
        return or_(*found)

    return build


def _observed_property(sight: Sight, source: FromClause) -> Condition:
    stream, between = t.multi_datastreams.alias(), t.multi_datastream_properties.alias()
    among = select(stream.c.id).where(
        between.c.observed_property == source.c.id,
        stream.c.id == between.c.multi_datastream,
        _datastream(sight, stream),
    )
    return or_(_with_datastream("observed_property")(sight, source), exists(among))


def _feature(sight: Sight, feature: FromClause) -> Condition:
    """The usual feature of a datastream that is seen, or made from a location that is seen."""
    location = t.locations.alias()
    made = select(location.c.id).where(
        location.c.feature == feature.c.id, _location(sight, location)
    )
    return or_(_with_datastream("feature")(sight, feature), exists(made))


_CONDITIONS: Mapping[str, Callable[[Sight, FromClause], Condition]] = {
    t.things.name: _thing,
    t.datastreams.name: _datastream,
    t.multi_datastreams.name: _datastream,
    t.locations.name: _location,
    t.historical_locations.name: _historical_location,
    t.sensors.name: _with_datastream("sensor"),
    t.observed_properties.name: _observed_property,
    t.features_of_interest.name: _feature,
}


# In memory


@dataclass(frozen=True)
class _Streams:
    """Thing, owner (0: none) and opening of every datastream, by its number; ``stamp`` and
    ``highest`` say of which state of the database."""

    stamp: int
    highest: int
    thing: Ints
    owner: Ints
    opened: Mask


class Visibility:
    """Which datastreams a sight takes in, as a mask by number.

    Kept between calls, and exact for the transaction that asks: the counters that it reads
    tell whether anything was made or changed since.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: _Streams | None = None
        self._masks: dict[Sight, Mask] = {}

    def mask(self, connection: Connection, sight: Sight) -> Mask:
        """True at the number of each datastream that is seen. ``sight`` is a bounded one."""
        state = _counters(connection)
        with self._lock:
            streams = self._streams
            if streams is None or (streams.stamp, streams.highest) != state:
                streams = _load(connection, state, streams)
                self._streams, self._masks = streams, {}
            mask = self._masks.get(sight)
            if mask is None:
                mask = _seen(streams, sight)
                if len(self._masks) >= _MOST_KEPT:
                    self._masks.clear()
                self._masks[sight] = mask
        return mask

    def numbers(self, connection: Connection, sight: Sight) -> Ints:
        """The numbers of the datastreams that are seen, sorted."""
        return np.flatnonzero(self.mask(connection, sight))

    def things(self, connection: Connection, sight: Sight) -> Ints:
        """The things of which a datastream is seen, sorted."""
        mask = self.mask(connection, sight)
        with self._lock:
            streams = self._streams
        if streams is None or len(streams.thing) != len(mask):
            return self.things(connection, sight)
        return np.unique(streams.thing[mask])


def _counters(connection: Connection) -> tuple[int, int]:
    """The stamp, and the highest number of a datastream."""
    names = (STAMP, t.datastreams.name)
    chosen = select(t.id_counters.c.name, t.id_counters.c.last)
    found = dict(fetch(connection, chosen.where(t.id_counters.c.name.in_(names))))
    return found.get(STAMP, 0), found.get(t.datastreams.name, 0)


def _load(connection: Connection, state: tuple[int, int], before: _Streams | None) -> _Streams:
    """Everything, or only what is new when nothing has changed."""
    stamp, highest = state
    again = before is None or before.stamp != stamp or before.highest > highest
    behind = 0 if again or before is None else before.highest
    rows: list[tuple[Any, ...]] = []
    for table in _STREAMS:
        chosen = select(table.c.id, table.c.thing, t.things.c.owner, table.c.opened)
        among = table.join(t.things, t.things.c.id == table.c.thing)
        rows += fetch(connection, chosen.select_from(among).where(table.c.id > behind))
    highest = max([highest, *(row[0] for row in rows)])
    thing, owner = np.zeros(highest + 1, np.int64), np.zeros(highest + 1, np.int64)
    opened = np.zeros(highest + 1, np.bool_)
    if behind and before is not None:
        size = len(before.thing)
        thing[:size], owner[:size], opened[:size] = before.thing, before.owner, before.opened
    if rows:
        index = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        thing[index] = np.fromiter((row[1] for row in rows), np.int64, len(rows))
        owner[index] = np.fromiter((row[2] or 0 for row in rows), np.int64, len(rows))
        opened[index] = np.fromiter((bool(row[3]) for row in rows), np.bool_, len(rows))
    return _Streams(stamp, state[1], thing, owner, opened)


def _seen(streams: _Streams, sight: Sight) -> Mask:
    seen = streams.opened.copy()
    if sight.owners:
        seen |= np.isin(streams.owner, np.array(sorted(sight.owners), np.int64))
    if sight.things:
        seen |= np.isin(streams.thing, np.array(sorted(sight.things), np.int64))
    return seen
