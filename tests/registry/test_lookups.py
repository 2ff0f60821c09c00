"""What other domains ask: where is it, whose is it, who is on duty."""

from __future__ import annotations

import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.conftest import square
from yiwang.kernel.clock import MINUTE, parse
from yiwang.registry import editing, service
from yiwang.registry.areas import AreaIndex
from yiwang.registry.errors import UnknownRecord, UnknownReference
from yiwang.registry.model import Area, Duty, Located
from yiwang.security.actions import Caller, Context
from yiwang.security.errors import Denied
from yiwang.security.model import Identity


def number(city: Caller, noun: str, code: str) -> int:
    return service.number_of(city, noun, code)


def test_a_position_is_in_a_grid_a_street_and_a_district(city: Caller) -> None:
    found = service.locate(city, 0.5, 0.5)
    assert [
        service.area(city, id or 0).code for id in (found.district, found.street, found.grid)
    ] == [
        "D-1",
        "S-1",
        "G-1",
    ]
    assert found.smallest == found.grid
    assert service.locate(city, 3.5, 3.5) == Located(number(city, "areas", "D-1"))
    assert service.locate(city, 100, 50) == Located()


def test_residents_see_where_areas_lie_and_nothing_else(city: Caller) -> None:
    resident = replace(city, identity=Identity("user", 7, "wu", frozenset({"citizen"})))
    assert len(service.areas(resident)) == len(service.areas(city))
    assert service.locate(resident, 0.5, 0.5) == service.locate(city, 0.5, 0.5)
    for look in (service.organisation, service.place, service.person):
        with pytest.raises(Denied):
            look(resident, 1)


def test_a_grid_brings_its_own_street_where_streets_overlap(city: Caller) -> None:
    # (0.5, 1.5) lies in the outlines of both streets, but its grid belongs to S-2.
    found = service.locate(city, 0.5, 1.5)
    assert found.grid == number(city, "areas", "G-3")
    assert found.street == number(city, "areas", "S-2")


def test_a_common_edge_belongs_to_the_lower_number(city: Caller) -> None:
    assert service.locate(city, 1.0, 0.5).grid == number(city, "areas", "G-1")


def test_bulk_lookup_agrees_with_single_lookup_and_is_fast() -> None:
    areas = [Area(1, "D", "district", "D", "D", None, square(0, 0, 30))]
    for row in range(30):
        for column in range(30):
            id = len(areas) + 1
            areas.append(Area(id, f"G{id}", "grid", "G", "G", 1, square(column, row, 1)))
    index = AreaIndex(areas)
    random = np.random.default_rng(7)
    lon, lat = random.uniform(-1, 31, 20_000), random.uniform(-1, 31, 20_000)
    begin = time.process_time()
    district, street, grid = index.locate_many(lon, lat)
    took = time.process_time() - begin
    assert took / len(lon) < 20e-6
    for i in range(0, 20_000, 997):
        single = index.locate(lon[i], lat[i])
        assert (single.district or 0, single.street or 0, single.grid or 0) == (
            district[i],
            street[i],
            grid[i],
        )


def test_places_and_their_attributes(city: Caller) -> None:
    first, second = service.places(city, "underpass")
    assert (first.code, first.name("en"), first.name("zh-CN")) == ("U1", "Underpass 1", "一号桥")
    assert first.grid == number(city, "areas", "G-1")
    assert second.grid == number(city, "areas", "G-2")
    assert service.place(city, first.id) == first
    assert service.place_by_code(city, "underpass", "U2") == second
    assert service.place_by_code(city, "underpass", "U9") is None
    attributes = service.place_attributes(city, "underpass")
    assert attributes == {first.id: {"capacity": 30, "note": "deep"}, second.id: {}}
    with pytest.raises(UnknownRecord):
        service.place(city, 999)


def test_the_nearest_organisation_with_the_function_is_responsible(city: Caller) -> None:
    def responsible(function: str, area: str | None) -> str | None:
        place = None if area is None else number(city, "areas", area)
        found = service.organisation_for(city, function, place)
        return found.code if found else None

    assert responsible("drainage", "G-1") == "WATER-S1"
    assert responsible("drainage", "S-1") == "WATER-S1"
    assert responsible("drainage", "G-3") == "WATER"
    assert responsible("drainage", None) == "WATER"
    assert responsible("gardens", "G-1") is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-07-01T09:00:00+08:00", ["R1", "R3"]),  # a Wednesday
        ("2026-07-01T20:00:00+08:00", ["R2", "R3"]),
        ("2026-07-02T07:59:00+08:00", ["R2", "R3"]),
        ("2026-07-04T09:00:00+08:00", ["R3"]),  # a Saturday
        ("2026-08-03T09:00:00+08:00", ["R1"]),  # the dated span has ended
    ],
)
def test_who_is_on_duty(city: Caller, at: str, expected: list[str]) -> None:
    found = service.on_duty(city, number(city, "areas", "G-1"), "handler", parse(at))
    assert [entry.duty.code for entry in found] == expected
    for entry in found:
        assert entry.organisation is not None
        assert (entry.person is None) == (entry.duty.code == "R3")


def test_duty_elsewhere_in_another_role_or_organisation(city: Caller) -> None:
    at = parse("2026-07-01T09:00:00+08:00")
    elsewhere = service.on_duty(city, number(city, "areas", "G-3"), "handler", at)
    assert [entry.duty.code for entry in elsewhere] == ["R3"]
    assert service.on_duty(city, number(city, "areas", "G-1"), "chief", at) == []
    water = number(city, "organisations", "WATER-S1")
    own = service.on_duty(city, number(city, "areas", "G-1"), "handler", at, water)
    assert [entry.duty.code for entry in own] == ["R1"]


def test_smaller_questions(city: Caller) -> None:
    flooded = service.event_class(city, "F-01")
    assert flooded is not None and flooded.function == "drainage"
    assert service.event_class(city, "X") is None
    grid = number(city, "areas", "G-2")
    codes = [service.area(city, id).code for id in service.areas_above(city, grid)]
    assert codes == ["G-2", "S-1", "D-1"]
    assert [area.code for area in service.areas(city, "street")] == ["S-1", "S-2"]
    assert len(service.areas(city)) == 6
    someone = service.person_of_user(city, "wang.wei")
    assert someone is not None and service.person(city, someone.id) == someone
    assert service.Names(city).name("wang.wei") == someone.name
    assert service.Names(city).name("nobody") == ""
    assert service.person_of_user(city, "") is None
    assert service.organisation(city, someone.organisation or 0).code == "WATER-S1"
    columns = service.locate_many(city, np.array([0.5, 1.5]), np.array([0.5, 0.5]))
    assert columns[2].tolist() == [number(city, "areas", "G-1"), grid]
    with pytest.raises(UnknownReference):
        service.number_of(city, "areas", "G-9")


def test_a_change_is_seen_at_once(city: Caller) -> None:
    grid = number(city, "areas", "G-2")
    assert service.locate(city, 2.5, 0.5).grid is None
    editing.change(city, "areas", grid, {"geometry": square(2, 0, 1)})
    assert service.locate(city, 2.5, 0.5).grid == grid
    moved = service.place_by_code(city, "underpass", "U2")
    assert moved is not None and moved.grid is None
    assert [place.grid for place in service.places(city, "underpass")][1] is None


def test_a_rolled_back_change_leaves_no_trace_in_the_cache(city: Caller) -> None:
    before = service.places(city, "underpass")
    with pytest.raises(RuntimeError):
        _add_look_and_fail(city)
    assert service.places(city, "underpass") == before


def _add_look_and_fail(city: Caller) -> None:
    with city.database.write() as connection:
        ctx = Context(city, connection)
        row = {"kind": "underpass", "code": "U3", "name_zh": "三号桥", "lon": 0.1, "lat": 0.1}
        editing.put(ctx, "places", [row])
        assert len(service.places(ctx, "underpass")) == 3
        raise RuntimeError


@given(
    st.sets(st.integers(0, 6)).map(sorted),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.none() | st.integers(0, 20 * 24 * 60),
    st.none() | st.integers(0, 20 * 24 * 60),
    st.integers(0, 14 * 24 * 60),
)
def test_when_a_duty_begins_next(
    days: list[int], opens: int, closes: int, starts: int | None, ends: int | None, now: int
) -> None:
    zone, zero = ZoneInfo("Asia/Shanghai"), parse("2026-07-01T00:00:00Z")

    def at(minute: int | None) -> int | None:
        return None if minute is None else zero + minute * MINUTE

    duty = Duty(1, "R", "handler", None, 1, None, tuple(days), opens, closes, at(starts), at(ends))
    found = duty.next_start(zero + now * MINUTE, zone)
    minutes = range(now, now + 8 * 24 * 60)
    first = next((one for one in minutes if duty.covers(zero + one * MINUTE, zone)), None)
    if first == now:
        assert found is None, "it is on"
    elif first is not None:
        assert found == at(first)
    else:
        assert found is None or found >= zero + (now + 8 * 24 * 60) * MINUTE
