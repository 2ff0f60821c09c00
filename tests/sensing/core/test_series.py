"""One datastream read as columns: the rows that tables of any datastreams have."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sensing.core.conftest import Bench
from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import MINUTE
from yiwang.sensing import columns
from yiwang.sensing import segments as segments_of
from yiwang.sensing.kept import Kept
from yiwang.sensing.observations import FAR
from yiwang.sensing.series import Narrow

STREAMS = 8
Row = tuple[int, int, float, str | None, str | None]


def fill(bench: Bench, chance: random.Random, count: int) -> None:
    """Rows of any datastream at any minute of the last ten hours, a few with texts."""
    now = bench.clock.now()
    size = range(count)
    bench.intake.accept(
        Incoming(
            "test",
            np.array([chance.randrange(STREAMS) + 1 for _ in size]),
            np.array([now - chance.randrange(600) * MINUTE for _ in size]),
            np.array([chance.randrange(400) / 4 for _ in size]),
            now,
            exact=[chance.choice([None, None, "50.00"]) for _ in size],
            extra=[chance.choice([None, None, '{"resultQuality":"ok"}']) for _ in size],
        )
    )


def as_table(bench: Bench, stream: int, start: int, end: int) -> list[Row]:
    rows = bench.observations.rows(np.array([stream]), start, end).sort_by("number")
    part = columns.batch(rows, 0, 0)
    texts = [
        [None] * len(part) if column is None else column for column in (part.exact, part.extra)
    ]
    numbers = rows.column("number").to_pylist()
    return list(zip(numbers, part.time.tolist(), part.result.tolist(), *texts, strict=True))


def as_series(bench: Bench, stream: int, start: int, end: int) -> list[Row]:
    part = bench.observations.series(stream, start, end)
    texts = [
        [None] * len(part) if column is None else column for column in (part.exact, part.extra)
    ]
    found = zip(part.number.tolist(), part.time.tolist(), part.result.tolist(), *texts, strict=True)
    return sorted(found, key=lambda row: row[0])


def test_columns_and_tables_have_the_same_rows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_of, "GROUP_ROWS", 64)
    chance = random.Random(5)
    for count in (700, 300):
        fill(bench, chance, count)
        bench.observations.compact()
    fill(bench, chance, 9000)
    fill(bench, chance, 40)
    now = bench.clock.now()
    spans = [(-FAR, FAR), (now, now), (now + 1, FAR)]
    spans += [(at := now - chance.randrange(600) * MINUTE, at + 90 * MINUTE) for _ in range(20)]
    seen = 0
    for stream in range(STREAMS + 2):
        for start, end in spans:
            found = as_series(bench, stream, start, end)
            assert found == as_table(bench, stream, start, end)
            seen += len(found)
    assert seen > 10_000


def test_texts_are_none_where_no_row_has_one(bench: Bench) -> None:
    now = bench.clock.now()
    bench.accept((1, now, 1.0), exact=["1.0"])
    bench.accept((2, now, 1.0))
    for _ in range(2):
        plain, written = bench.observations.series(2), bench.observations.series(1)
        assert (plain.exact, plain.extra) == (None, None)
        assert written.exact is not None and list(written.exact) == ["1.0"]
        assert written.extra is None
        bench.observations.compact()


@example([-(2**62), 2**62], 1000)
@given(
    st.lists(st.integers(-(2**62), 2**62), min_size=1)
    | st.lists(st.integers(-(2**20), 2**20), min_size=1)
    | st.lists(st.integers(-(2**40), 2**40).map(lambda value: value * 1000 + 7), min_size=1),
    st.sampled_from([1, 1000]),
)
def test_narrow_numbers_are_the_numbers(values: list[int], unit: int) -> None:
    kept = Narrow(np.array(values, np.int64), unit)
    assert kept[0 : len(values)].tolist() == values
    assert kept[1:2].tolist() == values[1:2]


def test_numbers_near_one_another_take_half_the_room() -> None:
    times = np.arange(1000) * MINUTE + 5
    assert Narrow(times, 1000).nbytes * 2 == times.nbytes
    assert Narrow(times, 1).nbytes == times.nbytes


class Blob:
    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


def test_what_was_read_is_kept_up_to_a_number_of_bytes() -> None:
    kept: Kept[Blob] = Kept(100)
    read: list[str] = []

    def get(name: str, size: int = 40) -> Blob:
        def reading() -> Blob:
            read.append(name)
            return Blob(size)

        return kept.get(name, reading)

    first = get("a")
    get("b")
    assert get("a") is first and read == ["a", "b"]
    get("c")
    assert (len(kept), kept.nbytes) == (2, 80)
    assert get("a") is first
    get("b")
    assert read == ["a", "b", "c", "b"], "b was asked for longest ago"
    get("large", 500)
    assert (len(kept), kept.nbytes) == (1, 500)
    get("a")
    assert (len(kept), kept.nbytes) == (1, 40)


def test_row_groups_of_one_datastream_are_kept_in_bounds(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_of, "GROUP_ROWS", 64)
    fill(bench, random.Random(6), 2000)
    bench.observations.compact()
    kept = bench.observations.closed.kept
    monkeypatch.setattr(kept, "_most", 10_000)
    for stream in range(1, STREAMS + 1):
        assert len(bench.observations.series(stream))
    assert len(kept) > 1 and kept.nbytes <= 10_000
