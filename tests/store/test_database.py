"""The operational store, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text

import yiwang.app
import yiwang.cases.importing.tables  # noqa: F401
from yiwang.kernel.clock import ManualClock
from yiwang.security.actions import Caller, Context
from yiwang.security.relay import SKIP, Consumer, Relay
from yiwang.store import outbox
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database, metadata
from yiwang.store.errors import HomeInUse, HomeNewer
from yiwang.store.home import Home
from yiwang.store.migrate import migrate


@dataclass(frozen=True)
class Happened:
    topic: ClassVar[str] = "test.happened"
    number: int


def _is_declared(name: str | None, kind: str, _: object) -> bool:
    """SQLite's full-text tables have no declaration."""
    return not (kind == "table" and name is not None and name.startswith("case_words"))


def test_migrations_make_the_tables_that_the_code_declares(database: Database) -> None:
    with database.read() as connection:
        opts = {"compare_type": False, "include_name": _is_declared}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_a_home_from_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    shown = text("SELECT version_num FROM alembic_version")
    put = text("UPDATE alembic_version SET version_num = :version")
    with database.write() as connection:
        own = connection.execute(shown).scalar()
        connection.execute(put, {"version": "9999"})
    with pytest.raises(HomeNewer) as caught:
        migrate(database)
    assert "9999" in str(caught.value)
    with database.write() as connection:
        found = connection.execute(shown).scalar()
        connection.execute(put, {"version": own})
    assert found == "9999"


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        outbox.put(connection, [Happened(1)], 0)
        _ = 1 / 0
    with database.read() as connection:
        assert outbox.pending(connection, "c", ["test.happened"]) == []


def test_each_event_has_its_effects_once_though_the_consumer_fails_midway(
    system_caller: Caller,
) -> None:
    seen: list[int] = []
    failures = [2, 5]

    def handle(ctx: Context, deliveries: list[outbox.Delivery]) -> None:
        for delivery in deliveries:
            number = delivery.body["number"]
            if number in failures:
                failures.remove(number)
                raise RuntimeError("scripted failure")
            ctx.emit(Effect(number))

    def effects(ctx: Context, deliveries: list[outbox.Delivery]) -> None:
        seen.extend(delivery.body["number"] for delivery in deliveries)

    consumers = [
        Consumer("first", ("test.happened",), handle),
        Consumer("second", ("test.effect",), effects),
    ]
    relay = Relay(system_caller, consumers)
    with system_caller.database.write() as connection:
        outbox.put(connection, [Happened(number) for number in range(8)], 0)
    for _ in range(3):
        try:
            relay.drain()
        except RuntimeError:
            assert seen == []
    assert seen == list(range(8))


@dataclass(frozen=True)
class Effect:
    topic: ClassVar[str] = "test.effect"
    number: int


def test_another_process_that_writes_makes_a_writer_wait_not_fail(sqlite: Database) -> None:
    other = Database(str(sqlite.engine.url))
    go, done = threading.Event(), threading.Event()

    def hold() -> None:
        with other.write() as connection:
            outbox.put(connection, [Happened(1)], 0)
            go.set()
            done.wait(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    go.wait(5)
    with sqlite.write() as connection:
        before = outbox.place(connection, "c")
        outbox.advance(connection, "c", before + 1)
    holder.join()
    with sqlite.read() as connection:
        assert outbox.place(connection, "c") == 1
        assert [d.body["number"] for d in outbox.pending(connection, "d", ["test.happened"])] == [1]
    other.close()


def test_a_consumer_of_rare_topics_moves_past_the_events_of_others(system_caller: Caller) -> None:
    def nothing(ctx: Context, deliveries: list[outbox.Delivery]) -> None:
        return None

    relay = Relay(system_caller, [Consumer("rare", ("test.effect",), nothing)])
    with system_caller.database.write() as connection:
        outbox.put(connection, [Happened(number) for number in range(SKIP + 1)], 0)
    relay.drain()
    with system_caller.database.read() as connection:
        assert outbox.place(connection, "rare") == SKIP + 1


def test_prune_keeps_what_a_consumer_has_not_seen(database: Database) -> None:
    with database.write() as connection:
        outbox.put(connection, [Happened(1), Happened(2)], 10)
        outbox.advance(connection, "slow", 1)
        assert outbox.prune(connection, 100) == 1
        assert [
            d.body["number"] for d in outbox.pending(connection, "slow", ["test.happened"])
        ] == [2]


def test_prune_keeps_what_is_young(database: Database) -> None:
    with database.write() as connection:
        for number, at in enumerate((10, 20, 100, 200), 1):
            outbox.put(connection, [Happened(number)], at)
        outbox.advance(connection, "all", outbox.newest(connection))
        assert [outbox.prune(connection, at) for at in (10, 100, 100)] == [0, 2, 0]
        left = outbox.behind(connection, 0, outbox.newest(connection))
    assert [delivery.body["number"] for delivery in left] == [3, 4]


def test_no_number_is_given_twice_after_everything_was_delivered(database: Database) -> None:
    with database.write() as connection:
        outbox.put(connection, [Happened(1), Happened(2)], 10)
        outbox.advance(connection, "all", outbox.newest(connection))
        assert outbox.prune(connection, 100) == 1
        outbox.put(connection, [Happened(3)], 200)
        left = outbox.pending(connection, "all", ["test.happened"])
    assert [delivery.body["number"] for delivery in left] == [3]


def test_one_process_at_a_time_works_in_a_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with pytest.raises(HomeInUse) as caught:
        Home(tmp_path / "home")
    assert "Another process" in str(caught.value)
    home.close()
    Home(tmp_path / "home").close()


def test_blobs_are_named_by_content_and_refuse_paths(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    name = blobs.put(b"photo")
    assert blobs.put(b"photo") == name
    assert blobs.get(name) == b"photo"
    with pytest.raises(FileNotFoundError):
        blobs.get("../../etc/passwd")


def test_caller_fixture_denies_by_default(
    caller_for: Callable[..., Caller], clock: ManualClock
) -> None:
    assert caller_for("citizen").clock.now() == clock.now()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_page_is_not_compiled_for_longer_than_it_runs(database: Database) -> None:
    with database.read() as reading, database.write() as writing:
        for connection in (reading, writing):
            assert connection.exec_driver_sql("SHOW jit").scalar() == "off"


def test_what_need_not_last_at_once_does_not_change_what_must(database: Database) -> None:
    asked = "PRAGMA synchronous" if database.is_sqlite else "SHOW synchronous_commit"
    not_yet, waits = (1, 2) if database.is_sqlite else ("off", "off")
    if database.is_sqlite:  # tests do not wait for the disk
        full = "PRAGMA synchronous=FULL"
        event.listen(database.engine, "connect", lambda driver, _: driver.execute(full))
        database.engine.dispose()
        database._writers.clear()

    def within(lasting: bool, fails: bool = False) -> object:
        with database.write(lasting=lasting) as connection:
            connection.execute(text("INSERT INTO outbox_place VALUES (:at, 1)"), {"at": str(at)})
            found = connection.exec_driver_sql(asked).scalar()
            if fails:
                raise LookupError(found)
            return found

    for at, fails in enumerate((False, True)):
        if fails:
            with pytest.raises(LookupError, match=str(not_yet)):
                within(lasting=False, fails=True)
        else:
            assert within(lasting=False) == not_yet
        at += 10
        assert within(lasting=True) == waits
    with database.read() as connection:
        there = set(connection.execute(text("SELECT consumer FROM outbox_place")).scalars())
    assert there == {"0", "10", "11"}


def test_what_was_committed_is_brought_to_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.last()
    with database.write(lasting=False) as connection:
        connection.execute(text("CREATE TABLE a (b)"))
    assert (tmp_path / "a.db-wal").stat().st_size
    database.last()
    database.close()


def test_a_busy_log_is_not_taken_over_every_few_commits(tmp_path: Path) -> None:
    """Everybody would wait for the disk each time."""
    database = Database(f"sqlite:///{tmp_path}/busy.db")
    log, pages = tmp_path / "busy.db-wal", 0
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE long (text BLOB)")
    while pages < 2_500:  # SQLite by itself takes 1,000 over
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO long VALUES (zeroblob(1000000))")
        pages += 240
        assert log.stat().st_size > pages * 4096
    database.close()
    assert not log.exists()
