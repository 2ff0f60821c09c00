"""Where a case goes: responsibility matrix, functions, duty; each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.desk import Desk
from yiwang.kernel.clock import DAY
from yiwang.registry import editing
from yiwang.security.actions import Context

Opener = Callable[..., int]


@pytest.fixture
def listed(city: City) -> Callable[..., int]:
    """Adds an entry to the responsibility matrix; gives its number."""

    def add(code: str, organisation: int, **changed: Any) -> int:
        raw = {"code": code, "organisation": organisation} | changed
        number: int = editing.add(city.platform, "responsibilities", raw).id
        return number

    editing.add(
        city.platform,
        "classes",
        {
            "code": "demo.flooded",
            "major": "drainage",
            "name_zh": "积水",
            "function": "drainage",
            "deadline_minutes": 60,
        },
    )
    return add


def test_the_matrix_goes_before_the_function_and_its_reason_is_kept(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    listed("M1", city.parks, major="drainage", co_organisations=[city.water], basis="12号文")
    no = open_case(1)
    case = city.show(no)
    assert case["organisation"] == city.parks
    said = " ".join(case["dispatch"]["reason"])
    assert "(entry M1)" in said and "12号文" in said and "水务局" in said
    sent = case["timeline"][1]
    assert (sent["step"], sent["details"]["co"]) == ("dispatch", [city.water])
    listed("M2", city.water, event_class="demo.flooded", area="D", level="street")
    other = open_case(2, lon=116.7, one_per="", place=None)
    assert city.show(other)["organisation"] == city.water
    assert "(entry M1)" in " ".join(city.show(no)["dispatch"]["reason"]), "as it was then"


def test_an_entry_holds_from_its_day_to_its_day(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    now = city.clock.now()
    listed("OLD", city.parks, ends_at=now)
    listed("NEW", city.water, starts_at=now)
    past = open_case(1, raised_at=now - DAY)
    present = open_case(2, raised_at=now, one_per="other", lon=116.7)
    assert [city.show(no)["organisation"] for no in (past, present)] == [city.parks, city.water]


def test_rivals_are_named_and_the_latest_entry_holds(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    listed("A", city.water, starts_at=city.clock.now() - 2 * DAY)
    listed("B", city.parks, starts_at=city.clock.now() - DAY)
    case = city.show(open_case(1))
    assert case["organisation"] == city.parks
    assert "Equally specific entries name 水务局 too" in " ".join(case["dispatch"]["reason"])


def test_a_removed_organisation_leaves_the_function_to_answer(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    number = listed("A", city.parks)
    editing.remove(city.platform, "responsibilities", number)
    assert city.show(open_case(1))["organisation"] == city.water


def test_who_answers_at_the_next_level(city: City, listed: Callable[..., int]) -> None:
    listed("S", city.parks, level="street", area=city.grid)
    listed("C", city.water, level="city", major="drainage")
    with city.database.read() as connection:
        desk = Desk(Context(city.platform, connection, writes=False))
        here = desk.city.listed("demo.flooded", city.grid, city.clock.now())
        above = desk.city.listed("demo.flooded", city.grid, city.clock.now(), "street")
        top = desk.city.listed("demo.flooded", city.grid, city.clock.now(), "city")
    assert here is not None and above is not None
    # The major class goes before everything, whatever the level.
    assert (here.entry, above.entry, top) == ("C", "C", None)


def test_the_centre_may_still_choose(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    listed("A", city.parks)
    no = open_case(1)
    given = service.Given(to={"organisation": city.water})
    service.take(city.centre, no, "dispatch", given)
    case = city.show(no)
    assert case["organisation"] == city.water and "Chosen by" in case["dispatch"]["reason"][0]
