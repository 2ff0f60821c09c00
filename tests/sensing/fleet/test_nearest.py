"""The nearest others, against a look at every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sensing.fleet.nearest import nearest

COORDINATE = st.one_of(
    st.floats(-20_000, 20_000), st.integers(-3, 3).map(float), st.just(float("nan"))
)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE), max_size=60)


def check(x: np.ndarray, y: np.ndarray, most: int, radius: float) -> None:
    """As many, and as far, as a look at every pair finds."""
    found = nearest(x, y, most, radius)
    assert len(found) == len(x)
    for place, others in enumerate(found):
        away = np.hypot(x - x[place], y - y[place])
        near = np.flatnonzero((away <= radius) & (np.arange(len(x)) != place))
        expected = np.sort(away[near])[:most]
        assert place not in others and np.all(np.diff(others) > 0)
        assert np.allclose(np.sort(away[others]), expected, rtol=1e-9, atol=1e-6)


@settings(deadline=None)
@given(POINTS, st.integers(1, 8), st.sampled_from([0.5, 100.0, 5000.0, 90_000.0]))
def test_the_nearest_are_those_of_all_pairs(
    points: list[tuple[float, float]], most: int, radius: float
) -> None:
    columns = np.array(points, np.float64).reshape(-1, 2).T
    spaced = np.round(columns, 3)  # A distance of the radius itself, give or take a rounding.
    check(spaced[0], spaced[1], most, radius + 1e-4)


@pytest.mark.parametrize("spread", [1.0, 300.0, 20_000.0])
def test_a_dense_quarter_and_a_wide_country(spread: float) -> None:
    random = np.random.default_rng(3)
    x = np.concatenate((random.normal(0, spread, 400), random.uniform(-40_000, 40_000, 200)))
    y = np.concatenate((random.normal(0, spread, 400), random.uniform(-40_000, 40_000, 200)))
    check(x, y, 8, 5000.0)


def test_a_tower_full_of_devices_at_one_place_is_no_square() -> None:
    count = 50_000
    x, y = np.zeros(count), np.zeros(count)
    x[-1] = 3.0
    found = nearest(x, y, 8, 5000.0)
    assert {len(others) for others in found} == {8}
    assert all(count - 1 not in others for others in found[:-1])


def test_nobody_and_one_alone() -> None:
    assert nearest(np.empty(0), np.empty(0), 8, 10.0) == []
    assert [len(one) for one in nearest(np.array([1.0]), np.array([2.0]), 8, 10.0)] == [0]
