"""SQLite's log is taken over into the database beside its writers, and begins anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from yiwang.store import log
from yiwang.store.database import Database
from yiwang.store.log import (
    FEW,
    LONGEST_S,
    SHORTEST_S,
    WANTED,
    Log,
    held,
    take_over,
    until_next,
)


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/busy.db")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE long (text BLOB)")
    yield database
    database.close()


def _write(database: Database, pages: int) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO long VALUES (zeroblob({pages * 4096}))")


def test_it_begins_anew_once_it_is_taken_over(busy: Database) -> None:
    _write(busy, FEW + 200)
    assert take_over(busy) > FEW
    assert not busy.turns.wanted
    _write(busy, 5)
    assert take_over(busy) < 50, "what was taken over is no longer in it"


def test_a_reader_keeps_what_it_sees(busy: Database) -> None:
    _write(busy, FEW + 200)
    with busy.read() as connection:
        there = "SELECT count(*) FROM long"
        assert connection.exec_driver_sql(there).scalar() == 1
        _write(busy, FEW + 200)
        assert take_over(busy) > FEW
        _write(busy, 5)
        assert take_over(busy) > 2 * FEW, "it does not begin anew while somebody reads there"
        assert connection.exec_driver_sql(there).scalar() == 1
    with busy.read() as connection:
        assert connection.exec_driver_sql(there).scalar() == 3


def test_those_who_write_wait_for_the_end_of_it_alone(
    busy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(busy):
        other = threading.Thread(target=_write, args=(busy, 5))
        other.start()
        other.join(30)
        assert not other.is_alive()

    in_turn = []

    def sees(_: Database) -> int:
        in_turn.append(busy.turns._depth > 0)
        return FEW

    monkeypatch.setattr(log, "_taken", sees)
    take_over(busy)
    assert in_turn == [False, False, True]


def _salts(database: Database) -> bytes:
    """They are others whenever the log has begun anew."""
    return Path(f"{database.engine.url.database}-wal").read_bytes()[16:24]


def test_it_does_not_begin_anew_while_it_is_taken_over(busy: Database) -> None:
    _write(busy, FEW + 200)
    take_over(busy)
    before = _salts(busy)
    _write(busy, 5)
    assert _salts(busy) != before, "wholly taken over, it begins anew with the next commit"

    take_over(busy)
    with held(busy), busy.engine.connect() as connection:
        before = _salts(busy)
        for _ in range(2):
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
            _write(busy, 5)
        assert _salts(busy) == before


def test_it_is_left_alone_where_nothing_was_written(
    busy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def looks(database: Database) -> int:
        looked.append(take_over(database))
        return looked[-1]

    monkeypatch.setattr(log, "take_over", looks)
    running = Log(busy)
    _write(busy, 5)
    assert running._look() > 5
    assert running._look() == 0
    _write(busy, 5)
    assert running._look() > 5
    assert len(looked) == 2


@pytest.mark.parametrize(
    ("after", "pages", "until"),
    [
        (5.0, WANTED, 5.0),
        (5.0, 2 * WANTED, 2.5),
        (5.0, 9 * WANTED, SHORTEST_S),
        (9.0, 0, LONGEST_S),
    ],
)
def test_it_is_taken_over_when_it_holds_enough(after: float, pages: int, until: float) -> None:
    assert until_next(after, pages) == until


def test_what_fails_is_tried_again(
    busy: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Semaphore(0)

    def fails(_: Database) -> int:
        tried.release()
        raise OSError("no space left")

    monkeypatch.setattr(log, "take_over", fails)
    monkeypatch.setattr(log, "FIRST_S", 0.01)
    monkeypatch.setattr(log, "LONGEST_S", 0.01)
    running = Log(busy)
    running.start()
    assert tried.acquire(timeout=30) and tried.acquire(timeout=30)
    running.stop()
    assert "tried again" in caplog.text
