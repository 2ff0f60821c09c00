"""Registers as packs write them, the requests that read them, and what they hold."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.protocols.modbus.model import (
    MOST_REGISTERS,
    TABLES,
    TYPES,
    Place,
    Point,
    Request,
    place,
    plan,
    point,
    value,
)

points = st.one_of(
    st.builds(Point, st.sampled_from(TABLES[:2]), st.integers(0, 9000)),
    st.builds(
        Point, st.sampled_from(TABLES[2:]), st.integers(0, 9000), st.sampled_from(sorted(TYPES))
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coil 7", Point("coil", 7)),
        ("discrete 0 bool", Point("discrete", 0)),
        ("holding 100", Point("holding", 100, "uint16")),
        ("input 3 int32 swapped", Point("input", 3, "int32", True)),
        ("holding 5 bit 15", Point("holding", 5, "bit", bit=15)),
    ],
)
def test_points_are_read(text: str, expected: Point) -> None:
    assert point(text) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "holding 100"),
        ("register 4", "holding 100"),
        ("holding -4", "holding 100"),
        ("holding 4 float16", "float32"),
        ("holding 4 bit 16", "bit 15"),
        ("holding 4 int16 swapped", "one register"),
        ("holding 4 int32 upside-down", "bit 15"),
        ("coil 4 int16", "one bit"),
        ("holding 65535 float32", "65535"),
    ],
)
def test_what_is_no_point_says_what_one_looks_like(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        point(text)


@given(st.lists(points, max_size=40), st.integers(0, 20))
def test_every_point_is_read_by_requests_that_devices_allow(wanted: list[Point], gap: int) -> None:
    requests = plan(wanted, gap)
    for each in wanted:
        assert any(request.holds(each) for request in requests)
    for request in requests:
        most = 2000 if request.table in TABLES[:2] else MOST_REGISTERS
        assert 0 < request.count <= most
    asked = sum(request.count for request in plan(wanted, 0))
    assert asked <= sum(each.size for each in set(wanted))


def test_neighbours_are_read_together_and_gaps_only_when_allowed() -> None:
    wanted = [point("holding 0 float32"), point("holding 2"), point("holding 5"), point("coil 3")]
    assert plan(wanted) == [
        Request("coil", 3, 1),
        Request("holding", 0, 3),
        Request("holding", 5, 1),
    ]
    assert plan(wanted, gap=2) == [Request("coil", 3, 1), Request("holding", 0, 6)]


@given(st.sampled_from(sorted(TYPES)), st.booleans(), st.data())
def test_values_survive_the_way_through_registers(
    kind: str, swapped: bool, data: st.DataObject
) -> None:
    size, layout = TYPES[kind]
    raw = data.draw(st.binary(min_size=2 * size, max_size=2 * size))
    [expected] = struct.unpack(layout, raw)
    words = list(struct.unpack(f">{size}H", raw))
    swapped = swapped and size > 1
    wanted = Point("holding", 10, kind, swapped)
    request = Request("holding", 9, size + 1)
    got = value(wanted, request, [0, *(reversed(words) if swapped else words)])
    assert got == float(expected) or (math.isnan(got) and math.isnan(expected))


@given(points, st.lists(st.one_of(st.integers(), st.booleans(), st.none()), max_size=6))
def test_any_answer_is_a_number_or_refused(wanted: Point, answer: list[object]) -> None:
    request = Request(wanted.table, wanted.address, wanted.size)
    try:
        assert isinstance(value(wanted, request, answer), float)
    except ValueError as error:
        assert str(error)


def test_bits() -> None:
    assert value(point("holding 1 bit 3"), Request("holding", 1, 1), [8]) == 1
    assert value(point("holding 1 bit 2"), Request("holding", 1, 1), [8]) == 0
    assert value(point("coil 2"), Request("coil", 1, 2), [False, True]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.7", Place("10.0.0.7")),
        ("10.0.0.7:1502", Place("10.0.0.7", 1502)),
        ("10.0.0.7:1502:0", Place("10.0.0.7", 1502, 0)),
        ("[fd00::1]:1502:3", Place("fd00::1", 1502, 3)),
    ],
)
def test_places_are_read(text: str, expected: Place) -> None:
    assert place(text) == expected


@pytest.mark.parametrize("text", ["", ":502", "a:b", "a:0", "a:1:256", "a:1:2:3", "[fd00::1"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|port"):
        place(text)
