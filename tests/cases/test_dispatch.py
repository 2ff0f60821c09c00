"""Where a case goes: responsibility matrix, functions, duty; each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.cases.conftest import CASES, City, square
from yiwang.cases import service
from yiwang.cases.crew import Crew
from yiwang.cases.desk import Desk
from yiwang.cases.lists import Filter
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import DAY, to_datetime
from yiwang.kernel.errors import YiwangError
from yiwang.registry import editing
from yiwang.security.actions import Context

Opener = Callable[..., int]
CLASSES = parse(documents.parse(CASES, "cases.yaml"), "demo", {}).classes


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


def test_each_dispatch_is_told_with_its_own_reasons(city: City, open_case: Opener) -> None:
    no = open_case(1)
    first = city.show(no)["dispatch"]["reason"]
    service.take(city.centre, no, "dispatch", service.Given(to={"organisation": city.parks}))
    case = city.show(no)
    told = [line["reason"] for line in case["timeline"] if line["step"] == "dispatch"]
    assert told == ["; ".join(first), "; ".join(case["dispatch"]["reason"])]
    assert told[0] != told[1]


def test_the_matrix_goes_before_the_function_and_its_reason_is_kept(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    listed("M1", city.parks, major="drainage", co_organisations=[city.water], basis="12号文")
    no = open_case(1)
    case = city.show(no)
    assert case["organisation"] == city.parks
    said = " ".join(case["dispatch"]["reason"])
    assert "(entry M1)" in said and "12号文" in said and "with it: Water Office" in said
    told = " ".join(city.show(no, lang="zh-CN")["dispatch"]["reason"])
    assert "停车管理中心" in told and "水务局" in told and "Parking" not in told
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
    assert "Equally specific entries name Water Office too" in " ".join(case["dispatch"]["reason"])


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


def test_off_hours_the_unit_gets_it_and_the_reason_says_until_when(
    city: City, open_case: Opener
) -> None:
    duty = editing.page(city.platform, "duties")[0].id
    at = city.clock.now()
    local = to_datetime(at).astimezone(WorkingCalendar().zone)
    opens = (local + timedelta(hours=2)).strftime("%H:%M")
    closes = (local + timedelta(hours=3)).strftime("%H:%M")
    editing.change(city.platform, "duties", duty, {"opens": opens, "closes": closes})
    case = city.show(open_case(1, raised_at=at))
    assert (case["organisation"], case["handler"]) == (city.water, "")
    day = (local + timedelta(hours=2)).strftime("%Y-%m-%d")
    said = f"Somebody is on duty there again from {day} {opens}."
    assert said in case["dispatch"]["reason"]


SKILLED = """
classes:
  gas_leak:
    severity: critical
    role: drainage
    skills: [gas]
    deadline: {minutes: 30, counting: clock}
"""


def test_skills_place_and_load_decide_between_those_on_duty(city: City) -> None:
    spec = parse(documents.parse(SKILLED, "cases.yaml"), "demo", {})
    assert spec.classes[0].skills == ("gas",)
    service.install_classes(city.platform, "demo", [*spec.classes, *CLASSES])
    for name in ("far", "near"):
        raw = {"code": name, "name": name, "organisation": city.water, "user": name}
        number = editing.add(city.platform, "people", raw | {"skills": ["gas"]}).id
        duty = {"code": f"R-{name}", "role": "handler", "person": number, "area": city.district}
        editing.add(city.platform, "duties", duty)
    for name, lon in (("far", 116.9), ("near", 116.1)):
        worker = city.caller(name, "department_handler", organisation=city.water)
        begun = report(city, "full_car_park", lon)
        service.take(city.centre, begun, "dispatch", service.Given(to={"person": number}))
        service.take(worker, begun, "start", service.Given())
        service.take(worker, begun, "report", service.Given())
    found = city.show(report(city, "gas_leak", 116.1))
    assert found["handler"] == "near", "王伟 has no open case, but not the skill"
    said = " ".join(found["dispatch"]["reason"])
    assert "Has the skills: gas." in said and "Others on duty: far" in said
    again = city.show(report(city, "gas_leak", 116.1))
    assert again["handler"] == "near", "four points of load weigh less than 68 km"
    more = [city.show(report(city, "gas_leak", 116.1))["handler"] for _ in range(8)]
    assert more == ["near"] * 7 + ["far"]


def test_what_has_changed_in_the_registry_counts_for_the_next_case(city: City) -> None:
    duty = editing.page(city.platform, "duties")[0].id
    editing.change(city.platform, "duties", duty, {"area": city.grid})

    def dispatched() -> tuple[int, str, float | None]:
        case = city.show(report(city, "flooded", 116.1))
        with city.database.read() as connection:
            crew = Desk(Context(city.platform, connection)).city.crew
            found = crew.workers("drainage", city.water, city.clock.now())
        return case["organisation"], case["handler_name"], found[0].lon

    assert dispatched() == (city.water, "王伟", 116.25)
    editing.change(city.platform, "people", city.person, {"name": "王小伟"})
    assert dispatched() == (city.water, "王小伟", 116.25)
    editing.change(city.platform, "areas", city.grid, {"geometry": square(116, 39, 0.4)})
    assert dispatched() == (city.water, "王小伟", 116.2)
    editing.change(city.platform, "duties", duty, {"area": city.other_grid})
    assert dispatched() == (city.water, "", 116.75)
    editing.change(city.platform, "organisations", city.water, {"functions": []})
    editing.change(city.platform, "organisations", city.parks, {"functions": ["drainage"]})
    assert dispatched()[0] == city.parks


def report(city: City, code: str, lon: float) -> int:
    no = service.report(city.citizen, service.Report(f"demo.{code}", "…", lon, 39.1))
    service.take(city.centre, no, "dispatch", service.Given())
    return no


def test_escalation_follows_the_matrix(
    city: City, open_case: Opener, listed: Callable[..., int]
) -> None:
    listed("S", city.water, level="street", area=city.grid, event_class="demo.flooded")
    listed("C", city.parks, level="city", event_class="demo.flooded", basis="12号文")
    no = open_case(1)
    assert city.show(no)["organisation"] == city.water
    service.take(city.handler, no, "escalate", service.Given(reason="beyond us"))
    case = city.show(no)
    assert case["organisation"] == city.parks
    assert case["dispatch"]["reason"][:2] == [
        "The responsibility matrix (entry C) names Parking for this class.",
        "It rests on 12号文.",
    ]
    with pytest.raises(YiwangError):
        service.take(city.stranger, no, "escalate", service.Given(reason="nobody above"))


def test_many_findings_at_once_ask_for_loads_once(
    city: City, listed: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dispatching many cases of one delivery reads loads no more often than dispatching one."""
    listed("D", city.water, major="drainage")
    asked: list[set[str]] = []
    read = Crew._read_loads

    def counted(crew: Crew, users: set[str]) -> None:
        asked.append(users)
        read(crew, users)

    monkeypatch.setattr(Crew, "_read_loads", counted)

    def deliver(first: int, count: int) -> int:
        asked.clear()
        keys = range(first, first + count)
        city.deliver(*(city.raised(n, one_per=f"s{n}", lon=116 + n / 999) for n in keys))
        return len(asked)

    assert deliver(1, 1) == deliver(100, 60) == 1
    cases = service.listing(city.centre, Filter(handler="handler"), 100, None, "en")[0]
    assert len(cases) == 61
