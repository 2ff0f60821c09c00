"""A page written straight from columns is byte for byte the page made of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sensing.sta.conftest import Service, datastream, location, thing
from yiwang.kernel import clock
from yiwang.sensing.sta import pages, render
from yiwang.sensing.sta.columns import Observed
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.observed import ObservationReading
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.render import Links
from yiwang.sensing.sta.schema import OBSERVATION

TIMES = st.one_of(
    st.integers(-(10**15), 4 * 10**15),
    st.integers(0, 4 * 10**6).map(lambda second: second * clock.SECOND),
    st.integers(0, 4 * 10**9).map(lambda millisecond: millisecond * 1000),
)
RESULTS = st.one_of(
    st.floats(), st.integers(-(10**18), 10**18).map(float), st.sampled_from([-0.0, 1e15, 1e16])
)
EXACTS = ('"东风路 \\"3\\""', "true", "null", "2.00", '{"a": [1, 2]}', "[1,2]", "1e3", "-0")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
INSTANTS = TIMES.map(clock.render)
SPANS = st.tuples(INSTANTS, INSTANTS).map("/".join)
EXTRAS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "phenomenonTime": SPANS,
        "resultTime": INSTANTS,
        "validTime": INSTANTS | SPANS,
        "resultQuality": JSON,
        "parameters": st.dictionaries(st.text(), JSON, max_size=2),
        "FeatureOfInterest": st.integers(1, 99),
    },
)
ROWS = st.lists(
    st.tuples(
        st.integers(1, 2**50),
        TIMES,
        RESULTS,
        st.none() | st.sampled_from(EXACTS),
        st.none() | EXTRAS,
    ),
    max_size=20,
)
ROOTS = ("http://127.0.0.1:8000/v1.1", 'https://example.org/é"/v1.0')


def observed(rows: list[Any], written: tuple[bool, bool]) -> Observed:
    numbers, times, results, exacts, extras = zip(*rows, strict=True) if rows else [()] * 5
    texts = [None if one is None else msgspec.json.encode(one).decode() for one in extras]
    return Observed(
        np.array(numbers, np.int64),
        np.ones(len(rows), np.int64),
        np.array(times, np.int64),
        np.array(results, np.float64),
        list(exacts) if written[0] else None,
        texts if written[1] else None,
    )


def test_pages_from_columns_and_from_rows_are_the_same(service: Service) -> None:
    with service.database.read() as connection:
        reading = ObservationReading(service.store, Entities(connection, 0), 0)

        @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
        @given(ROWS, st.tuples(st.booleans(), st.booleans()), st.sampled_from(ROOTS))
        def same(rows: list[Any], written: tuple[bool, bool], root: str) -> None:
            page, links = observed(rows, written), Links(root)
            shape = render.shape(OBSERVATION, Query(), links)
            expected = msgspec.json.encode(shape.of(reading.rows(page)))
            assert pages.text(page, links).encode() == expected

        same()


def test_the_newest_below_many_datastreams_are_what_a_page_of_each_has(
    service: Service, observe: Callable[..., int]
) -> None:
    streams = [datastream(f"stream {number}", "OM_Observation") for number in range(4)]
    body = thing(Locations=[location()], Datastreams=streams)
    service.add("Things", body)
    ids = [item["@iot.id"] for item in service.get("Datastreams?$orderby=id")["value"]]
    observe(ids[0], "2026-06-30T10:00:00Z", 1.5)
    for minute in (1, 2):
        observe(ids[1], f"2026-06-30T10:0{minute}:00Z", "text", parameters={"n": minute})
    observe(ids[2], "2026-06-30T10:00:00.25Z", 2, resultTime="2026-06-30T11:00:00Z")
    latest = "$orderby=phenomenonTime desc;$top=1"
    below = f"$expand=Datastreams($orderby=id;$expand=Observations({latest}))"
    streams = service.get(f"Things?{below}")["value"][0]["Datastreams"]
    assert streams == service.get(f"Things(1)?{below}")["Datastreams"]
    for id_, stream in zip(ids, streams, strict=True):
        page = service.get(f"Datastreams({id_})/Observations?{latest.replace(';', '&')}")
        assert stream["Observations"] == page["value"]
        assert stream.get("Observations@iot.nextLink") == page.get("@iot.nextLink")
    assert [len(stream["Observations"]) for stream in streams] == [1, 1, 1, 0]
    several = ["Observations@iot.nextLink" in stream for stream in streams]
    assert several == [False, True, False, False]
    flat = service.client.get(f"/v1.1/Datastreams?$expand=Observations({latest})&$resultFormat=CSV")
    assert "2026-06-30T10:02:00Z" in flat.text
