"""Up and down the levels: who gets a case, and who reads on what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases.conftest import City
from tests.cases.taking import take, unit, why
from yiwang.cases import errors, service
from yiwang.cases.lists import Filter
from yiwang.registry import editing
from yiwang.security.actions import Caller

Opener = Callable[..., int]


def test_up_and_down_the_levels(city: City, open_case: Opener) -> None:
    grid = unit(city, "G-OFFICE", functions=["drainage"], area=city.grid)
    district = unit(city, "D-OFFICE", functions=["drainage"], area=city.district)
    no = open_case()
    assert city.show(no)["organisation"] == grid
    worker = city.caller("w", "department_handler", organisation=grid)
    assert take(worker, no, "escalate", reason="beyond us") == "dispatched"
    case = city.show(no)
    assert case["organisation"] == district
    assert case["dispatch"]["reason"][0].startswith('D-OFFICE has the function "drainage" one')
    said = city.show(no, lang="zh-CN")
    assert "职能“排水”" in said["dispatch"]["reason"][0]
    line = said["timeline"][-1]
    assert (line["step"], line["reason"]) == ("escalate", "beyond us")
    assert "职能“排水”" in line["why"], "where it went stands beside the reason that was given"
    take(city.centre, no, "escalate", reason="beyond them")
    assert city.show(no)["organisation"] == city.water
    assert why(city.handler, no, "escalate", reason="and now?") == "no_level_above"
    take(city.handler, no, "hand_down", reason="a small thing")
    assert city.show(no)["organisation"] == district
    take(city.centre, no, "hand_down", to={"organisation": grid}, reason="theirs")
    assert city.show(no)["organisation"] == grid
    assert why(worker, no, "hand_down", reason="x") == "no_level_below"
    with pytest.raises(errors.BadTarget):
        take(worker, no, "hand_down", to={"organisation": 999}, reason="x")


def test_who_handed_a_case_on_reads_on_and_does_no_more(city: City, open_case: Opener) -> None:
    grid = unit(city, "G-OFFICE", functions=["drainage"], area=city.grid)
    district = unit(city, "D-OFFICE", functions=["drainage"], area=city.district)
    worker = city.caller("w", "department_handler", organisation=grid)
    above = city.caller("a", "department_handler", organisation=district)

    def lists(caller: Caller, **wanted: Any) -> list[int]:
        found, _ = service.listing(caller, Filter(**wanted), 10, None, "en")
        return [one["no"] for one in found]

    no, other = open_case(), open_case(2, one_per="other")
    assert lists(worker) == [other, no] and lists(worker, handed_on=True) == []
    assert city.show(no, worker)["handed_on"] is None
    take(worker, no, "escalate", reason="beyond us")
    city.clock.advance(1)
    take(worker, other, "escalate", reason="beyond us too")
    assert lists(worker) == [] and lists(worker, handed_on=True) == [other, no]
    assert lists(worker, handed_on=True, sort="due") == [no, other]
    assert lists(worker, handed_on=True, kind="open") == [other, no]
    assert lists(worker, handed_on=True, kind="working") == [other, no]
    assert lists(worker, handed_on=True, kind="void") == []
    assert lists(worker, handed_on=True, q=f"#{no}") == [no]
    assert service.listing(worker, Filter(handed_on=True), 10, (other,), "en")[0][0]["no"] == no
    shown = city.show(no, worker)
    assert shown["handed_on"] and shown["timeline"][-1]["step"] == "escalate"
    assert [one["step"] for one in shown["steps"] if one["allowed"]] == ["comment"]
    assert why(worker, no, "start") == "other_organisation"
    take(worker, no, "comment", text="The key is with the porter")
    assert lists(above, handed_on=True) == [] and city.show(no, above)["handed_on"] is None
    for stranger in (city.stranger, city.caller("c", "citizen", organisation=grid)):
        assert lists(stranger, handed_on=True) == []
        with pytest.raises(errors.NoSuchCase):
            city.show(no, stranger)
    take(above, no, "hand_down", reason="yours after all")
    assert lists(worker) == [no] and lists(worker, handed_on=True) == [other]
    assert city.show(no, worker)["handed_on"] is None
    assert lists(above, handed_on=True) == [no]
    assert lists(city.centre, handed_on=True) == []
    take(city.centre, other, "void", reason="a false alarm")
    assert lists(worker, handed_on=True, kind="open") == []
    assert lists(worker, handed_on=True, kind="void") == [other]
    take(city.centre, other, "reopen", reason="it was none")
    assert lists(worker, handed_on=True, kind="new") == [other]
    assert lists(worker, handed_on=True, kind="void") == []


def test_what_the_centre_takes_away_is_not_followed(city: City, open_case: Opener) -> None:
    no = open_case()
    take(city.centre, no, "transfer", to={"organisation": city.parks}, reason="theirs")
    with pytest.raises(errors.NoSuchCase):
        city.show(no, city.handler)
    take(city.stranger, no, "return", reason="not ours")
    with pytest.raises(errors.NoSuchCase):
        city.show(no, city.stranger)


def test_up_to_whom_the_matrix_names(city: City, open_case: Opener) -> None:
    grid = unit(city, "G-OFFICE", functions=["drainage"], area=city.grid)
    listed = unit(city, "D-LISTED", area=city.district)
    entry = {"code": "M1", "level": "district", "organisation": listed, "area": city.district}
    no = open_case()
    editing.add(city.platform, "responsibilities", entry)
    assert city.show(no)["organisation"] == grid
    take(city.centre, no, "escalate", reason="beyond them")
    case = city.show(no)
    assert case["organisation"] == listed and "M1" in case["dispatch"]["reason"][0]
    take(city.centre, no, "escalate", reason="and on")
    assert city.show(no)["organisation"] == city.water


def test_without_the_function_above_it_goes_to_the_parent(city: City, open_case: Opener) -> None:
    take(city.centre, open_case(), "comment", text="an ordinary case")
    station = unit(city, "STATION", parent=city.water)
    no = open_case(2, one_per="other")
    take(city.centre, no, "dispatch", to={"organisation": station})
    take(city.centre, no, "escalate", reason="x")
    assert city.show(no)["organisation"] == city.water
