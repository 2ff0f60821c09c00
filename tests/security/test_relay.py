"""The relay brings every event to each consumer of its topic once, in order, and lets some
gather."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Thread

import pytest
from sqlalchemy import Connection

from yiwang.contracts.events import CaseChanged, NoticesSent
from yiwang.kernel.clock import SECOND, ManualClock
from yiwang.security.actions import Caller, Context
from yiwang.security.model import system
from yiwang.security.relay import BATCH, SKIP, Consumer, Fed, Feed, Feeds, Handle, Relay
from yiwang.store import outbox
from yiwang.store.database import Database

CHANGED, SENT = CaseChanged.topic, NoticesSent.topic


class _Seen:
    """What two consumers saw: one of them lets events gather for a second."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock(1000 * SECOND)
        self.quick: list[int] = []
        self.slow: list[list[int]] = []
        self.sent: list[str] = []
        self.fails = False
        self.relay = Relay(
            Caller(system("relay"), database, self.clock),
            [
                Consumer("quick", (CHANGED,), self._quick),
                Consumer("slow", (CHANGED,), self._slow, gathers=1.0),
                Consumer(
                    "sent", (SENT,), lambda _, all_: self.sent.extend(one.topic for one in all_)
                ),
            ],
        )

    def change(self, *numbers: int) -> None:
        with self.database.write() as connection:
            outbox.put(connection, [CaseChanged(no, "x", "y", "new", 0) for no in numbers], 0)

    def gathered(self) -> None:
        while self.relay._pass(gathering=True):
            pass

    def _quick(self, ctx: Context, all_: list[outbox.Delivery]) -> None:
        if self.fails:
            raise RuntimeError("not now")
        self.quick += [one.body["case"] for one in all_]
        ctx.emit(NoticesSent([]))

    def _slow(self, ctx: Context, all_: list[outbox.Delivery]) -> None:
        self.slow.append([one.body["case"] for one in all_])


@pytest.fixture
def seen(database: Database) -> _Seen:
    return _Seen(database)


def test_the_first_event_does_not_wait_and_those_behind_it_gather(seen: _Seen) -> None:
    seen.change(1)
    seen.gathered()
    assert (seen.quick, seen.slow) == ([1], [[1]])
    seen.change(2)
    seen.gathered()
    seen.change(3)
    seen.gathered()
    assert (seen.quick, seen.slow) == ([1, 2, 3], [[1]])
    seen.clock.advance(SECOND)
    seen.gathered()
    assert seen.slow == [[1], [2, 3]]
    assert seen.sent == [SENT] * 3, "what consumers emit is brought on"


def test_who_asks_for_all_waits_for_nothing(seen: _Seen) -> None:
    seen.change(1)
    assert seen.relay.drain() == 3
    seen.change(2, 3)
    assert seen.relay.drain() == 5
    assert (seen.quick, seen.slow, seen.relay.drain()) == ([1, 2, 3], [[1], [2, 3]], 0)


def test_what_failed_is_brought_again_and_once(seen: _Seen) -> None:
    seen.change(1, 2)
    seen.fails = True
    with pytest.raises(RuntimeError):
        seen.relay.drain()
    seen.fails = False
    seen.relay.drain()
    assert (seen.quick, seen.slow) == ([1, 2], [[1, 2]])


def test_those_that_gather_share_a_transaction_and_no_failure(
    database: Database, caller_for: Callable[..., Caller]
) -> None:
    seen: dict[str, list[int]] = {"first": [], "last": []}

    def keep(name: str) -> Callable[[Context, list[outbox.Delivery]], None]:
        def handle(ctx: Context, all_: list[outbox.Delivery]) -> None:
            ctx.emit(NoticesSent([name]))
            seen[name] += [one.body["case"] for one in all_]

        return handle

    def fail(_: Context, __: list[outbox.Delivery]) -> None:
        if failing:
            raise RuntimeError("not now")

    failing = False
    handles = {"first": keep("first"), "broken": fail, "last": keep("last")}
    consumers = [
        Consumer(name, (CHANGED,), handle, gathers=1.0, most=2) for name, handle in handles.items()
    ]
    relay = Relay(caller_for("system"), consumers)

    def change(*numbers: int) -> None:
        with database.write() as connection:
            outbox.put(connection, [CaseChanged(no, "x", "y", "new", 0) for no in numbers], 0)

    change(1, 2, 3)
    while relay._pass(gathering=True):
        pass
    assert seen == {"first": [1, 2, 3], "last": [1, 2, 3]}, "a full batch does not wait"
    failing = True
    change(4)
    with pytest.raises(RuntimeError):
        relay.drain()
    with database.read() as connection:
        places = [outbox.place(connection, name) for name in handles]
        emitted = outbox.pending(connection, "nobody", (SENT,))
    assert places[0] > places[1] == places[2], "the one before goes on, those behind wait"
    failing = False
    assert relay.drain() == 2 and seen["last"] == [1, 2, 3, 4]
    assert [one.body["users"] for one in emitted].count(["first"]) == 3, "what failed left nothing"


def test_more_than_a_batch_is_brought_whole(seen: _Seen) -> None:
    seen.change(*range(BATCH + 5))
    seen.relay.drain()
    assert seen.quick == list(range(BATCH + 5))


def test_who_is_not_concerned_does_not_stay_behind(
    seen: _Seen, database: Database, caller_for: Callable[..., Caller]
) -> None:
    """Else what it never asks for could not be pruned."""
    seen.change(*range(SKIP + 1))
    idle = Relay(caller_for("system"), [Consumer("sent", (SENT,), lambda _, __: None)])
    idle.drain()
    with database.read() as connection:
        assert outbox.place(connection, "sent") > SKIP


def test_those_that_are_only_moved_share_a_turn_of_the_writer(
    seen: _Seen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a", "b", "c"]
    idle = Relay(
        Caller(system("relay"), database, seen.clock),
        [Consumer(name, (SENT,), lambda _, __: None) for name in names],
    )
    turns: list[bool] = []
    write = database.write

    def counted(lasting: bool = True) -> AbstractContextManager[Connection]:
        turns.append(lasting)
        return write(lasting)

    seen.change(*range(SKIP + 1))
    idle.drain()
    seen.change(*range(SKIP))
    monkeypatch.setattr(database, "write", counted)
    idle.drain()
    assert turns == [False]
    with database.read() as connection:
        assert all(outbox.place(connection, name) > 2 * SKIP for name in names)


def test_what_is_prepared_is_read_before_the_writers_turn(
    database: Database, caller_for: Callable[..., Caller]
) -> None:
    """Others write meanwhile; where one of them moves the consumer, what was read is no more
    used."""
    handled: list[tuple[str, list[int]]] = []
    moved: list[int] = []

    def numbers(all_: list[outbox.Delivery]) -> list[int]:
        return [one.body["case"] for one in all_]

    def meanwhile() -> None:
        with database.write() as connection:
            for place in moved:
                outbox.advance(connection, "told", place)

    def prepare(ctx: Context, all_: list[outbox.Delivery]) -> Callable[[Context], None]:
        assert not ctx.writes
        other = Thread(target=meanwhile)
        other.start()
        other.join(20)
        assert not other.is_alive(), "the writer's turn is free"
        read = numbers(all_)

        def write(ctx: Context) -> None:
            assert ctx.writes
            handled.append(("prepared", read))

        return write

    def handle(_: Context, all_: list[outbox.Delivery]) -> None:
        handled.append(("at once", numbers(all_)))

    relay = Relay(caller_for("system"), [Consumer("told", (CHANGED,), handle, prepare=prepare)])

    def change(*numbers: int) -> None:
        with database.write() as connection:
            outbox.put(connection, [CaseChanged(no, "x", "y", "new", 0) for no in numbers], 0)

    change(1, 2)
    assert relay.drain() == 2
    with database.read() as connection:
        moved.append(outbox.newest(connection) + 1)
    change(3, 4)
    assert relay.drain() == 1
    assert handled == [("prepared", [1, 2]), ("at once", [4])]


class _Away:
    """A relay of the same database that feeds what another asks it to."""

    def __init__(self, database: Database, consumers: list[Consumer]) -> None:
        self.asked: list[Feed] = []
        self.works = True
        self._relay = Relay(Caller(system("relay"), database, ManualClock(0)), consumers)
        self._relay.begin()

    def feeds(self) -> Feeds | None:
        return self._feed if self.works else None

    def _feed(self, asked: Feed) -> Fed:
        self.asked.append(asked)
        return self._relay.prepared(asked)()


def _places(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {name: outbox.place(connection, name) for name in ("told", "results", "here")}


def test_what_may_be_fed_anywhere_is_fed_elsewhere(database: Database) -> None:
    told: list[int] = []
    results: list[tuple[str, int]] = []
    here: list[str] = []

    def keep(where: str) -> Handle:
        def handle(ctx: Context, all_: list[outbox.Delivery]) -> None:
            results.extend((where, one.body["case"]) for one in all_)
            ctx.emit(NoticesSent([]))

        return handle

    def consumers(where: str) -> list[Consumer]:
        tells = Consumer(
            "told",
            (CHANGED,),
            lambda _, all_: told.extend(one.body["case"] for one in all_),
            gathers=0.1,
            most=9,
            reads=True,
        )
        kept = Consumer("results", (CHANGED,), keep(where), gathers=0.1, most=9, anywhere=True)
        own = Consumer("here", (SENT,), lambda _, all_: here.extend(one.topic for one in all_))
        return [tells, kept, own] if where == "here" else [kept]

    clock = ManualClock(0)
    relay = Relay(Caller(system("relay"), database, clock), consumers("here"))
    away = _Away(database, relay.anywhere[1] and consumers("there"))
    relay.feed_away(away.feeds)

    def change(*numbers: int) -> None:
        with database.write() as connection:
            outbox.put(connection, [CaseChanged(no, "x", "y", "new", 0) for no in numbers], 0)
        relay.drain()

    change(1, 2)
    assert results == [("there", 1), ("there", 2)] and told == [1, 2] and here == [SENT]
    assert [one.names for one in away.asked] == [("results",)]
    assert _places(database) == {"told": 2, "results": 2, "here": 3}
    away.works = False
    change(4)
    assert results[2:] == [("here", 4)] and told == [1, 2, 4]
    away.works = True
    relay.feed_here()
    change(6)
    assert results[3:] == [("here", 6)] and len(away.asked) == 1


def test_who_only_reads_hears_again_what_it_was_told_before_a_crash(database: Database) -> None:
    told: list[int] = []

    def relay() -> Relay:
        handle: Handle = lambda _, all_: told.extend(one.id for one in all_)  # noqa: E731
        other: Handle = lambda _, __: None  # noqa: E731
        made = [
            Consumer("told", (CHANGED,), handle, reads=True),
            Consumer("here", (SENT,), other),
        ]
        return Relay(Caller(system("relay"), database, ManualClock(0)), made)

    first = relay()
    with database.write() as connection:
        outbox.put(connection, [CaseChanged(1, "x", "y", "new", 0)], 0)
    first.drain()
    first.drain()
    assert told == [1] and _places(database)["told"] == 0
    relay().drain()
    assert told == [1, 1]
    with database.write() as connection:
        outbox.put(connection, [NoticesSent([])], 0)
    first.drain()
    relay().drain()
    assert told == [1, 1] and _places(database)["told"] == 1


def test_who_only_reads_cannot_announce_anything(database: Database) -> None:
    def announces(ctx: Context, _: object) -> None:
        ctx.emit(CaseChanged(1, "x", "y", "new", 0))

    made = [Consumer("told", (CHANGED,), announces, reads=True)]
    with database.write() as connection:
        outbox.put(connection, [CaseChanged(1, "x", "y", "new", 0)], 0)
    with pytest.raises(RuntimeError, match="told only reads"):
        Relay(Caller(system("relay"), database, ManualClock(0)), made).drain()
