"""Data arrays decoded as columns are stored as row by row they would be."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.sensing.sta.conftest import Service, datastream, location, thing
from yiwang.kernel import clock
from yiwang.sensing.sta import payload, runs

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1000, 1000).map(lambda number: f"{number:.2f}"),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["2.00", "-0", "0", "1e3", "1E5", "0.00001", "-0.0", "1e-05", "7 "]),
)
TIMES = st.integers(0, 4 * 10**15).map(clock.render) | st.sampled_from(
    ["2026-07-01T08:00:00+08:00", "2026-07-01T08:00:00.123456789Z", "2026-07-01 08:00:00Z"]
)
ROWS = st.lists(st.tuples(TIMES, NUMBERS), max_size=8)
WRONG = (
    ["yesterday", "1"],
    ["2026-07-01T08:00:00Z", '"high"'],
    ["2026-07-01T08:00:00Z", "null"],
    ["2026-07-01T08:00:00", "1"],
    ["2026-07-01T08:00:00Z", "1e400"],
    ["2026-07-01T08:00:00Z/2026-07-01T09:00:00Z", "1"],
)


def body(rows: list[Any], stream: int = 1, **more: str) -> str:
    listed = ",".join(f'["{time}",{number}]' for time, number in rows)
    parts = {
        "Datastream": f'{{"@iot.id":{stream}}}',
        "components": '["phenomenonTime","result"]',
        "dataArray": f"[{listed}]",
    } | more
    return "{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}"


@given(st.lists(ROWS, max_size=3))
def test_columns_hold_what_rows_hold(arrays: list[Any]) -> None:
    text = [body(rows, stream) for stream, rows in enumerate(arrays, 1)]
    content = f"[{','.join(text)}]".encode()
    found = runs.decode(content)
    assert found is not None
    for run, array in zip(found, payload.decode_arrays(content), strict=True):
        rows = payload.rows(array, 0)
        made = [row for row in rows if isinstance(row, payload.Observation)]
        assert len(made) == len(rows) and run.datastream == array.stream
        assert run.time.tolist() == [row.time for row in made]
        assert run.result.tolist() == [row.result for row in made]
        exact = [row.exact for row in made]
        assert (run.exact or [None] * len(made)) == exact
        assert run.exact is None or any(exact)


def test_what_is_not_plain_is_left_to_the_rows() -> None:
    good = ["2026-07-01T08:00:00Z", "1"]
    assert runs.decode(f"[{body([good])}]".encode()) is not None
    for wrong in WRONG:
        assert runs.decode(f"[{body([good, wrong])}]".encode()) is None, wrong
    others = (
        {"components": '["result","phenomenonTime"]'},
        {"MultiDatastream": '{"@iot.id":1}'},
        {"Datastream": "null", "MultiDatastream": '{"@iot.id":1}'},
        {"dataArray": '[["2026-07-01T08:00:00Z",1,2]]'},
        {"dataArray": "{}"},
    )
    for other in others:
        assert runs.decode(f"[{body([good], **other)}]".encode()) is None, other
    for content in (b"", b"{}", b"[1]", b'[{"dataArray":' + b"[" * 100_000):
        assert runs.decode(content) is None


def test_an_array_is_refused_in_part_and_names_the_feature_of_a_place_moved_to(
    service: Service,
) -> None:
    """What columns cannot say is said row by row: who goes nowhere, and who is elsewhere now."""
    for index in range(2):
        place = location(116 + index, 40, f"place {index}")
        service.add("Things", thing(Locations=[place], Datastreams=[datastream()]))
    at = "2026-06-30T10:00:{:02}Z"

    def send(stream: int, second: int, form: str = "1.50") -> str:
        return body([[at.format(second), form]], stream)

    def post(*arrays: str) -> Any:
        content = f"[{','.join(arrays)}]"
        response = service.client.post("/v1.1/CreateObservations", content=content)
        assert response.status_code == 201
        return response.json()

    link = f"{service.root}/Observations"
    assert post(send(1, 1), send(2, 2)) == [f"{link}(1)", f"{link}(2)"]
    assert post(send(1, 1), send(2, 3)) == [f"{link}(1)", f"{link}(3)"]
    assert post(send(99, 1), send(2, 4)) == ["error", f"{link}(4)"]
    service.add("Things(1)/Locations", location(118, 40, "new place"))
    assert post(send(1, 5, "2"), send(2, 5)) == [f"{link}(5)", f"{link}(6)"]
    found = service.get("Observations?$expand=FeatureOfInterest($select=name)&$orderby=id")["value"]
    names = [item["FeatureOfInterest"]["name"] for item in found]
    assert names == ["place 0", "place 1", "place 1", "place 1", "new place", "place 1"]
    assert '"result":1.50,' in service.client.get("/v1.1/Observations(1)").text
    counts = [frame.header.rejected for frame in service.store.log.frames(0)]
    assert msgspec.to_builtins(counts)[2] == {"sensing.unknown_datastream": 1}
