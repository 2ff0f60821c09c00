"""Updates to whoever listens to resources of SensorThings (18-088, clause 14).

New observations come from the batches that the intake has stored, whatever protocol brought
them; new entities are known by the counters of their ids, what was changed (observations that
were corrected too) by EntitiesChanged. A
thread of its own renders them as HTTP would and hands them to the event loop; storing costs
nothing while nobody listens, and is never held up by who does.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, select

from yiwang.contracts.observations import Ints, ObservationBatch
from yiwang.security.actions import Caller, Context
from yiwang.sensing import sight as sights
from yiwang.sensing.mqtt.hub import Session
from yiwang.sensing.mqtt.packets import Publish
from yiwang.sensing.mqtt.watching import Watch, Watches
from yiwang.sensing.observations import Observations
from yiwang.sensing.sight import Sight, Visibility
from yiwang.sensing.sta import render, service
from yiwang.sensing.sta.columns import Observed
from yiwang.sensing.sta.errors import StaError
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.reading import Place, Reading
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    FEATURE_OF_INTEREST,
    MULTI_DATASTREAM,
    OBSERVATION,
    TYPES,
    EntityType,
)
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import id_counters

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
"""How often new entities are looked for while somebody listens to entities."""
SIGHT_LASTS_S = 2.0
MOST_BATCHES = 500
"""Stored batches that may wait to be told; of older ones nobody hears."""
MOST_NEW = 10_000
"""New entities of one type that are told of at once; the rest are passed over."""
_OF_OBSERVATIONS = frozenset({"phenomenonTime", "resultTime", "observedArea"})
"""What of a datastream changes with its observations."""
_ELSEWHERE = _OF_OBSERVATIONS | {"Locations"}
"""What changes beside an entity's own properties: who listens to a whole set is not told."""


@dataclass(frozen=True)
class Changed:
    """Entities that were made, or changed in some properties (empty: in any)."""

    type: EntityType
    ids: Sequence[int]
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Told:
    """One message to some sessions."""

    topic: str
    payload: bytes
    sessions: Sequence[tuple[Session, int]]


class Updates:
    """``start`` and ``stop`` belong to the event loop; ``stored`` and ``changed`` are for any
    thread. ``root`` is the address of the service without the version."""

    def __init__(self, caller: Caller, root: str) -> None:
        self.watches = Watches()
        self._caller = caller
        self._root = root
        self._batches: deque[ObservationBatch] = deque(maxlen=MOST_BATCHES)
        self._changes: deque[Changed] = deque(maxlen=MOST_BATCHES)
        self._counters: dict[str, int] = {}
        self._sights: dict[str, tuple[float, Sight]] = {}
        self._wake = threading.Event()
        self.watches.added = self._wake.set
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="mqtt-updates", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def stored(self, batch: ObservationBatch) -> None:
        """A listener of the intake."""
        if self.watches.idle or not len(batch):
            return
        self._batches.append(batch)
        self._wake.set()

    def changed(self, changes: Iterable[Changed]) -> None:
        if self.watches.idle:
            return
        self._changes.extend(changes)
        self._wake.set()

    def delivered(self, bodies: Iterable[Mapping[str, Any]]) -> None:
        """EntitiesChanged, as the relay brings them."""
        changes: list[Changed] = []
        for body in bodies:
            change = Changed(TYPES[body["entity"]], body["ids"], frozenset(body["names"]))
            if change not in changes:
                changes.append(change)
        self.changed(changes)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(LOOK_EVERY_S if self.watches.entities else None)
            self._wake.clear()
            try:
                self._turn()
            except Exception:
                _log.exception("Subscribers were not told of a change; it goes on")

    def _turn(self) -> None:
        batches: list[ObservationBatch] = []
        while self._batches:
            batches.append(self._batches.popleft())
        changes: list[Changed] = []
        while self._changes:
            changes.append(self._changes.popleft())
        entities = self.watches.entities
        if not (batches or changes or entities):
            self._counters = {}
            return
        with self._caller.database.read() as connection:
            context = Context(self._caller, connection, writes=False)
            told: list[_Told] = []
            for batch in batches:
                told += self._observations(context, _whole(batch))
            told += self._observations(context, _corrected(context, changes))
            if entities:
                changes += self._made(connection)
                changes += _observed(batches, entities)
                for watch in entities:
                    told += self._entities(context, watch, changes)
            else:
                self._counters = {}
        if told and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_deliver, told)

    # Observations

    def _observations(self, context: Context, batch: Observed) -> list[_Told]:
        told: list[_Told] = []
        if not len(batch):
            return told
        watched = self.watches.numbers
        if watched:
            numbers = np.array(watched, np.int64)
            mine = np.flatnonzero(np.isin(batch.datastream, numbers))
            streams = batch.datastream[mine]
            for number, watches in self.watches.streams(np.unique(streams).tolist()):
                for watch in watches:
                    told += self._rows(context, batch, mine[streams == number], watch)
        for watch in self.watches.every:
            told += self._rows(context, batch, np.arange(len(batch)), watch)
        return told

    def _rows(self, context: Context, batch: Observed, rows: Ints, watch: Watch) -> list[_Told]:
        """What a watch hears of some rows of a batch, told once for all who see the same."""
        told: list[_Told] = []
        for sight, sessions in self._by_sight(context, watch).items():
            seen = rows
            if not sight.everything:
                mask = context.port(Visibility).mask(context.connection, sight)
                inside = rows[batch.datastream[rows] < len(mask)]
                seen = inside[mask[batch.datastream[inside]]]
            if not len(seen):
                continue
            reading = self._reading(context, sight, watch)
            steps = watch.topic.resource.steps
            of_feature = len(steps) > 1 and steps[-2].type is FEATURE_OF_INTEREST
            for row, shown in reading.observations(batch.take(seen), watch.topic.query):
                if of_feature and not reading.leads_to(watch.topic.resource, row["id"]):
                    continue
                told.append(_Told(watch.text, msgspec.json.encode(shown), sessions))
        return told

    def _by_sight(self, context: Context, watch: Watch) -> dict[Sight, list[tuple[Session, int]]]:
        found: dict[Sight, list[tuple[Session, int]]] = {}
        for session, qos in self.watches.listening(watch):
            found.setdefault(self._sight(context, session), []).append((session, qos))
        return found

    def _sight(self, context: Context, session: Session) -> Sight:
        """What a session sees, asked again after a while."""
        identity = session.identity
        if identity is None:
            return sights.OPENED
        now = self._caller.clock.monotonic()
        until, known = self._sights.get(identity.label, (0.0, sights.OPENED))
        if now < until:
            return known
        if len(self._sights) > 10_000:
            self._sights.clear()
        sight = sights.of(identity, context.connection)
        self._sights[identity.label] = (now + SIGHT_LASTS_S, sight)
        return sight

    def _reading(self, context: Context, sight: Sight, watch: Watch) -> Reading:
        return service.reading_of(context, sight, f"{self._root}/{watch.topic.version}")

    # Entities

    def _made(self, connection: Connection) -> list[Changed]:
        """Entities with ids that were given since the last turn."""
        types = {item.table.name: item for item in TYPES.values() if item.table is not None}
        rows = fetch(connection, select(id_counters.c.name, id_counters.c.last))
        now = {name: last for name, last in rows if name in types}
        before, self._counters = self._counters, now
        if not before:
            return []
        made: list[Changed] = []
        for name, last in now.items():
            ids = range(before.get(name, 0) + 1, last + 1)[:MOST_NEW]
            if not ids:
                continue
            made.append(Changed(types[name], ids))
            if types[name] is DATASTREAM:
                made.append(Changed(MULTI_DATASTREAM, ids))
        return made

    def _entities(self, context: Context, watch: Watch, changes: Sequence[Changed]) -> list[_Told]:
        topic = watch.topic
        told: list[_Told] = []
        for change in changes:
            if change.type is not topic.resource.type or not _concerns(watch, change):
                continue
            for sight, sessions in self._by_sight(context, watch).items():
                reading = self._reading(context, sight, watch)
                for id_ in change.ids:
                    payload = _shown(reading, watch, id_)
                    if payload is not None:
                        told.append(_Told(watch.text, payload, sessions))
        return told


def _concerns(watch: Watch, change: Changed) -> bool:
    resource = watch.topic.resource
    if change.names and change.names <= _ELSEWHERE and not resource.single:
        return False
    if resource.names and change.names and resource.names[0] not in change.names:
        return False
    last = resource.steps[-1].id
    return last is None or last in change.ids


def _shown(reading: Reading, watch: Watch, id_: int) -> bytes | None:
    """What is told of one entity; None where it is not meant or not seen."""
    topic = watch.topic
    try:
        if not reading.leads_to(topic.resource, id_):
            return None
        place = Place(topic.resource.type, id_)
        if not topic.resource.names:
            condition = topic.query.filter
            if condition is not None and not reading.passes(place.type, id_, condition):
                return None
            query = Query(select=topic.query.select, expand=topic.query.expand)
            return msgspec.json.encode(reading.one(place, query))
        there, value = render.place(reading.one(place, Query()), topic.resource.names)
        return msgspec.json.encode({topic.resource.names[-1]: value}) if there else None
    except StaError:
        return None


def _observed(batches: Sequence[ObservationBatch], watches: Sequence[Watch]) -> list[Changed]:
    """Datastreams that are watched and whose times have changed with their observations."""
    wanted = {
        step.id
        for watch in watches
        for step in watch.topic.resource.steps[-1:]
        if step.id is not None and step.type in (DATASTREAM, MULTI_DATASTREAM)
    }
    found = [number for number in sorted(wanted) if any(number in b.datastream for b in batches)]
    return [Changed(type_, found, _OF_OBSERVATIONS) for type_ in (DATASTREAM, MULTI_DATASTREAM)]


def _whole(batch: ObservationBatch) -> Observed:
    numbers = np.arange(batch.first, batch.first + len(batch))
    columns = (batch.datastream, batch.time, batch.result, batch.exact, batch.extra)
    return Observed(numbers, *columns)


def _corrected(context: Context, changes: Sequence[Changed]) -> Observed:
    """Observations that were changed, as they are now."""
    store = context.port(Observations)
    numbers = [id_ for change in changes if change.type is OBSERVATION for id_ in change.ids]
    rows = [row for number in dict.fromkeys(numbers) if (row := store.one(number)) is not None]
    return Observed(
        np.array([row["number"] for row in rows], np.int64),
        np.array([row["datastream"] for row in rows], np.int64),
        np.array([row["time"] for row in rows], np.int64),
        np.array([row["result"] for row in rows], np.float64),
        [row["exact"] for row in rows],
        [row["extra"] for row in rows],
    )


def _deliver(told: Sequence[_Told]) -> None:
    for one in told:
        for session, qos in one.sessions:
            session.deliver(Publish(one.topic, one.payload, qos), qos)
