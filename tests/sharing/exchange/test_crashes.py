"""Killed at every step of every kind of run, and gone on with: nothing lost, nothing twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.sharing.exchange.conftest import PEOPLE as TABLES
from tests.sharing.exchange.conftest import Yard
from yiwang.contracts.events import DataMoved, DatasetChanged
from yiwang.kernel.clock import MINUTE, SECOND
from yiwang.sharing.exchange import runtime, service, store
from yiwang.sharing.exchange.errors import AlreadyRunning
from yiwang.sharing.exchange.running import Means, perform
from yiwang.sharing.exchange.runtime import Exchanges
from yiwang.sharing.exchange.store import Job, Run
from yiwang.sharing.sources.errors import SourceUnreachable
from yiwang.store import outbox

STEPS = (
    "started",
    "read",
    "converted",
    "written",
    "committed",
    "settled",
    "progress",
    "removed",
    "reconciled",
)
PEOPLE = {"table": "people"}


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Killer:
    """Kills at the ``count``-th time of a step."""

    def __init__(self, step: str, count: int) -> None:
        self.step, self.left, self.fired = step, count, False

    def __call__(self, step: str) -> None:
        if step == self.step:
            self.left -= 1
            if self.left == 0:
                self.fired = True
                raise Killed


def killed_everywhere(yard: Yard, code: str, before: Any, times: int) -> list[Any]:
    """For each step, at its first times: a run that is killed there, and the run that
    goes on; ``before`` makes the state from which each begins."""
    ended = []
    for step in STEPS:
        for count in range(1, times + 1):
            before()
            killer = Killer(step, count)
            try:
                yard.run(code, killer)
            except Killed:
                with pytest.raises(AlreadyRunning):
                    yard.run(code)
                yard.clock.advance((service.LOST_S + 1) * SECOND)
                run = yard.run(code)
                assert run.state == "done" and run.tally.balanced, (step, count, run)
                ended.append((step, run))
            assert killer.fired or count == 2, step
    return ended


def check_full(yard: Yard, source: str, target: str, times: int) -> None:
    yard.fill(source, 1, 25)
    ends = {"from": {"source": source, **PEOPLE}, "to": {"source": target, **PEOPLE}}
    checks = [{"column": "paid", "most": 20}]
    yard.job("full", **ends, batch=10, removals=True, checks=checks)

    def before() -> None:
        yard.do(target, "DELETE FROM people", "INSERT INTO people (no, name) VALUES (-1, 'gone')")

    ended = killed_everywhere(yard, "full", before, times)
    assert {step for step, _ in ended} == set(STEPS)
    for step, run in ended:
        one = run.tally
        found = (one.read, one.written, one.unchanged, one.rejected, one.removed)
        assert found == (25, 19, 0, 6, 1), step
        rows = [(row["batch"], row["row"]) for row in yard.rejects(run, "full")]
        assert len(rows) == 6 and run.compared["same"], step
    assert yard.ask(target, "SELECT count(*), min(no) FROM people") == [(19, 1)]


def test_a_full_run_on_sqlite(lite: Yard) -> None:
    lite.folder.joinpath("second.db").touch()
    lite.declare("lite2", "sqlite", {"path": str(lite.folder / "second.db")})
    lite.do("lite2", TABLES["lite"])
    check_full(lite, "lite", "lite2", 2)


def test_a_full_run_from_mariadb_to_postgresql(servers: Yard) -> None:
    check_full(servers, "my", "pg2", 1)


def test_an_incremental_run_into_a_dataset(lite: Yard) -> None:
    lite.fill("lite", 1, 25)
    ends = {"from": {"source": "lite", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job("inc", **ends, mode="incremental", by="seen", batch=10)
    lite.run("inc")
    lite.fill("lite", 26, 40)
    lite.do("lite", "UPDATE people SET seen = '2026-07-02 00:00:00' WHERE no > 25")
    for step in STEPS[:7]:
        with pytest.raises(Killed):
            lite.run("inc", Killer(step, 1))
        lite.clock.advance((service.LOST_S + 1) * SECOND)
        run = lite.run("inc")
        assert run.state == "done" and run.tally.balanced and run.compared is not None
        assert run.compared["same"] is True, step
        assert lite.datasets.count("people") == 40
    with lite.database.read() as connection:
        told = outbox.pending(connection, "nobody", (DatasetChanged.topic,))
        moved = outbox.pending(connection, "nobody", (DataMoved.topic,))
    assert [one.body["dataset"] for one in told] == ["people"] * 8
    assert [(one.body["type"], one.body["outputs"]) for one in moved] == [
        ("COMPLETE", ["dataset:people"])
    ] * 8
    assert {one.body["inputs"][0] for one in moved} == {f"source:lite/{PEOPLE['table']}"}
    assert len({one.body["run"] for one in moved}) == 8


def test_captured_changes(lite: Yard) -> None:
    lite.fill("lite", 1, 25)
    ends = {"from": {"source": "lite", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job("all", **ends)
    lite.run("all")
    lite.job("cap", **ends, mode="captured", batch=4)
    lite.do("lite", *service.capture_statements(lite.platform, "cap"))
    for number, step in enumerate(STEPS[:7]):
        lite.do(
            "lite",
            f"UPDATE people SET name = 'n{number}' WHERE no BETWEEN 5 AND 10",
            f"DELETE FROM people WHERE no = {20 + number - 8}",
        )
        with pytest.raises(Killed):
            lite.run("cap", Killer(step, 1))
        lite.clock.advance((service.LOST_S + 1) * SECOND)
        run = lite.run("cap")
        assert run.state == "done" and run.tally.balanced, step
        wanted = lite.ask("lite", "SELECT no, name FROM people ORDER BY no")
        found = [tuple(row.values()) for row in lite.datasets.read("people", ["no", "name"])]
        assert found == wanted, step
        assert lite.ask("lite", "SELECT count(*) FROM yiwang_changes_people") == [(0,)]


def test_a_worker_that_comes_back_from_the_dead_writes_nothing(lite: Yard) -> None:
    (lite.folder / "files" / "a.csv").write_text(
        "no,name\n" + "".join(f"{n},x\n" for n in range(9))
    )
    ends = {
        "from": {"source": "files", "table": "a.csv"},
        "to": {"dataset": "people", "key": ["no"]},
    }
    lite.job(**ends, batch=3)
    beaten: list[Any] = []

    def slow(step: str) -> None:
        """After the first batch the worker sleeps so long that another one ends its run."""
        if step == "progress" and not beaten:
            beaten.append(None)
            lite.clock.advance((service.LOST_S + 1) * SECOND)
            other = service.start_exchange(lite.platform, "job", "other")
            beaten[0] = perform(lite.means, service.find_exchange_job(lite.platform, "job"), other)

    run = lite.run("job", slow)
    assert beaten[0].state == "done" and run == beaten[0]
    assert run.tally.read == 9 and lite.datasets.count("people") == 9


def test_what_cannot_be_reached_is_tried_again_and_then_given_up(yard: Yard) -> None:
    options = {"host": "127.0.0.1", "port": 9, "database": "d", "user": "u"}
    yard.declare("down", "postgresql", options)
    yard.job(**{"from": {"source": "down", **PEOPLE}, "to": {"dataset": "x"}, "tries": 3})
    run = yard.run()
    assert (run.state, run.tries, run.next_at) == ("waiting", 1, yard.clock.now() + 10 * SECOND)
    assert run.error is not None and run.error["code"] == "sharing.source_unreachable"
    exchanges = Exchanges(yard.means)
    exchanges.settle()
    assert state(yard, run.id) == ("waiting", 1)
    yard.clock.advance(10 * SECOND)
    exchanges.settle()
    assert state(yard, run.id) == ("waiting", 2)
    yard.clock.advance(MINUTE)
    exchanges.settle()
    assert state(yard, run.id) == ("failed", 3)


def state(yard: Yard, id: int) -> tuple[str, int]:
    with yard.database.read() as connection:
        run = store.run(connection, id)
    assert run is not None
    return run.state, run.tries


def test_the_platform_takes_up_what_is_due_and_what_was_forsaken(lite: Yard) -> None:
    lite.fill("lite", 1, 3)
    ends = {"from": {"source": "lite", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job(**ends, schedule="*/10 * * * *")
    exchanges = Exchanges(lite.means)
    exchanges.settle()
    assert lite.datasets.names() == []
    lite.clock.advance(10 * MINUTE)
    exchanges.settle()
    assert lite.datasets.count("people") == 3
    (shown,) = service.list_exchange_jobs(lite.platform)
    assert shown["last"]["by"] == "schedule" and shown["next_at"] == "2026-07-01T00:20:00Z"
    with pytest.raises(Killed):
        lite.run("job", Killer("written", 1))
    run = shown["last"]["id"] + 1
    exchanges.settle()
    assert state(lite, run)[0] == "running"
    lite.clock.advance((service.LOST_S + 1) * SECOND)
    exchanges.look()
    exchanges.stop()
    Exchanges(lite.means).settle()
    assert state(lite, run)[0] == "done"
    service.start_exchange(lite.platform, "job")
    with pytest.raises(AlreadyRunning):
        service.remove_exchange_job(lite.platform, "job")
    service.stop_exchange(lite.platform, "job")
    service.remove_exchange_job(lite.platform, "job")
    assert service.list_exchange_jobs(lite.platform) == []


class Cut:
    """The source cannot be reached behind the first batch of each performance."""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self, step: str) -> None:
        self.read += step == "read"
        if self.read == 2:
            raise SourceUnreachable(reason="cut")


def test_tries_are_counted_anew_behind_what_is_in(lite: Yard) -> None:
    lite.fill("lite", 1, 25)
    ends = {"from": {"source": "lite", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job(**ends, batch=10, tries=2)
    for _ in range(2):
        run = lite.run("job", Cut())
        assert (run.state, run.tries) == ("waiting", 1)
    assert lite.run("job", Cut()).state == "done"
    rows = "".join(f"{no},n\n" for no in range(5))
    (lite.folder / "files" / "a.csv").write_text("no,name\n" + rows)
    ends = {"from": {"source": "files", "table": "a.csv"}, "to": {"dataset": "b", "key": ["no"]}}
    lite.job("file", **ends, batch=2, tries=2)
    states = [lite.run("file", Cut()).state for _ in range(2)]
    assert states == ["waiting", "failed"]


def test_a_run_whose_last_step_takes_long_is_not_begun_twice(
    lite: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def slow(means: Means, job: Job, run: Run, stop: Any) -> None:
        begun.append(run.id)
        go_on.wait(10)

    monkeypatch.setattr(runtime, "perform", slow)
    ends = {"from": {"source": "lite", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job(**ends)
    service.start_exchange(lite.platform, "job")
    exchanges = Exchanges(lite.means)
    for _ in range(2):
        exchanges.look()
        lite.clock.advance((service.LOST_S + 1) * SECOND)
    go_on.set()
    exchanges.stop()
    assert len(begun) == 1
