"""The relay: carries events from the outbox to the consumers of ``app.py``'s wiring table.

A consumer's effects and its place in the outbox are one transaction: each event has its
effects exactly once, in order, whatever crashes when.
"""

from __future__ import annotations

import logging
import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection

from yiwang.security.actions import Caller, Context
from yiwang.security.model import Identity
from yiwang.store import outbox

_log = logging.getLogger(__name__)

BATCH = 2000
RETRY_S = 1.0
GATHERS_S = 0.4
"""For consumers of events that come with every step of a case."""
GATHERED = 500
"""Events in one transaction of such a consumer: what people do waits behind it."""
HELD = 4 * BATCH
"""So many of the newest events are held in memory: read once for all consumers."""
SKIP = 1000
"""Events of others' topics behind which a consumer is moved, so that it neither looks over them
again and again nor keeps them from being pruned."""


Handle = Callable[[Context, list[outbox.Delivery]], None]
Write = Callable[[Context], None]


@dataclass(frozen=True)
class Consumer:
    """``handle`` gets the next events of its topics, oldest first, inside a transaction. While
    there are ever more, they gather for ``gathers`` seconds: a batch costs less than its events
    one by one, and the first of them does not wait. At most ``most`` come in one transaction.

    ``prepare`` stands in for ``handle`` where most of the work is reading: it reads in a
    transaction of its own, before the writer's turn, and gives what then writes.

    ``reads``: it writes nothing, so that it needs no turn of the writer; its place is kept when
    others write, and after a new start it may hear the last events again. ``anywhere``: it works
    with the database and a home's files alone, and may be fed in another process."""

    name: str
    topics: tuple[str, ...]
    handle: Handle
    gathers: float = 0.0
    most: int = BATCH
    prepare: Callable[[Context, list[outbox.Delivery]], Write] | None = None
    reads: bool = False
    anywhere: bool = False


class Feed(NamedTuple):
    """That some consumers be fed and others moved behind an event, in one transaction."""

    names: tuple[str, ...]
    moves: dict[str, int]


Fed = dict[str, tuple[int, int]]
"""By the names of consumers: behind which event each stands then, and how many it got."""
Feeds = Callable[[Feed], Fed]


class Relay:
    def __init__(self, caller: Caller, consumers: Sequence[Consumer]) -> None:
        self._caller = caller
        self._consumers = consumers
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._passing = threading.RLock()
        self._seen = 0
        self._held: list[outbox.Delivery] = []
        """The newest events, all behind number ``_from``."""
        self._from = 0
        self._behind = {one.name for one in consumers}
        """Consumers for which something may wait."""
        self._at: dict[str, int] = {}
        """Where each consumer stood when it was last fed."""
        self._unkept: dict[str, int] = {}
        """Where those stand that only read, and it is not in the database yet."""
        self._fed: dict[str, float] = {}
        self._away: Callable[[], Feeds | None] = _nowhere

    @property
    def anywhere(self) -> tuple[Identity, list[Consumer]]:
        """As whom, and which consumers, a relay in another process may feed."""
        return self._caller.identity, [one for one in self._consumers if one.anywhere]

    def feed_away(self, away: Callable[[], Feeds | None]) -> None:
        """Have those consumers that may be fed anywhere fed by what ``away`` gives, as long as it
        gives something."""
        self._away = away

    def feed_here(self) -> None:
        """From now on; returns when nothing is under way elsewhere."""
        self._away = _nowhere
        with self._passing:
            pass

    def begin(self) -> None:
        """Hold what comes from now on, for ``prepared``."""
        with self._caller.database.read() as connection:
            self._seen = self._from = outbox.newest(connection)

    def prepared(self, asked: Feed) -> Callable[[], Fed]:
        """What the relay of another process asks for (``feed_away``), up to the writer's turn."""
        newest = self._look()
        chosen = [one for one in self._consumers if one.name in asked.names]
        return self._prepared(chosen, newest, asked.moves)

    def drain(self) -> int:
        """Deliver until nothing waits; returns how many deliveries were made."""
        total = 0
        while moved := self._pass(gathering=False):
            total += moved
        return total

    def _pass(self, gathering: bool) -> int:
        """Feed the consumers for which there is something; ``gathering``: those alone that have
        let it gather, or have as much as they take at once."""
        with self._passing:
            newest = self._look()
            now = self._caller.clock.monotonic()
            moved = 0
            for group in self._due(now if gathering else math.inf):
                for one, count in self._feed(group, newest):
                    moved += count
                    if count:
                        self._fed[one.name] = now if count < one.most else -math.inf
                    if count < one.most:
                        self._behind.discard(one.name)
            return moved

    def _due(self, now: float) -> list[list[Consumer]]:
        """Whom to feed, in their order, those of one transaction together: all that let events
        gather and take few, and those that are only moved, so that they have one turn of the
        writer and not one each."""
        due = [
            one
            for one in self._consumers
            if one.name in self._behind and now - self._fed.get(one.name, -math.inf) >= one.gathers
        ]
        together = [
            one for one in due if (one.gathers and one.most <= GATHERED) or self._is_moved(one)
        ]
        alone = [[one] for one in due if one not in together]
        return [*alone, together] if together else alone

    def _look(self) -> int:
        """See what is new, and for whom; returns the number of the newest event."""
        with self._caller.database.read() as connection:
            newest = outbox.newest(connection)
            if newest == self._seen:
                return newest
            fresh = outbox.behind(connection, max(self._seen, newest - HELD), newest)
            topics = {one.topic for one in fresh}
            if newest - HELD > self._seen:
                topics = outbox.topics_behind(connection, self._seen)
                self._held, self._from = [], newest - HELD
        self._held += fresh
        if len(self._held) > 2 * HELD:
            self._from = self._held[-HELD - 1].id
            del self._held[:-HELD]
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

    def _feed(self, group: list[Consumer], newest: int) -> list[tuple[Consumer, int]]:
        """Feed consumers in one transaction; how many events each got. Where one of several
        fails, each has a transaction of its own, so that those before it go on."""
        ready = [one for one in group if self._waits(one, newest)]
        try:
            fed = {one.name: self._read(one, newest) for one in ready if one.reads}
            if writing := [one for one in ready if not one.reads]:
                fed |= self._elsewhere(writing, newest) or self._here(writing, newest)
                self._unkept.clear()
        except Exception:
            if len(ready) == 1:
                raise
            return [pair for one in group for pair in self._feed([one], newest)]
        self._at |= {name: last for name, (last, _) in fed.items()}
        return [(one, fed[one.name][1] if one.name in fed else 0) for one in group]

    def _here(self, ready: Sequence[Consumer], newest: int) -> Fed:
        return self._prepared(ready, newest, self._unkept)()

    def _prepared(
        self, ready: Sequence[Consumer], newest: int, moves: Mapping[str, int]
    ) -> Callable[[], Fed]:
        handles = {one.name: self._handle(one) for one in ready}

        def feed() -> Fed:
            with self._caller.database.write(lasting=False) as connection:
                for name, last in moves.items():
                    outbox.advance(connection, name, last)
                return {
                    one.name: self._give(connection, one, handles[one.name], newest)
                    for one in ready
                }

        return feed

    def _elsewhere(self, ready: Sequence[Consumer], newest: int) -> Fed | None:
        """Feed consumers in another process, where there is one and all others of them are only
        moved. None if that is not so."""
        names = tuple(one.name for one in ready if one.anywhere)
        moved = {one.name: newest for one in ready if not one.anywhere and self._is_moved(one)}
        feeds = self._away() if names and len(names) + len(moved) == len(ready) else None
        if feeds is None:
            return None
        fed = feeds(Feed(names, self._unkept | moved))
        return {name: (last, 0) for name, last in moved.items()} | fed

    def _read(self, consumer: Consumer, newest: int) -> tuple[int, int]:
        """Give a consumer that only reads its next events."""
        with self._caller.database.read() as connection:
            deliveries = self._next(connection, consumer)
            if deliveries:
                context = Context(self._caller, connection, writes=False)
                consumer.handle(context, deliveries)
                if context.events:
                    raise RuntimeError(f"{consumer.name} only reads: its own events would be lost")
        last = deliveries[-1].id if deliveries else newest
        self._at[consumer.name] = self._unkept[consumer.name] = last
        return last, len(deliveries)

    def _waits(self, consumer: Consumer, newest: int) -> bool:
        """Whether there is anything for a consumer, or so much for others that it is moved."""
        at = self._at.get(consumer.name)
        if at is None or at < self._from:
            with self._caller.database.read() as connection:
                at = self._place(connection, consumer)
                waits = bool(outbox.of_topics(connection, at, consumer.topics, 1))
        else:
            waits = bool(self._waiting(consumer, at, 1))
        return waits or newest - at >= SKIP

    def _is_moved(self, consumer: Consumer) -> bool:
        """Whether it is known that there is nothing for a consumer."""
        at = self._at.get(consumer.name, -1)
        return at >= self._from and not self._waiting(consumer, at, 1)

    def _handle(self, consumer: Consumer) -> Handle:
        """What handles the next events of a consumer, prepared where it can be."""
        prepare = consumer.prepare
        if prepare is None:
            return consumer.handle
        with self._caller.database.read() as connection:
            read = self._next(connection, consumer)
            write = prepare(Context(self._caller, connection, writes=False), read)

        def handle(ctx: Context, deliveries: list[outbox.Delivery]) -> None:
            if deliveries == read:
                write(ctx)
            else:  # somebody else has moved the consumer meanwhile
                consumer.handle(ctx, deliveries)

        return handle

    def _give(
        self, connection: Connection, consumer: Consumer, handle: Handle, newest: int
    ) -> tuple[int, int]:
        """Feed one consumer in a transaction: where it stands then, and how many it got. What it
        does lasts as its place does: lost with the power, it is done again."""
        deliveries = self._next(connection, consumer)
        last = deliveries[-1].id if deliveries else newest
        if deliveries:
            context = Context(self._caller, connection)
            handle(context, deliveries)
            outbox.put(connection, context.events, self._caller.clock.now())
        outbox.advance(connection, consumer.name, last)
        return last, len(deliveries)

    def _next(self, connection: Connection, consumer: Consumer) -> list[outbox.Delivery]:
        at = self._place(connection, consumer)
        if at < self._from:
            return outbox.of_topics(connection, at, consumer.topics, consumer.most)
        return self._waiting(consumer, at, consumer.most)

    def _place(self, connection: Connection, consumer: Consumer) -> int:
        unkept = self._unkept.get(consumer.name)
        return outbox.place(connection, consumer.name) if unkept is None else unkept

    def _waiting(self, consumer: Consumer, at: int, most: int) -> list[outbox.Delivery]:
        """The next events for a consumer behind its place ``at``, of those that are held."""
        first = bisect_right(self._held, at, key=attrgetter("id"))
        behind = islice(self._held, first, None)
        return list(islice((one for one in behind if one.topic in consumer.topics), most))


def _nowhere() -> None:
    return None
