"""Jobs, schedules, pauses and sums, without any database."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.kernel.clock import parse, render
from yiwang.sharing.exchange import cron, feeds, model
from yiwang.sharing.exchange.errors import BadSchedule
from yiwang.sharing.exchange.model import Spec, Tally
from yiwang.sharing.exchange.sums import Summing

ZONE = ZoneInfo("Asia/Shanghai")
NOW = parse("2026-07-01T08:07:30+08:00")
SCHEDULES = [
    ("* * * * *", "2026-07-01T00:08:00Z"),
    ("*/10 * * * *", "2026-07-01T00:10:00Z"),
    ("5 8-18 * * 1-5", "2026-07-01T01:05:00Z"),
    ("0 2 * * *", "2026-07-01T18:00:00Z"),
    ("0 0 29 2 *", "2028-02-28T16:00:00Z"),
    ("0 0 1 * 7", "2026-07-04T16:00:00Z"),
    ("30 23 31 12 *", "2026-12-31T15:30:00Z"),
]


def test_a_schedule_comes_due() -> None:
    for text, due in SCHEDULES:
        assert render(cron.parse(text).next(NOW, ZONE)) == due, text
    for bad in (
        "",
        "* * * *",
        "60 * * * *",
        "5-3 * * * *",
        "x * * * *",
        "*/0 * * * *",
        "0 0 31 2 *",
    ):
        with pytest.raises(BadSchedule):
            cron.parse(bad)


def test_a_schedule_survives_a_clock_that_skips_and_repeats_an_hour() -> None:
    berlin, daily = ZoneInfo("Europe/Berlin"), cron.parse("30 2 * * *")
    at = parse("2026-03-28T12:00:00Z")
    found = []
    for _ in range(3):
        at = daily.next(at, berlin)
        found.append(render(at))
    assert found == ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]


END = {"source": "s", "table": "t"}
GOOD: dict[str, Any] = {"from": END, "to": END}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"mode": "all"}, "mode"),
    ({"from": {"source": "s"}}, "from"),
    ({"from": {**END, "dataset": "d"}}, "from"),
    ({"to": {"node": True}}, "to"),
    ({"mode": "incremental"}, "by"),
    ({"by": "x"}, "by"),
    ({"mode": "captured", "from": {"dataset": "d"}}, "mode"),
    ({"removals": True, "mode": "incremental", "by": "x"}, "removals"),
    ({"removals": True, "where": [{"column": "a", "operator": "null"}]}, "removals"),
    ({"from": {"node": True}, "where": [{"column": "a", "operator": "null"}]}, "where"),
    ({"batch": 0}, "batch"),
    ({"mapping": [{"to": "a"}, {"to": "a"}]}, "mapping"),
    ({"mapping": [{"to": "a", "otherwise": "x"}]}, "otherwise"),
    ({"checks": [{"column": "a", "identifier": "x"}]}, "identifier"),
]


def test_what_no_job_can_be_is_named() -> None:
    assert model.problem(msgspec.convert(GOOD, Spec)) is None
    for change, field in WRONG:
        found = model.problem(msgspec.convert(GOOD | change, Spec))
        assert found is not None and found[0] == field, change
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(GOOD | {"unknown": 1}, Spec)


def test_pauses_grow_to_an_hour() -> None:
    assert [model.pause(tries) for tries in (1, 2, 3, 20)] == [10, 20, 40, 3600]


def test_what_two_sums_say() -> None:
    assert model.compared(2, 7, 2, 7, 0).same is True
    assert model.compared(2, 7, 2, 8, 0).same is False
    assert model.compared(2, 7, 1, 7, 0).same is False
    assert (model.compared(2, 7, 3, 9, 0).same, model.compared(2, 7, 3, 9, 0).why) == (
        None,
        "others",
    )
    assert model.compared(2, 7, 2, 8, 1).why == "rejected"
    assert Tally(3, 1, 1, 1).plus(Tally(1, 1)).balanced


SUMMING = Summing()
ROWS = st.lists(
    st.tuples(st.none() | st.text(max_size=2), st.none() | st.integers(0, 3)), max_size=6
)


@settings(max_examples=25)
@given(ROWS, st.randoms())
def test_a_sum_does_not_depend_on_the_order_or_the_cut(rows: Any, random: Any) -> None:
    def total(some: Any) -> int:
        batch = pa.RecordBatch.from_arrays(
            [
                pa.array([one[0] for one in some], pa.string()),
                pa.array([one[1] for one in some], pa.int64()),
            ],
            ["a", "b"],
        )
        return SUMMING.of(batch)

    mixed = list(rows)
    random.shuffle(mixed)
    cut = random.randrange(len(rows) + 1)
    assert total(rows) == total(mixed)
    assert total(rows) == (total(rows[:cut]) + total(rows[cut:])) & model.SUM_BITS
    if rows:
        other = [("another", 9), *rows[1:]]
        assert total(other) != total(rows)
    assert total([("", None)]) != total([(None, None)])


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 5))
def test_the_second_row_of_a_key_is_found_however_the_rows_are_cut(
    keys: list[int], size: int
) -> None:
    repeats = feeds.Repeats()
    found = []
    for first in range(0, len(keys), size):
        part = keys[first : first + size]
        batch = pa.RecordBatch.from_arrays([pa.array(part, pa.int64())], ["k"])
        found += [first + place for place in repeats.of(batch, ["k"])]
    _, firsts = np.unique(np.array(keys, np.int64), return_index=True)
    assert found == sorted(set(range(len(keys))) - {int(one) for one in firsts})


def test_reading_ahead_hands_on_what_was_read_and_what_went_wrong() -> None:
    def rows(last: int) -> Any:
        yield from range(last)
        raise OSError("cable")

    taken = []
    with pytest.raises(OSError, match="cable"):
        for one in feeds.ahead(rows(5)):
            taken.append(one)
    assert taken == [0, 1, 2, 3, 4]
    closed = []

    def endless() -> Any:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    given_ = feeds.ahead(endless())
    next(given_)
    given_.close()
    assert closed == [True]
