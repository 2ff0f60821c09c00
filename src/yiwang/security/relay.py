"""The relay: carries events from the outbox to the consumers of ``app.py``'s wiring table.

A consumer's effects and its place in the outbox are one transaction: each event has its
effects exactly once, in order, whatever crashes when.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yiwang.security.actions import Caller, Context
from yiwang.store import outbox

_log = logging.getLogger(__name__)

BATCH = 2000
RETRY_S = 1.0
SKIP = 1000
"""Events of others' topics behind which a consumer is moved, so that it neither looks over them
again and again nor keeps them from being pruned."""


@dataclass(frozen=True)
class Consumer:
    """``handle`` gets the next events of its topics, oldest first, inside a transaction."""

    name: str
    topics: tuple[str, ...]
    handle: Callable[[Context, list[outbox.Delivery]], None]


class Relay:
    def __init__(self, caller: Caller, consumers: Sequence[Consumer]) -> None:
        self._caller = caller
        self._consumers = consumers
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = -1

    def drain(self) -> int:
        """Deliver until nothing waits; returns how many deliveries were made."""
        total = 0
        while True:
            newest = self._newest()
            if newest == self._seen:
                return total
            moved = sum(self._feed(consumer, newest) for consumer in self._consumers)
            total += moved
            if not moved:
                self._seen = newest
                return total

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
                self.drain()
                self._wake.wait(0.05)
            except Exception:
                _log.exception("delivery failed; it is tried again")
                self._stop.wait(RETRY_S)
            self._wake.clear()

    def _newest(self) -> int:
        with self._caller.database.read() as connection:
            return outbox.newest(connection)

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
