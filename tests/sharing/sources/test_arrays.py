"""Batches converted whole are what they would be value by value."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sharing.sources import arrays
from yiwang.sharing.sources.model import BadValue, Column, parsed

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = [
    Column("x", "C", 5),
    Column("x", "N", None, 0),
    Column("x", "N", 4, 0),
    Column("x", "N"),
    Column("x", "Y", 9, 2),
    Column("x", "D"),
    Column("x", "T"),
    Column("x", "L", required=True),
]
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=7).filter(lambda one: one.isprintable()),
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=True).map(str),
    st.dates(date(1, 1, 1)).map(date.isoformat),
    st.datetimes(datetime(1900, 1, 1)).map(lambda one: one.isoformat(" ")),
    st.sampled_from(["是", "否", "1", "0", "true", "1,000", "2026年7月1日", "\0"]),
)
VALUES = st.one_of(
    st.lists(TEXTS, max_size=6).map(lambda some: pa.array(some, pa.string())),
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=6).map(
        lambda some: pa.array(some, pa.int64())
    ),
    st.lists(st.one_of(st.none(), st.floats()), max_size=6).map(
        lambda some: pa.array(some, pa.float64())
    ),
    st.lists(st.one_of(st.none(), st.booleans()), max_size=6).map(
        lambda some: pa.array(some, pa.bool_())
    ),
)


@settings(max_examples=150)
@given(VALUES, st.sampled_from(COLUMNS))
def test_a_batch_is_what_its_values_are(array: Any, column: Column) -> None:
    batch = pa.RecordBatch.from_arrays([array], ["x"])
    good, refused = arrays.convert(batch, [column], ZONE)
    wanted: list[Any] = []
    reasons: dict[int, str] = {}
    for row, value in enumerate(array.to_pylist()):
        try:
            found = parsed(value, column)
            pa.scalar(found, arrays.type_of(column))
            wanted.append(found)
        except (BadValue, OverflowError, pa.ArrowException) as error:
            reasons[row] = str(error) if isinstance(error, BadValue) else "out_of_range"
    assert good.column(0).to_pylist() == wanted
    assert {one.row: one.reason for one in refused} == reasons
    assert good.num_rows + len(refused) == batch.num_rows


def test_a_time_with_a_zone_becomes_the_local_one() -> None:
    column = Column("x", "T")
    given_ = pa.array([0], pa.timestamp("us", "UTC"))
    texts = pa.array(["1970-01-01T00:00:00+00:00"])
    for array in (given_, texts):
        batch = pa.RecordBatch.from_arrays([array], ["x"])
        good, _ = arrays.convert(batch, [column], ZONE)
        assert good.column(0).to_pylist() == [datetime(1970, 1, 1, 8)]


def test_texts_of_one_zone_become_instants_at_once() -> None:
    column = Column("x", "T")
    given_ = pa.array(["2026-07-01 08:00:00+08", None, "2026-07-01 08:00:00.5+08"])
    made = arrays.timed(given_, column)
    assert made.type == pa.timestamp("us", "UTC")
    good, refused = arrays.convert(pa.RecordBatch.from_arrays([made], ["x"]), [column], ZONE)
    wanted = [datetime(2026, 7, 1, 8), None, datetime(2026, 7, 1, 8, 0, 0, 500_000)]
    assert (good.column(0).to_pylist(), refused) == (wanted, [])
    for mixed in (["2026-07-01 08:00:00+08", "2026-07-01 08:00:00+00"], ["infinity"]):
        assert arrays.timed(pa.array(mixed), column).to_pylist() == mixed
    assert arrays.timed(pa.array(["2026-07-01 08:00:00"]), column).type == pa.timestamp("us")
