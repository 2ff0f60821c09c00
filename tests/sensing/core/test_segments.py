"""Closed observations: sorted, listed in a Delta table, read with little, merged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from tests.sensing.core.conftest import Bench, add_datastreams, listed
from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import HOUR, SECOND, ManualClock, parse
from yiwang.sensing import segments as segments_of
from yiwang.sensing.observations import FAR
from yiwang.sensing.still import held_still
from yiwang.store.database import Database


def hour(bench: Bench, number: int, count: int = 1200) -> None:
    """An hour of one observation a step of each of eight datastreams."""
    start = bench.clock.now() + number * HOUR
    index = np.arange(count * 8)
    bench.clock.set(start + HOUR)
    bench.intake.accept(
        Incoming(
            f"hour {number}",
            index % 8 + 1,
            start + index // 8 * 3 * SECOND,
            (index % 100).astype(float),
            bench.clock.now(),
            extra=[None if row % 50 else '{"resultQuality":"ok"}' for row in range(len(index))],
        )
    )
    bench.clock.set(start - number * HOUR)


def test_a_segment_is_sorted_and_any_delta_reader_sees_the_same(bench: Bench) -> None:
    hour(bench, 0)
    hour(bench, 1)
    before = bench.stored()
    bench.observations.compact()
    folder = bench.folder / "table"
    (file,) = folder.glob("*.parquet")
    rows = pq.read_table(file)
    keys = list(zip(rows["datastream"].to_pylist(), rows["time"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert set(rows["source"].to_pylist()) == {"hour 0", "hour 1"}
    table = DeltaTable(str(folder)).to_pyarrow_table()
    assert table.num_rows == len(before) == 19_200
    assert bench.stored() == before
    assert bench.observations.between([3], 0, FAR).extra is not None


def test_reading_one_datastream_touches_few_row_groups(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_of, "GROUP_ROWS", 500)
    hour(bench, 0)
    bench.observations.compact()
    segment = bench.observations.segments.listed[0]
    assert len(segment.groups.least_time) == 20
    start = bench.clock.now()
    assert len(segment.touched(np.array([3]), -FAR, FAR)) <= 4
    middle = start + HOUR // 2
    assert len(segment.touched(np.array([3]), middle, middle)) <= 3
    found = bench.observations.between([3], start, start + 9 * SECOND)
    assert found.time.tolist() == [start + step * 3 * SECOND for step in range(4)]


def test_limits_and_bounds_of_a_reading(bench: Bench) -> None:
    now = bench.clock.now()
    for minute in range(5):
        bench.accept((1, now + minute, 1.0), (2, now + minute, 2.0))
        if minute == 2:
            bench.observations.compact()
    reader = bench.observations
    assert listed(reader.between([2, 1], now + 1, now + 3, 4)) == [
        (1, now + 1, 1.0),
        (1, now + 2, 1.0),
        (1, now + 3, 1.0),
        (2, now + 1, 2.0),
    ]
    assert len(reader.between([7], now, now + 9)) == 0
    assert len(reader.between([], now, now + 9)) == 0
    assert reader.latest([2, 7, 5000])[0].tolist() == [now + 4, 0, 0]


def test_one_observation_by_its_number(bench: Bench) -> None:
    now = bench.clock.now()
    bench.accept((2, now, 2.0), (1, now + 5, 1.0), source="first")
    bench.observations.compact()
    bench.accept((3, now, 3.0), source="second")
    one = bench.observations.one(2)
    assert one is not None
    assert (one["datastream"], one["time"], one["source"]) == (1, now + 5, "first")
    assert bench.observations.raw(3)["source"] == "second"
    assert bench.observations.one(4) is None


def test_segments_are_merged_and_the_old_files_go(bench: Bench) -> None:
    for number in range(segments_of.MERGE_COUNT):
        hour(bench, number, 30)
        bench.observations.compact()
        assert bench.observations.merge() is (number == segments_of.MERGE_COUNT - 1)
    before = bench.stored()
    assert len(before) == 30 * 8 * segments_of.MERGE_COUNT
    assert len(bench.observations.segments.listed) == 1
    bench.reopen()
    assert bench.stored() == before
    assert len(list((bench.folder / "table").glob("*.parquet"))) == 1
    assert DeltaTable(str(bench.folder / "table")).to_pyarrow_table().num_rows == len(before)
    hour(bench, 20)
    assert bench.observations.next_number == len(before) + 9600 + 1


def test_the_log_is_read_up_to_a_frame_from_memory_and_from_files(bench: Bench) -> None:
    ends = [bench.observations.log.first]
    for number in range(6):
        hour(bench, number, 20)
        ends.append(bench.observations.end())
    for read in (bench.observations.read, bench.observations.log.read):
        for index, until in enumerate(ends):
            batches = read(ends[0], 10**9, until)
            assert sum(len(one) for one in batches) == 160 * index
            assert [one.position for one in batches][-1:] == ([until] if index else [])
            assert read(until, 10**9, until) == []
        assert read(ends[1], 10**9, ends[3] - 1)[-1].position == ends[2]


def test_log_files_stay_until_everybody_has_read_them(bench: Bench) -> None:
    bench.file_bytes = 2000
    bench.reopen()
    positions = []
    for number in range(6):
        hour(bench, number, 20)
        positions.append(bench.observations.end())
    bench.observations.compact()
    bench.observations.compact_if_needed(positions[2])
    assert bench.observations.log.first <= positions[2]
    assert sum(len(b) for b in bench.observations.read(positions[2], 10**9)) == 3 * 160
    bench.observations.compact_if_needed(positions[5])
    assert bench.observations.log.first > positions[2]


def test_without_a_snapshot_latest_values_come_from_the_segments(bench: Bench) -> None:
    hour(bench, 0, 50)
    bench.observations.compact()
    hour(bench, 1, 5)
    expected = bench.observations.latest.number.tolist()
    (bench.folder / "latest.snapshot").unlink()
    bench.reopen()
    assert bench.observations.latest.number.tolist() == expected


def test_a_kill_before_the_first_snapshot_loses_no_cursor(bench: Bench) -> None:
    bench.accept((1, bench.clock.now(), 1.0), source="replay:a", cursor=9)
    bench.observations.compact()
    (bench.folder / "latest.snapshot").unlink()
    bench.reopen()
    assert bench.intake.cursor("replay:a") == 9
    assert bench.observations.latest.number[1] == 1


def test_nothing_is_rewritten_or_deleted_while_a_backup_copies(bench: Bench) -> None:
    for number in range(segments_of.MERGE_COUNT):
        hour(bench, number, 30)
        bench.observations.compact()
    hour(bench, 9, 30)
    bench.observations._hot_rows = 1
    with held_still(bench.folder):
        files = sorted(path.name for path in bench.folder.rglob("*"))
        assert bench.observations.compact_if_needed(FAR) is False
        assert bench.observations.merge() is False
        bench.observations.tidy()
        assert sorted(path.name for path in bench.folder.rglob("*")) == files
    assert bench.observations.compact_if_needed(FAR) is True
    assert bench.observations.merge() is True


def test_rewriting_waits_until_there_is_enough(sqlite: Database, tmp_path: Path) -> None:
    add_datastreams(sqlite, 8, least=0.0, most=100.0)
    clock = ManualClock(parse("2026-07-01T00:00:00Z"))
    bench = Bench(tmp_path / "few", sqlite, clock, hot_rows=20_000)
    for number, enough in enumerate([False, False, True]):
        hour(bench, number)
        assert bench.observations.compact_if_needed(0) is enough
    assert bench.observations.hot.rows >= 5000
    assert len(list((bench.folder / "table").glob("*.parquet"))) == 1
    bench.observations.close()
