"""Aggregates equal a plain reference, however the rows are spread over the store."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sensing.history import reference
from tests.sensing.history.reference import MEASURES, Row
from yiwang.contracts.observations import ObservationBatch
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse
from yiwang.sensing import segments
from yiwang.sensing.log import Header
from yiwang.sensing.observations import Observations
from yiwang.sensing.sta import aggregation, applied
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.errors import TooMuch
from yiwang.sensing.sta.observed import ObservationReading
from yiwang.sensing.sta.query import parse as parse_query

START = parse("2026-03-28T00:00:00Z")
"""Around the change to summer time in Europe."""

results = st.one_of(
    st.integers(-5, 5).map(float),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from(["true", '"open"', '{"a":1}', "null"]),
)


def row(stream: int, time: int, result: float | str) -> Row:
    if isinstance(result, str):
        return Row(stream, time, float("nan"), result)
    return Row(stream, time, result)


rows = st.builds(row, st.integers(1, 3), st.integers(START, START + 3 * DAY), results)
frames = st.lists(
    st.tuples(st.lists(rows, min_size=1, max_size=30), st.sampled_from(["keep", "compact"])),
    min_size=1,
    max_size=6,
)


def stored(store: Observations, batches: list[tuple[list[Row], str]]) -> None:
    for batch, what in batches:
        append(store, batch)
        if what == "compact":
            store.compact()
    store.merge()


def append(store: Observations, batch: list[Row]) -> None:
    first = store.next_number
    columns = ObservationBatch(
        first,
        0,
        np.array([row.stream for row in batch]),
        np.array([row.time for row in batch]),
        np.array([row.result for row in batch]),
        np.array([row.time for row in batch]),
        [row.exact for row in batch],
    )
    store.append([(Header("test", START, first, len(batch), len(batch)), columns)])


def asked(store: Observations, apply: str) -> list[dict[str, Any]]:
    query = parse_query(f"$apply={apply}")
    assert query.apply is not None
    reading = ObservationReading(store, Entities(None, START), START)  # type: ignore[arg-type]
    parts = reading.every(applied.leading(query.apply), None)
    asking = partial(reading.evaluator, option="$apply")
    table = applied.carried_out(query.apply, parts, asking, START)
    return msgspec.json.decode(msgspec.json.encode(list(table.rows())))  # type: ignore[no-any-return]


KEYS = {
    "Datastream/id,date(phenomenonTime,'Europe/Berlin')": lambda row: (
        row.stream,
        reference.local_start(row.time, 24 * 60, "Europe/Berlin")[:10],
    ),
    "bucket(phenomenonTime,duration'PT15M')": lambda row: (
        reference.local_start(row.time, 15, "UTC").replace("+00:00", "Z"),
    ),
    "bucket(phenomenonTime,duration'P1D','Asia/Shanghai'),Datastream/id": lambda row: (
        reference.local_start(row.time, 24 * 60, "Asia/Shanghai"),
        row.stream,
    ),
    "bucket(phenomenonTime,duration'PT6H','Europe/Berlin')": lambda row: (
        reference.local_start(row.time, 6 * 60, "Europe/Berlin"),
    ),
}


def flat(answer: dict[str, Any], count: int) -> tuple[Any, ...]:
    values = list(answer.values())[:count]
    return tuple(value["@iot.id"] if isinstance(value, dict) else value for value in values)


@pytest.mark.parametrize("keys", KEYS)
@settings(max_examples=12, deadline=None)
@given(batches=frames)
def test_equal_to_the_reference(keys: str, batches: list[tuple[list[Row], str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Observations(Path(folder), ManualClock(START))
        stored(store, batches)
        answers = asked(store, f"groupby(({keys}),{MEASURES})")
        store.close()
    expected = reference.grouped([row for batch, _ in batches for row in batch], KEYS[keys])
    count = len(next(iter(expected)))
    found = {flat(answer, count): answer for answer in answers}
    assert list(found) == sorted(expected)
    for key, group in expected.items():
        for name, value in reference.measured(group).items():
            given = found[key][name]
            given = reference.instant(given) if name == "last_time" else given
            assert reference.alike(given, value), (key, name, given, value)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Any:
    made = Observations(tmp_path / "observations", clock)
    yield made
    made.close()


def test_steps_follow_one_another(store: Observations) -> None:
    append(store, [row(1 + i % 2, START + i * HOUR, float(i)) for i in range(48)])
    daily = (
        "groupby((Datastream/id,date(phenomenonTime) as day),aggregate(result with max as most))"
    )
    assert asked(store, f"filter(result lt 30)/{daily}/filter(most gt 23)") == [
        {"Datastream": {"@iot.id": 1}, "day": "2026-03-29", "most": 28},
        {"Datastream": {"@iot.id": 2}, "day": "2026-03-29", "most": 29},
    ]
    again = f"{daily}/groupby((day),aggregate(most with average as mean,$count as streams))"
    assert asked(store, again) == [
        {"day": "2026-03-28", "mean": 22.5, "streams": 2},
        {"day": "2026-03-29", "mean": 46.5, "streams": 2},
    ]
    computed = (
        "compute(hour(phenomenonTime) as h,result mul 2 as double)/filter(double ge 90)"
        "/groupby((h),aggregate(double with sum as total))"
    )
    assert asked(store, computed) == [
        {"h": 21, "total": 90},
        {"h": 22, "total": 92},
        {"h": 23, "total": 94},
    ]


def test_aggregates_of_nothing(store: Observations) -> None:
    nothing = "filter(result gt 5)/aggregate($count as n,result with average as mean)"
    assert asked(store, nothing) == [{"n": 0, "mean": None}]
    assert asked(store, "groupby((Datastream/id),aggregate($count as n))") == []
    everything = asked(store, MEASURES)
    assert everything[0]["distinct"] == 0
    assert {everything[0][name] for name in ("total", "least", "p95", "last", "last_time")} == {
        None
    }


def test_months_weeks_and_hours_that_come_twice(store: Observations) -> None:
    times = ["2026-01-31T23:30:00Z", "2026-02-28T12:00:00Z", "2026-10-25T00:30:00Z"]
    append(store, [row(1, parse(text), 1.0) for text in (*times, "2026-10-25T01:30:00Z")])
    bucket = "bucket(phenomenonTime,duration'{}','Europe/Berlin')"
    by = f"groupby(({bucket} as at),aggregate($count as n))"
    assert [item["at"] for item in asked(store, by.format("P1M"))] == [
        "2026-02-01T00:00:00+01:00",
        "2026-10-01T00:00:00+02:00",
    ]
    assert [item["at"] for item in asked(store, by.format("P1W"))] == [
        "2026-01-26T00:00:00+01:00",
        "2026-02-23T00:00:00+01:00",
        "2026-10-19T00:00:00+02:00",
    ]
    assert [item["at"] for item in asked(store, by.format("PT1H"))][-2:] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]
    assert [item["n"] for item in asked(store, by.format("P1Y"))] == [4]


def test_what_would_not_fit_is_refused(
    store: Observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, [row(1, START + i * MINUTE, float(i)) for i in range(100)])
    monkeypatch.setattr(aggregation, "MOST_GROUPS", 90)
    with pytest.raises(TooMuch):
        asked(store, "groupby((bucket(phenomenonTime,duration'PT1M')),aggregate($count as n))")
    monkeypatch.setattr(aggregation, "MOST_VALUES", 90)
    for method in ("yiwang.p50", "countdistinct"):
        with pytest.raises(TooMuch):
            asked(store, f"aggregate(result with {method} as n)")
    assert segments.GROUP_ROWS > 100
