"""Times, durations and intervals as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import clock
from yiwang.sensing.sta import temporal

INSTANTS = st.integers(temporal.LEAST, temporal.MOST)


@given(st.lists(st.one_of(INSTANTS, INSTANTS.map(lambda time: time // 1000 * 1000))))
def test_many_instants_read_as_each_of_them(instants: list[int]) -> None:
    shown = temporal.texts(np.array(instants, np.int64))
    assert shown == [clock.render(instant) for instant in instants]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P1D", clock.DAY),
        ("-PT1.5S", -1_500_000),
        ("P1W2DT3H4M", 9 * clock.DAY + 3 * clock.HOUR + 4 * clock.MINUTE),
        ("PT0S", 0),
    ],
)
def test_durations(text: str, length: int) -> None:
    assert temporal.duration(text) == length


@pytest.mark.parametrize("text", ["", "P", "PT", "P1M", "P1Y", "1D", "P999999999D", "PT1", "P1DT"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        temporal.duration(text)


@pytest.mark.parametrize("text", ["24:00", "10:60", "10:00:60", "1:00", "10", "10:00:00.x"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError):
        temporal.clock_time(text)


@given(*[st.tuples(INSTANTS, INSTANTS).map(sorted).map(tuple)] * 2)
def test_intervals_are_before_meet_or_share_time(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    relation = temporal.RELATIONS
    apart = relation["before"](one, two) or relation["after"](one, two)
    assert not (apart and relation["overlaps"](one, two))
    assert relation["before"](one, two) == relation["after"](two, one)
    if relation["during"](one, two) and one != two:
        assert not relation["during"](two, one)
    assert temporal.COMPARE["eq"](one, two) == (one == two)
