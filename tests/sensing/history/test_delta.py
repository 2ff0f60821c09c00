"""The home's table of observations, opened by others through its Delta log.

DuckDB reads it here; Spark reads it in ``make delta`` (tests/delta), which takes a large
installation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import numpy as np
import pytest
from deltalake import DeltaTable

from tests.sensing.core.conftest import Bench, Row
from yiwang.kernel.clock import MINUTE
from yiwang.sensing import segments
from yiwang.sensing.delta import DeltaLog
from yiwang.sensing.model import Columns, Edits
from yiwang.sensing.segments import SCHEMA


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with its own Delta reader, which comes in a wheel."""
    folder = Path(duckdb_extension_delta.__file__).parent / "extensions"
    (extension,) = folder.glob("*/delta.duckdb_extension")
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{extension}'")
        yield connection


def seen_by(duck: duckdb.DuckDBPyConnection, table: Path, what: str, rest: str = "") -> list[Any]:
    return duck.execute(f"SELECT {what} FROM delta_scan('{table}') {rest}").fetchall()


def stored(duck: duckdb.DuckDBPyConnection, bench: Bench) -> list[Row]:
    """The rows as DuckDB reads them, in the order of ``Bench.stored``."""
    columns = "datastream, epoch_us(time), result"
    return seen_by(duck, bench.folder / "table", columns, "ORDER BY datastream, time, number")


def rounds(bench: Bench, count: int, compact: bool = True) -> None:
    for _ in range(count):
        now = bench.clock.now()
        bench.accept(*[(stream, now - stream, stream / 7) for stream in range(1, 9)])
        if compact:
            bench.observations.compact()
        bench.clock.set(now + MINUTE)


def test_duckdb_reads_what_we_read(bench: Bench, duck: duckdb.DuckDBPyConnection) -> None:
    now = bench.clock.now()
    bench.accept((1, now, 20.0), (2, now, 21.5), exact=["20.00", None])
    rounds(bench, 3)
    assert stored(duck, bench) == bench.stored()
    texts = seen_by(duck, bench.folder / "table", "exact, extra, source", "WHERE number = 1")
    assert texts == [("20.00", None, "test")]


def test_duckdb_reads_the_same_after_a_merge(bench: Bench, duck: duckdb.DuckDBPyConnection) -> None:
    rounds(bench, segments.MERGE_COUNT + 2)
    before = bench.stored()
    assert bench.observations.merge()
    assert stored(duck, bench) == bench.stored() == before
    table = bench.folder / "table"
    assert seen_by(duck, table, "count(*)") == [(len(before),)]
    middle = before[len(before) // 2][1]
    counted = seen_by(duck, table, "count(*)", f"WHERE time <= make_timestamptz({middle})")
    assert counted == [(sum(row[1] <= middle for row in before),)]


def test_any_reader_may_open_the_table(bench: Bench) -> None:
    """No feature that a plain reader of protocol 1 does not know."""
    rounds(bench, 2)
    protocol = DeltaTable(str(bench.folder / "table")).protocol()
    assert protocol.min_reader_version == 1
    assert not protocol.reader_features


def test_the_log_has_a_checkpoint_every_hundred_commits(tmp_path: Path) -> None:
    log = DeltaLog(tmp_path, SCHEMA)
    for number in range(1, 205):
        log.commit([], {"test": number})
    checkpoints = sorted((tmp_path / "_delta_log").glob("*.checkpoint.parquet"))
    assert [int(path.name.split(".")[0]) for path in checkpoints] == [99, 199]
    again = DeltaLog(tmp_path, SCHEMA)
    assert (again.version, again.number("test")) == (204, 204)


def test_duckdb_reads_what_was_corrected_and_deleted(
    bench: Bench, duck: duckdb.DuckDBPyConnection
) -> None:
    """After compaction: the corrected value once, of the deleted nothing."""
    rounds(bench, 2)
    stream, time, _ = before = bench.stored()[0]
    table = bench.folder / "table"
    ((corrected,),) = seen_by(
        duck, table, "number", f"WHERE datastream = {stream} ORDER BY time, number LIMIT 1"
    )
    ((deleted,),) = seen_by(duck, table, "number", "WHERE datastream = 2 ORDER BY number LIMIT 1")
    row = Columns(np.array([stream]), np.array([time]), np.array([99.5]), ["99.50"], [None])
    bench.intake.edit(Edits({corrected: row}, {deleted: 2}, {3}), "http")
    bench.observations.compact()
    assert stored(duck, bench) == bench.stored()
    assert (stream, time, 99.5) in bench.stored() and before not in bench.stored()
    kept = seen_by(duck, table, "exact", f"WHERE number = {corrected}")
    assert kept == [("99.50",)]
    gone = f"WHERE number = {deleted} OR datastream = 3"
    assert seen_by(duck, table, "count(*)", gone) == [(0,)]
    assert seen_by(duck, table, "count(*), count(DISTINCT number)") == [(13, 13)]
