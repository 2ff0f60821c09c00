"""Things that move: their Location follows at a pace of its own.

Every fix is an observation. The Location of the Thing, and with it a HistoricalLocation, is
written only when it moved far enough and some time has passed, many things in one transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from yiwang.contracts.events import EntitiesChanged
from yiwang.kernel import clock as time
from yiwang.kernel.clock import Clock
from yiwang.kernel.documents import Section
from yiwang.sensing.store import fetch, insert_many, take_ids
from yiwang.sensing.tables import (
    historical_location_locations,
    historical_locations,
    locations,
    thing_locations,
    things,
)
from yiwang.store import outbox
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

WRITE_EVERY_S = 5.0
MOST_IN_ONE = 500
_METRES_A_DEGREE = 111_195.0


@dataclass(frozen=True)
class Pace:
    """How often, in microseconds, and how far, in metres, a thing must have moved."""

    every: int = 5 * time.MINUTE
    metres: float = 200.0


@dataclass(frozen=True)
class Move:
    """Where a thing is at ``time``, WGS 84."""

    thing: int
    lon: float
    lat: float
    time: int


def read_pace(section: Section) -> dict[str, float]:
    """The key ``move`` of a mapping: ``{seconds: 300, metres: 200}``, as JSON-able data."""
    part = section.section("move")
    seconds, metres = part.take("seconds", float, 300.0), part.take("metres", float, 200.0)
    part.finish()
    return {"seconds": max(seconds, 1.0), "metres": max(metres, 0.0)}


def pace_of(more: Mapping[str, Any]) -> Pace:
    said = more.get("move") or {}
    return Pace(round(said.get("seconds", 300.0) * time.SECOND), said.get("metres", 200.0))


def metres(a: Move, b: Move) -> float:
    """The distance of two places that are not far apart."""
    across = (b.lon - a.lon + 180) % 360 - 180
    return hypot(across * cos(radians((a.lat + b.lat) / 2)), b.lat - a.lat) * _METRES_A_DEGREE


def _far_enough(last: Move, move: Move, pace: Pace) -> bool:
    return move.time - last.time >= pace.every and metres(last, move) >= pace.metres


class Mover:
    """Belongs to the event loop of the listeners. What was not written when the platform stops
    hard follows with the next fix."""

    def __init__(self, database: Database, clock: Clock, every_s: float = WRITE_EVERY_S) -> None:
        self._database = database
        self._clock = clock
        self._every_s = every_s
        self._written: dict[int, Move] = {}
        self._waiting: dict[int, Move] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, move: Move, pace: Pace) -> None:
        """A fix came; never waits."""
        last = self._written.get(move.thing)
        if last is not None and not _far_enough(last, move, pace):
            return
        waiting = self._waiting.get(move.thing)
        if waiting is None or move.time > waiting.time:
            self._waiting[move.thing] = move

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        while self._waiting:
            part = [self._waiting[thing] for thing in list(self._waiting)[:MOST_IN_ONE]]
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, write, self._database, part, self._clock.now())
            for move in part:
                self._written[move.thing] = move
                if self._waiting.get(move.thing) is move:
                    del self._waiting[move.thing]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.flush()
            except Exception:
                _log.exception("The locations of things that moved could not be written")


def write(database: Database, moves: Sequence[Move], now: int) -> None:
    """Put things at places, and keep that in their history. A move that is older than what is
    known of its thing, and a thing that is gone, are left out."""
    with database.write() as connection:
        newest = _newest(connection, [move.thing for move in moves])
        moves = [move for move in moves if move.time > newest.get(move.thing, move.time)]
        if not moves:
            return
        first = take_ids(connection, locations, len(moves))
        history = take_ids(connection, historical_locations, len(moves))
        numbered = list(enumerate(moves))
        insert_many(connection, locations, [_location(first + n, m) for n, m in numbered])
        gone = delete(thing_locations)
        connection.execute(gone.where(thing_locations.c.thing.in_([m.thing for m in moves])))
        pairs = [{"thing": move.thing, "location": first + n} for n, move in numbered]
        insert_many(connection, thing_locations, pairs)
        seen = [{"id": history + n, "thing": move.thing, "time": move.time} for n, move in numbered]
        insert_many(connection, historical_locations, seen)
        links = [{"historical_location": history + n, "location": first + n} for n, _ in numbered]
        insert_many(connection, historical_location_locations, links)
        for move in moves:
            place = update(things).where(things.c.id == move.thing)
            connection.execute(place.values(lon=move.lon, lat=move.lat))
        moved = EntitiesChanged("Thing", [move.thing for move in moves], ["Locations"])
        outbox.put(connection, [moved], now)


def _newest(connection: Connection, wanted: list[int]) -> dict[int, int]:
    """The time of the newest location of each thing that there is; one before any time where it
    has none."""
    known = select(things.c.id).where(things.c.id.in_(wanted))
    newest = {thing: -(2**62) for (thing,) in fetch(connection, known)}
    table = historical_locations
    latest = func.max(table.c.time)
    chosen = select(table.c.thing, latest).where(table.c.thing.in_(newest)).group_by(table.c.thing)
    return newest | dict(fetch(connection, chosen))


def _location(number: int, move: Move) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"{move.lat:.6f}, {move.lon:.6f}",
        "description": "",
        "encoding_type": "application/geo+json",
        "location": {"type": "Point", "coordinates": [move.lon, move.lat]},
        "lon": move.lon,
        "lat": move.lat,
    }
