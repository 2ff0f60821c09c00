"""The figures of device management against slow, obvious counts."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sensing.fleet import model
from yiwang.sensing.fleet.model import DriftLimits, History

END = 60
STATES = st.sampled_from([-1, 0, 1, 2])
CHANGES = st.lists(st.tuples(st.integers(1, END + 20), STATES), max_size=6)
CITY = st.lists(st.tuples(STATES, CHANGES), min_size=1, max_size=5)
WATCH = st.lists(st.integers(0, END + 10), max_size=6).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


def history(city: list[tuple[int, list[tuple[int, int]]]]) -> History:
    """Devices 10, 20 … that begin in a state and change; a change is of another instant each."""
    rows: list[tuple[int, int, int, int]] = []
    current = []
    for number, (state, changes) in enumerate(city, 1):
        for at, new in sorted(dict(changes).items()):
            rows.append((number * 10, at, state, new))
            state = new
        current.append(state)
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    things = np.arange(1, len(city) + 1) * 10
    return History(things, np.array(current), *columns)


def state_at(first: int, changes: list[tuple[int, int]], instant: int) -> int:
    for at, new in sorted(dict(changes).items()):
        if at <= instant:
            first = new
    return first


@settings(deadline=None)
@given(CITY, WATCH, st.integers(0, END - 1), st.integers(1, END))
def test_online_time_is_what_counting_second_by_second_gives(
    city: list[tuple[int, list[tuple[int, int]]]],
    watch: list[tuple[int, int]],
    start: int,
    length: int,
) -> None:
    end = start + length
    group = np.arange(len(city)) % 2
    found = model.spans(history(city), start, end)
    online, there = model.shares(found, model.watched(watch), start, end, group, 2)
    listened = [any(low <= at < high for low, high in watch) for at in range(end)]
    for one in (0, 1):
        mine = [entry for place, entry in enumerate(city) if place % 2 == one]
        states = [
            state_at(first, changes, at)
            for first, changes in mine
            for at in range(start, end)
            if listened[at]
        ]
        assert online[one] == states.count(0)
        assert there[one] == len(states) - states.count(-1)


@settings(deadline=None)
@given(CITY, st.integers(1, END - 1))
def test_parts_of_a_period_add_up(
    city: list[tuple[int, list[tuple[int, int]]]], middle: int
) -> None:
    found = model.spans(history(city), 0, END)
    table = model.watched([(0, END)])
    group = np.zeros(len(city), np.int64)
    whole = model.shares(found, table, 0, END, group, 1)
    parts = [model.shares(found, table, *edge, group, 1) for edge in ((0, middle), (middle, END))]
    for which in (0, 1):
        assert whole[which][0] == parts[0][which][0] + parts[1][which][0]


def test_a_cluster_fails_as_a_whole_or_not() -> None:
    member = np.array([0] * 10 + [1] * 30 + [-1] * 20)
    silent = np.array([True] * 10 + [True] * 10 + [False] * 20 + [True] * 20)
    assert model.clusters(silent, silent, member, 10, 0.5).tolist() == [0]
    assert model.clusters(silent, silent, member, 11, 0.1).tolist() == []
    assert model.clusters(silent, silent, member, 10, 0.3).tolist() == [0, 1]
    assert model.clusters(np.zeros(60, np.bool_), silent, member, 10, 0.3).tolist() == []


def weather(devices: int, days: int = 30) -> np.ndarray:
    """Daily medians of devices in one weather, each with its own level and noise."""
    random = np.random.default_rng(7)
    common = 20 + 10 * np.sin(np.arange(days) / 5)
    own = random.normal(0, 2, (devices, 1)) + random.normal(0, 0.3, (devices, days))
    return np.asarray(common + own)


NEAR = 121 + np.arange(12) * 0.001, np.full(12, 31.0)


def test_a_device_that_drifts_away_from_its_neighbours_is_found_alone() -> None:
    values = weather(12)
    values[4, -8:] += np.linspace(0.5, 6, 8)
    found = model.drift(values, *NEAR, DriftLimits())
    assert np.flatnonzero(model.off(found, DriftLimits())).tolist() == [4]
    assert found.against.min() >= 3 and found.shift[4] > 3


def test_weather_that_all_devices_see_is_no_drift() -> None:
    values = weather(12)
    values[:, -3:] += 40
    assert not model.off(model.drift(values, *NEAR, DriftLimits()), DriftLimits()).any()


def test_without_neighbours_only_a_clear_shift_counts() -> None:
    far = 100 + np.arange(12) * 1.0, np.full(12, 31.0)
    steady = np.random.default_rng(3).normal(50, 1, (12, 30))
    steady[2, -3:] += 30
    found = model.drift(steady, *far, DriftLimits())
    assert np.flatnonzero(model.off(found, DriftLimits())).tolist() == [2]
    assert found.against.tolist() == [0] * 12


def test_too_little_is_known() -> None:
    values = weather(12)
    values[0, :20] = np.nan
    values[1, -1] = np.nan
    found = model.drift(values, *NEAR, DriftLimits())
    assert np.isnan(found.score[:2]).all() and not np.isnan(found.score[2:]).any()
    assert np.isnan(model.drift(values[:1], *(one[:1] for one in NEAR), DriftLimits()).score).all()


def test_drift_is_what_its_definition_says_device_by_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random, limits = np.random.default_rng(5), DriftLimits()
    values = random.normal(20, 3, (60, 24))
    values[random.random(values.shape) < 0.1] = np.nan
    lon, lat = 121 + random.random(60) * 0.2, 31 + random.random(60) * 0.05
    monkeypatch.setattr(model, "_AT_ONCE", 7)
    found = model.drift(values, lon, lat, limits)
    near = model._neighbours(lon, lat, limits)
    for row in range(60):
        score, against = np.nan, 0
        if len(near[row]) >= limits.least_neighbours:
            around = values[near[row]]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                middle = np.nanmedian(around, axis=0)
            enough = (~np.isnan(around)).sum(axis=0) >= limits.least_neighbours
            score = defined(np.where(enough, values[row] - middle, np.nan), middle, limits)
            against = len(near[row])
        if np.isnan(score):
            score, against = defined(values[row], values[row], limits), 0
        assert found.score[row] == pytest.approx(score, nan_ok=True)
        assert found.against[row] == against
    assert (found.against > 0).any() and np.isnan(found.score).any()


def defined(values: np.ndarray, levels: np.ndarray, limits: DriftLimits) -> float:
    recent, past = values[-3:], values[:-3]
    past = past[~np.isnan(past)]
    if np.isnan(recent).any() or len(past) < limits.least_days:
        return float("nan")
    middle = np.median(past)
    spread = 1.4826 * np.median(np.abs(past - middle))
    spread = max(spread, limits.floor * abs(np.nanmedian(levels)))
    return float((np.median(recent) - middle) / spread)


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(0.1, 10))
def test_drift_does_not_depend_on_zero_or_unit_of_the_scale(zero: float, scale: float) -> None:
    """With the floor of the spread out of the way."""
    limits = DriftLimits(floor=0.0)
    values = weather(12)
    values[4, -8:] += 5
    plain = model.drift(values, *NEAR, limits).score
    other = model.drift(values * scale + zero, *NEAR, limits).score
    assert np.allclose(plain, other, rtol=1e-6)


def test_stuck_is_one_value_day_after_day_that_varied_before() -> None:
    least, most = np.zeros((4, 6)), np.ones((4, 6))
    count = np.full((4, 6), 100)
    least[0, 4:] = most[0, 4:] = 7.0
    least[1, 4], most[1, 4], least[1, 5], most[1, 5] = 7, 7, 8, 8
    least[2, :] = most[2, :] = 3.0
    least[3, 4:] = most[3, 4:] = 7.0
    count[3, 5] = 2
    assert model.stuck(least, most, count, 2, 20).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ([100, 98, 96, 94, 92, 90], 45.0),
        ([100, 98, 96, 40, 92, 90], 45.0),
        ([90, 90, 90, 90, 90, 90], None),
        ([80, 82, 84, 86, 88, 90], None),
        ([100, 98, 96, 94], None),
        ([10, 8, 6, 4, 2, 0], 0.0),
    ],
)
def test_when_a_battery_is_empty(level: list[float], expected: float | None) -> None:
    found = model.days_until(np.arange(len(level)), np.array(level, float), 0.0)
    assert found == expected if expected is None else math.isclose(found or 0, expected)
