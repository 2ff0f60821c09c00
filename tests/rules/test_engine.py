"""The engine against the slow reference: however a stream is cut, ordered or interrupted."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.catalogue import PARAMETERS, REFERENCES, RULES
from tests.rules.reference import Found
from tests.rules.world import SITES, START, Row, channels, loaded, run
from yiwang.kernel.clock import MINUTE
from yiwang.rules.building import Loaded

THINGS = 4
_WATCHED = [one.datastream for one in channels(THINGS) if one.property not in ("double", "mean")]
_BOUND_MINUTES = 10


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return loaded(tmp_path_factory.mktemp("pack"), RULES, PARAMETERS)


@st.composite
def observed(draw: st.DrawFn) -> list[Row]:
    """Rows of a few things over 40 minutes: runs of high and low, gaps, NULLs, repeated
    instants with other values."""
    rows: list[Row] = []
    value = st.sampled_from([0.0, 4.0, 5.0, 8.0, 9.0, 10.0, 12.0, 31.0, float("nan")])
    for _ in range(draw(st.integers(1, 12))):
        datastream = draw(st.sampled_from(_WATCHED))
        minute = draw(st.integers(0, 35))
        step = draw(st.sampled_from([1, 1, 1, 2, 3, 8]))
        steady = draw(st.booleans())
        first = draw(value)
        for index in range(draw(st.integers(1, 8))):
            rows.append((datastream, minute + index * step, first if steady else draw(value)))
    if any(one.property == "running" for one in channels(THINGS)):
        rows = [(d, m, v % 2 if d == _WATCHED[-1] or d == _WATCHED[-2] else v) for d, m, v in rows]
    return rows


@st.composite
def arrivals(draw: st.DrawFn, rows: list[Row], most: int) -> list[Row]:
    """The rows in an order of arrival: each at most ``most`` minutes after its time."""
    delays = draw(st.lists(st.integers(0, most), min_size=len(rows), max_size=len(rows)))
    shuffled = draw(st.permutations(range(len(rows))))
    rank = {row: place for place, row in enumerate(shuffled)}
    order = sorted(range(len(rows)), key=lambda i: (rows[i][1] + delays[i], rank[i]))
    return [rows[index] for index in order]


def expected(rows: list[Row]) -> list[Found]:
    instants = [(datastream, START + minute * MINUTE, value) for datastream, minute, value in rows]
    watermark = max(time for _, time, _ in instants)
    found = channels(THINGS)
    return sorted(
        (one for rule in REFERENCES for one in rule.find(found, instants, dict(SITES), watermark)),
        key=str,
    )


def bare(found: list) -> list[Found]:  # type: ignore[type-arg]
    return sorted(((rule, *rest) for rule, *rest, _ in found), key=str)


_settings = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_settings
@given(data=st.data())
def test_findings_depend_neither_on_cuts_nor_on_order_inside_the_bound(
    rules: Loaded, data: st.DataObject
) -> None:
    rows = data.draw(observed())
    first = data.draw(arrivals(rows, _BOUND_MINUTES))
    second = data.draw(arrivals(rows, _BOUND_MINUTES))
    whole = run(rules, first, THINGS)
    assert bare(whole) == expected(first)
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=8))
    fold = data.draw(st.sampled_from([1, 7, 100_000]))
    assert run(rules, second, THINGS, cuts, fold) == whole


@_settings
@given(data=st.data())
def test_rows_too_late_are_left_out_alike_however_the_stream_is_cut(
    rules: Loaded, data: st.DataObject
) -> None:
    rows = data.draw(arrivals(data.draw(observed()), 3 * _BOUND_MINUTES))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=8))
    fold = data.draw(st.sampled_from([1, 7, 100_000]))
    got = [one for one in bare(run(rules, rows, THINGS, cuts, fold)) if one[0] != "test/nearby"]
    assert got == [one for one in expected(rows) if one[0] != "test/nearby"]


@settings(_settings, max_examples=40)  # a state is three hundred arrays, saved in each of them
@given(data=st.data())
def test_saving_and_loading_anywhere_changes_nothing(rules: Loaded, data: st.DataObject) -> None:
    rows = data.draw(arrivals(data.draw(observed()), _BOUND_MINUTES))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), min_size=1, max_size=6))
    fold = data.draw(st.sampled_from([1, 7]))
    assert run(rules, rows, THINGS, cuts, fold, cuts) == run(rules, rows, THINGS)
