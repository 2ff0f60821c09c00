"""The watch over all devices: who is online and who is silent, kept as it changes.

A sweep compares the health of every device with what is on record and appends the changes,
in one batch; over 237,000 devices that is a few milliseconds of array work. While the
platform was down nobody listened: that time counts for nobody, and a silence is counted from
the start of listening.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select, update

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock as time
from yiwang.security.actions import Caller
from yiwang.sensing.fleet import online
from yiwang.sensing.fleet.model import ABSENT
from yiwang.sensing.fleet.tables import device_states, device_watch
from yiwang.sensing.health import Condition, Health, Index
from yiwang.sensing.store import fetch, insert_rows
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

EVERY = 30 * time.SECOND
GAP = 5 * time.MINUTE
"""A platform that was away for longer has missed something."""
_SILENT, _NEVER = 1, 2
_PAUSE_S = 1.0


class Recorded:
    """The state of every device that is on record, in the order of its thing."""

    def __init__(self, thing: Ints, state: Ints, at: Ints) -> None:
        self.thing = thing
        self.state = state
        self.at = at

    def of(self, things: Ints) -> tuple[Ints, Ints]:
        """State and since when, of some things; ABSENT and 0 where nothing is on record."""
        if not len(self.thing):
            return np.full(len(things), ABSENT), np.zeros(len(things), np.int64)
        place = np.minimum(np.searchsorted(self.thing, things), len(self.thing) - 1)
        there = self.thing[place] == things
        return np.where(there, self.state[place], ABSENT), np.where(there, self.at[place], 0)

    def take(self, thing: Ints, state: Ints, at: Ints) -> None:
        """Changes, of things in rising order."""
        known = np.isin(thing, self.thing)
        place = np.searchsorted(self.thing, thing[known])
        self.state[place], self.at[place] = state[known], at[known]
        if known.all():
            return
        things = np.concatenate((self.thing, thing[~known]))
        order = np.argsort(things, kind="stable")
        self.state = np.concatenate((self.state, state[~known]))[order]
        self.at = np.concatenate((self.at, at[~known]))[order]
        self.thing = things[order]


class Watch:
    """``start`` sweeps in a thread of its own; ``sweep`` is one look, for tests. What else
    belongs to a look is handed in as ``then``."""

    def __init__(
        self, caller: Caller, health: Health, then: Sequence[Callable[[Watch], None]] = ()
    ) -> None:
        self.caller = caller
        self.since = 0
        """When the watch that is going on began; a silence before it is nobody's."""
        self.index: Index | None = None
        self.condition: Condition | None = None
        self.recorded = Recorded(*(np.zeros(0, np.int64) for _ in range(3)))
        self._health = health
        self._then = then
        self._row = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last = 0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            try:
                if self.caller.clock.now() - self._last >= EVERY:
                    self.sweep()
            except Exception:
                _log.exception("the watch over devices failed; it is tried again")

    def sweep(self) -> None:
        """Look at every device now and put on record what has changed."""
        now = self._last = self.caller.clock.now()
        self._listen(now)
        index, found = self._health.examine(now)
        self.index, self.condition = index, found
        self._record(index, found, now)
        for one in self._then:
            one(self)

    @property
    def _database(self) -> Database:
        return self.caller.database

    # When somebody listens

    def _listen(self, now: int) -> None:
        if not self._row:
            self._resume(now)
        with self._database.write() as connection:
            mine = device_watch.c.id == self._row
            connection.execute(update(device_watch).where(mine).values(until=now))

    def _resume(self, now: int) -> None:
        """Go on with the last watch if it ended just now, else begin another; and remember
        what is on record."""
        newest = select(device_watch).order_by(device_watch.c.id.desc()).limit(1)
        with self._database.write() as connection:
            row = connection.execute(newest).first()
            if row is not None and 0 <= now - row.until <= GAP:
                self._row, self.since = row.id, row.since
            else:
                begin = insert(device_watch).values(since=now, until=now)
                made = connection.execute(begin.returning(device_watch.c.id))
                self._row, self.since = made.scalar_one(), now
            self.recorded = Recorded(*_last(connection))

    # What has changed

    def _record(self, index: Index, found: Condition, now: int) -> None:
        before, at = self.recorded.of(index.thing)
        state = self._states(index, found, before, at, now)
        gone = self.recorded.thing[
            (self.recorded.state != ABSENT) & ~np.isin(self.recorded.thing, index.thing)
        ]
        changed = np.flatnonzero(state != before)
        when = self._when(index, found, state, now)[changed]
        things = np.concatenate((index.thing[changed], gone))
        states = np.concatenate((state[changed], np.full(len(gone), ABSENT)))
        befores = np.concatenate((before[changed], self.recorded.of(gone)[0]))
        since = np.concatenate((at[changed], self.recorded.of(gone)[1]))
        instants = np.concatenate((when, np.full(len(gone), now)))
        instants = np.maximum(np.minimum(instants, now), since + 1)
        if not len(things):
            return
        order = np.argsort(things, kind="stable")
        columns = [one[order] for one in (things, instants, states, befores)]
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        with self._database.write() as connection:
            insert_rows(connection, device_states, ("thing", "at", "state", "before"), rows)
            online.forget(connection, int(columns[1].min()))
        self.recorded.take(columns[0], columns[2], columns[1])

    def _states(self, index: Index, found: Condition, before: Ints, at: Ints, now: int) -> Ints:
        """Online, silent or never heard. A device that was not heard of since the watch began
        keeps its state until it has been unheard for as long as its kind allows."""
        heard = found.seen > 0
        quiet = now - np.maximum(found.seen, self.since) > index.silent_after
        fresh = now - found.seen <= index.silent_after
        kept = np.where(before == 0, 0, _SILENT)
        state = np.where(fresh, 0, np.where(quiet, _SILENT, kept))
        return np.where(heard, state, _NEVER).astype(np.int64)

    def _when(self, index: Index, found: Condition, state: Ints, now: int) -> Ints:
        """A silence began when the time that the kind allows was over; a device is online from
        when it was heard of, which is known to a sweep."""
        silent = np.maximum(found.seen, self.since) + index.silent_after
        never = np.maximum(index.created, self.since)
        online = np.where(found.seen > 0, np.maximum(found.seen, self.since), now)
        return np.where(state == _SILENT, silent, np.where(state == _NEVER, never, online))


def _last(connection: Any) -> tuple[Ints, Ints, Ints]:
    """Thing, state and since when of every device that is on record."""
    newest = (
        select(device_states.c.thing, func.max(device_states.c.at).label("at"))
        .group_by(device_states.c.thing)
        .subquery()
    )
    same = (device_states.c.thing == newest.c.thing) & (device_states.c.at == newest.c.at)
    columns = (device_states.c.thing, device_states.c.state, device_states.c.at)
    chosen = select(*columns).join(newest, same).order_by(device_states.c.thing)
    rows = np.array(fetch(connection, chosen), np.int64).reshape(-1, 3)
    return rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy()
