"""Roll-ups count every observation once; observations go only when they are rolled up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sensing.core.conftest import Bench, Row
from tests.sensing.history import reference
from tests.sensing.history.scenario import KIND, declare_gauges
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse
from yiwang.sensing.history.keeping import Keeping
from yiwang.sensing.history.policy import CityPolicies, Policy, Rollup
from yiwang.sensing.history.rollups import Rollups
from yiwang.sensing.still import held_still
from yiwang.store.database import Database

START = parse("2026-03-01T00:00:00+08:00")
ZONE = "Asia/Shanghai"
HOURS, DAYS = Rollup(HOUR), Rollup(DAY, keep=60 * DAY)


class Kept:
    """A bench whose datastreams 1 … 4 are of a kind that the city keeps for ten days; 5 … 8 are
    of no kind."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.policy = Policy(10 * DAY, (HOURS, DAYS))
        self.open()

    def open(self) -> None:
        self.keeping = Keeping(
            self.bench.observations,
            Rollups(self.bench.folder / "rollups", ZoneInfo(ZONE)),
            self.bench.database,
            CityPolicies({KIND: {"*": self.policy}}),
            self.bench.folder,
        )

    def reopen(self) -> None:
        self.bench.reopen()
        self.open()

    def round(self) -> None:
        self.keeping.round(self.bench.clock.now(), at_once=True)

    def rolled(self, width: int) -> dict[tuple[int, str], dict[str, Any]]:
        found: dict[tuple[int, str], dict[str, Any]] = {}
        for table in self.keeping.rollups.rows(width, None, -(2**62), 2**62):
            for row in table.to_pylist():
                start = row["start"].astimezone(ZoneInfo(ZONE)).isoformat()
                assert (row["datastream"], start) not in found
                found[row["datastream"], start] = row
        return found


@pytest.fixture
def kept(tmp_path: Path, sqlite: Database, clock: ManualClock) -> Iterator[Kept]:
    clock.set(START)
    declare_gauges(sqlite)
    bench = Bench(tmp_path / "observations", sqlite, clock)
    yield Kept(bench)
    bench.observations.close()


def expected(rows: list[Row], width: int) -> dict[tuple[int, str], list[reference.Row]]:
    rolled = [reference.Row(*row) for row in rows if row[0] <= 4]
    minutes = width // MINUTE
    return reference.grouped(
        rolled, lambda row: (row.stream, reference.local_start(row.time, minutes, ZONE))
    )


def assert_rolled(kept: Kept, rows: list[Row], width: int) -> None:
    found, wanted = kept.rolled(width), expected(rows, width)
    assert found.keys() == wanted.keys()
    for key, group in wanted.items():
        measured = reference.measured(group)
        row = found[key]
        assert (row["count"], row["others"]) == (measured["numbers"], measured["others"])
        for column, name in (("sum", "total"), ("mean", "mean"), ("min", "least"), ("max", "most")):
            assert reference.alike(row[column], measured[name]), (key, column)
        assert row["last"] == measured["last"]


def day_of(kept: Kept, number: int, late: list[Row] | None = None) -> list[Row]:
    """A day of an observation every two hours of each datastream, and what comes late."""
    start = START + number * DAY
    rows = [
        (stream, start + step * 2 * HOUR + stream * MINUTE, float(step * stream % 7 + number))
        for step in range(12)
        for stream in range(1, 9)
    ]
    rows += late or []
    random.Random(number).shuffle(rows)
    kept.bench.clock.set(start + DAY + HOUR)
    kept.bench.accept(*rows)
    return rows


def test_every_observation_is_counted_once(kept: Kept) -> None:
    rows: list[Row] = []
    for number in range(4):
        late = [(1, START + 5 * MINUTE, 3.5), (3, START + HOUR, -1.0)] if number == 2 else []
        rows += day_of(kept, number, late)
        if number % 2:
            kept.bench.observations.compact()
        kept.round()
        kept.round()
        assert_rolled(kept, rows, HOUR)
        kept.reopen()
        assert_rolled(kept, rows, DAY)


def test_observations_go_once_they_are_rolled_up(kept: Kept) -> None:
    rows: list[Row] = []
    for number in range(14):
        rows += day_of(kept, number)
        kept.bench.observations.compact()
    kept.round()
    gone_before = START + 4 * DAY
    left = [row for row in rows if row[0] > 4 or row[1] >= gone_before]
    assert sorted(kept.bench.stored()) == sorted(left)
    assert_rolled(kept, rows, HOUR)
    assert_rolled(kept, rows, DAY)
    number = kept.bench.observations.next_number
    kept.reopen()
    assert sorted(kept.bench.stored()) == sorted(left)
    assert kept.bench.observations.next_number == number == len(rows) + 1
    assert kept.bench.observations.count == len(left)
    kept.round()
    assert_rolled(kept, rows, HOUR)


def test_numbers_are_never_given_twice(kept: Kept) -> None:
    day_of(kept, 0)
    kept.bench.observations.compact()
    kept.bench.clock.set(START + 90 * DAY)
    kept.round()
    left = kept.bench.stored()
    assert len(left) == 4 * 12 + 4, "those of no kind, and the latest of each of the others"
    kept.reopen()
    assert kept.bench.observations.next_number == 97
    kept.bench.accept((1, kept.bench.clock.now(), 1.0))
    kept.bench.observations.compact()
    assert kept.bench.stored([1])[-1][2] == 1.0
    one = kept.bench.observations.one(97)
    assert one is not None and one["datastream"] == 1


def test_rollups_go_when_their_own_time_is_over(kept: Kept) -> None:
    day_of(kept, 0)
    day_of(kept, 1)
    kept.round()
    kept.bench.clock.set(START + 61 * DAY + HOUR)
    kept.round()
    assert len(kept.rolled(HOUR)) == 2 * 4 * 12
    days = {start[:10] for _, start in kept.rolled(DAY)}
    assert days == {"2026-03-02"}


def test_what_is_too_late_for_its_day_is_not_counted(kept: Kept) -> None:
    rows = day_of(kept, 0)
    kept.bench.observations.compact()
    kept.bench.clock.set(START + 30 * DAY)
    kept.round()
    kept.bench.accept((1, START + 3 * HOUR, 50.0))
    kept.round()
    assert_rolled(kept, rows, HOUR)


def test_nothing_is_rolled_up_or_let_go_while_a_backup_copies(kept: Kept) -> None:
    day_of(kept, 0)
    kept.bench.observations.compact()
    kept.bench.clock.set(START + 30 * DAY)
    with held_still(kept.bench.folder):
        files = sorted(str(path) for path in kept.bench.folder.rglob("*"))
        kept.round()
        assert sorted(str(path) for path in kept.bench.folder.rglob("*")) == files
    kept.round()
    assert kept.rolled(HOUR)


def test_only_what_is_wanted_of_a_bucket_is_kept(kept: Kept) -> None:
    kept.policy = Policy(None, (Rollup(HOUR, None, ("count", "max")),))
    kept.open()
    day_of(kept, 0)
    kept.round()
    row = next(iter(kept.rolled(HOUR).values()))
    assert (row["mean"], row["min"], row["last"]) == (None, None, None)
    assert row["count"] == 1 and row["max"] is not None


def test_without_a_word_everything_is_kept(kept: Kept) -> None:
    kept.policy = Policy()
    kept.open()
    rows = day_of(kept, 0)
    kept.bench.observations.compact()
    kept.bench.clock.set(START + 3000 * DAY)
    kept.round()
    assert len(kept.bench.stored()) == len(rows)
    assert kept.rolled(HOUR) == {}
