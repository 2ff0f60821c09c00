"""The relay: carries events from the outbox to the consumers of ``app.py``'s wiring table.

A consumer's effects and its place in the outbox are one transaction: each event has its
effects exactly once, in order, whatever crashes when.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yiwang.security.actions import Caller, Context
from yiwang.store import outbox

_log = logging.getLogger(__name__)

BATCH = 2000
RETRY_S = 1.0
GATHERS_S = 0.2
"""For consumers of events that come with every step of a case."""
SKIP = 1000
"""Events of others' topics behind which a consumer is moved, so that it neither looks over them
again and again nor keeps them from being pruned."""


@dataclass(frozen=True)
class Consumer:
    """``handle`` gets the next events of its topics, oldest first, inside a transaction. While
    there are ever more, they gather for ``gathers`` seconds: a batch costs less than its events
    one by one, and the first of them does not wait."""

    name: str
    topics: tuple[str, ...]
    handle: Callable[[Context, list[outbox.Delivery]], None]
    gathers: float = 0.0


class Relay:
    def __init__(self, caller: Caller, consumers: Sequence[Consumer]) -> None:
        self._caller = caller
        self._consumers = consumers
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = 0
        self._behind = {one.name for one in consumers}
        """Consumers for which something may wait."""
        self._fed: dict[str, float] = {}

    def drain(self) -> int:
        """Deliver until nothing waits; returns how many deliveries were made."""
        total = 0
        while moved := self._pass(gathering=False):
            total += moved
        return total

    def _pass(self, gathering: bool) -> int:
        """Feed the consumers for which there is something; ``gathering``: those alone that have
        let it gather."""
        newest = self._look()
        now = self._caller.clock.monotonic()
        moved = 0
        for one in self._consumers:
            if one.name not in self._behind:
                continue
            if gathering and now - self._fed.get(one.name, -math.inf) < one.gathers:
                continue
            count = self._feed(one, newest)
            moved += count
            if count:
                self._fed[one.name] = now
            if count < BATCH:
                self._behind.discard(one.name)
        return moved

    def _look(self) -> int:
        """See what is new, and for whom; returns the number of the newest event."""
        with self._caller.database.read() as connection:
            newest = outbox.newest(connection)
            if newest == self._seen:
                return newest
            topics = outbox.topics_behind(connection, self._seen)
        skips = newest // SKIP != self._seen // SKIP
        self._seen = newest
        self._behind |= {
            one.name for one in self._consumers if skips or topics.intersection(one.topics)
        }
        return newest

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was committed: look now."""
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                while self._pass(gathering=True):
                    pass
                self._wake.wait(0.05)
            except Exception:
                _log.exception("delivery failed; it is tried again")
                self._stop.wait(RETRY_S)
            self._wake.clear()

    def _feed(self, consumer: Consumer, newest: int) -> int:
        database = self._caller.database
        with database.read() as connection:
            waits = outbox.pending(connection, consumer.name, consumer.topics, 1)
            if not waits and newest - outbox.place(connection, consumer.name) < SKIP:
                return 0
        with database.write() as connection:
            deliveries = outbox.pending(connection, consumer.name, consumer.topics, BATCH)
            if not deliveries:
                outbox.advance(connection, consumer.name, newest)
                return 0
            context = Context(self._caller, connection)
            consumer.handle(context, deliveries)
            outbox.put(connection, context.events, self._caller.clock.now())
            outbox.advance(connection, consumer.name, deliveries[-1].id)
        return len(deliveries)
