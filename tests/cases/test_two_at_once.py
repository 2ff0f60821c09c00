"""Two people who act on one case at the same time: one wins, the other is told, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from tests.cases.conftest import City
from yiwang.cases import errors, service
from yiwang.cases.service import Given, Report
from yiwang.cases.tables import case_counts, case_parts, case_sources
from yiwang.registry import editing
from yiwang.security.actions import Caller

Opener = Callable[..., int]
Act = Callable[[], Any]


def _at_once(*acts: Act) -> list[object]:
    """What each act gave or raised, all begun together."""
    gate = threading.Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def run(place: int, act: Act) -> None:
        gate.wait()
        try:
            found[place] = act()
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _told(found: list[object]) -> list[object]:
    return [one for one in found if isinstance(one, errors.ChangedMeanwhile)]


def _step(caller: Caller, no: int, step: str, version: int | None, **given: Any) -> Act:
    return lambda: service.take(caller, no, step, Given(**given), version)


def test_different_people_take_different_steps(city: City, open_case: Opener) -> None:
    no = open_case()
    version = city.show(no)["version"]
    found = _at_once(
        _step(city.handler, no, "start", version),
        _step(city.centre, no, "void", version, reason="a drill"),
        _step(city.grid_worker, no, "urge", version),
    )
    told = _told(found)
    assert len(told) == 2, found
    case = city.show(no)
    assert case["version"] == version + 1
    assert len(case["timeline"]) == 3
    last = case["timeline"][-1]
    winner = next(one for one in found if one not in told)
    assert isinstance(winner, tuple) and winner.state == last["state"]  # type: ignore[attr-defined]


def test_without_a_version_both_may_count_but_none_is_lost(city: City, open_case: Opener) -> None:
    """Who does not say what they saw is told only when the writing itself collides."""
    no = open_case()
    urge = _step(city.centre, no, "urge", None)
    found = _at_once(*[urge] * 6)
    done = 6 - len(_told(found))
    assert done >= 1 and all(isinstance(one, tuple | errors.ChangedMeanwhile) for one in found), (
        found
    )
    case = city.show(no)
    assert case["counts"]["urges"] == done
    assert [line["step"] for line in case["timeline"]].count("urge") == done


def test_two_joint_units_answer_at_once(city: City, open_case: Opener) -> None:
    raw = {"code": "ROADS", "kind": "department", "name_zh": "道路", "name_en": "Roads"}
    roads = editing.add(city.platform, "organisations", raw).id
    other = city.caller("roads", "department_handler", organisation=roads)
    no = open_case()
    units = {"organisations": [city.parks, roads]}
    service.take(city.handler, no, "ask_joint", Given(text="help", to=units))
    acts = {"stranger": city.stranger, "roads": other}
    left = dict(acts)
    while left:
        found = _at_once(
            *[_step(caller, no, "answer_part", None, text=name) for name, caller in left.items()]
        )
        left = {
            name: caller
            for (name, caller), one in zip(left.items(), found, strict=True)
            if isinstance(one, errors.ChangedMeanwhile)
        }
        assert len(left) < len(found)
    with city.database.read() as connection:
        rows = list(connection.execute(select(case_parts).order_by(case_parts.c.id)))
    assert [(row.state, row.answer) for row in rows] == [
        ("answered", "stranger"),
        ("answered", "roads"),
    ]
    city.photo(no)
    assert service.take(city.handler, no, "report", Given(text="done")).state == "handled"


def test_merging_into_one_another_at_once(city: City, open_case: Opener) -> None:
    first, second = open_case(1), open_case(2, one_per="other")
    found = _at_once(
        _step(city.centre, first, "merge", None, to={"case": second}, reason="same"),
        _step(city.centre, second, "merge", None, to={"case": first}, reason="same"),
    )
    won = [one for one in found if isinstance(one, tuple)]
    assert len(won) == 1, found
    states = {city.show(no)["state"] for no in (first, second)}
    assert "merged" in states and len(states) == 2
    with city.database.read() as connection:
        sources = [row.case for row in connection.execute(select(case_sources.c.case))]
    assert len(sources) == 2 and len(set(sources)) == 1


def test_reports_at_once_have_numbers_of_their_own(city: City) -> None:
    given = Report("demo.full_car_park", "full", address="East Road")
    found = _at_once(*[lambda: service.report(city.citizen, given)] * 8)
    assert sorted(one for one in found if isinstance(one, int)) == list(range(1, 9)), found
    with city.database.read() as connection:
        counts = [row.count for row in connection.execute(select(case_counts))]
    assert sum(counts) == 8
