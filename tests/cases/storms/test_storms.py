"""Many alarms of one cause are one group."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.cases.conftest import City
from tests.cases.test_notifying import told
from yiwang.cases import service
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.spec import parse
from yiwang.cases.storms import service as storms
from yiwang.cases.storms.errors import NoSuchStorm, NotInStorm, ReasonMissing, StormOver
from yiwang.cases.tables import cases
from yiwang.kernel import documents
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.documents import DocumentError
from yiwang.security.errors import Denied

__all__ = ["told"]


def alarm(city: City, finding: int, **changed: Any) -> Any:
    values: dict[str, Any] = {"case_class": "sensor_dead", "one_per": f"thing:{finding}"}
    return city.raised(finding, **(values | {"thing": finding, "place": None} | changed))


def groups(city: City) -> dict[int, int | None]:
    """The storm of every case."""
    with city.database.read() as connection:
        rows = connection.execute(select(cases.c.no, cases.c.storm).order_by(cases.c.no))
        return {row.no: row.storm for row in rows}


def first(city: City) -> dict[str, Any]:
    return storms.list_storms(city.centre, "", 10, None, "en")[-1]


def test_alarms_of_one_cause_make_a_storm_that_the_first_leads(city: City) -> None:
    city.deliver(alarm(city, 1), alarm(city, 2, case_class="lamp_out"))
    assert groups(city) == {1: None, 2: None}
    city.deliver(alarm(city, 3), alarm(city, 4, lon=116.3), alarm(city, 5))
    assert groups(city) == {1: 1, 2: 1, 3: 1, 4: None, 5: 1}
    storm = first(city)
    assert (storm["lead"]["no"], storm["members"], storm["open"]) == (1, 4, 4)
    steps = [line["step"] for line in city.show(1)["timeline"]]
    assert steps == ["opened", "dispatch", "storm"]
    late = city.show(5)
    assert (late["storm"], late["handler"]) == (1, "handler")
    assert late["dispatch"]["reason"] == ["Goes with case 1, which leads its storm."]
    assert [one["no"] for one in storms.show_storm(city.centre, 1, "en")["cases"]] == [1, 2, 3, 5]
    city.clock.advance(30 * MINUTE)
    city.deliver(alarm(city, 6))
    assert groups(city)[6] is None, "the storm is over by then"


def test_those_who_work_on_a_storm_are_told_once(city: City, told: Any) -> None:
    city.deliver(*(alarm(city, number) for number in range(1, 9)))
    subjects = [subject for who, channel, subject in told() if channel == "in_app"]
    assert sorted(subjects) == [
        "Case 1 for you: Sensor dead",
        "Storm of alarms: Sensor dead, led by case 1",
        "Storm of alarms: Sensor dead, led by case 1",
    ]
    report = service.Report("demo.sensor_dead", "The screen is dark", 116.1, 39.1)
    no = service.report(city.citizen, report)
    assert groups(city)[no] == 1
    assert {who for who, _, _ in told()} == {"user:citizen"}, "people are told of their own"


def test_cases_of_one_organisation_make_a_storm(city: City) -> None:
    far = [alarm(city, number, case_class="car_alarm", lon=116 + number / 10) for number in (1, 2)]
    city.deliver(*far)
    assert groups(city) == {1: 1, 2: 1}


@pytest.fixture
def storm(city: City) -> City:
    city.deliver(*(alarm(city, number) for number in (1, 2, 3, 4)))
    return city


def test_a_storm_is_acknowledged_once(city: City) -> None:
    for who in ("one", "two", "three"):
        caller = city.caller(who, "citizen")
        report = service.Report("demo.lamp_out", who, 116.1 + len(who) / 1000, 39.1)
        service.report(caller, report)
    assert storms.acknowledge_storm(city.centre, 1) == 3
    assert storms.acknowledge_storm(city.centre, 1) == 0
    assert first(city)["acknowledged_by"] == "user:centre"
    assert [city.show(no)["state"] for no in (1, 2, 3)] == ["accepted"] * 3
    service.take(city.centre, 1, "dispatch", service.Given())
    assert [city.show(no)["state"] for no in (1, 2, 3)] == ["dispatched"] * 3
    assert city.show(3)["dispatch"]["reason"] == ["Goes with case 1, which leads its storm."]
    acknowledged = [one["step"] for one in city.show(1)["timeline"]]
    assert acknowledged.count("storm_acknowledged") == 1


def test_what_is_cleared_is_closed_at_once(storm: City) -> None:
    service.take(storm.handler, 1, "start", service.Given())
    service.take(storm.handler, 2, "start", service.Given())
    storm.deliver(storm.cleared(1), storm.cleared(3))
    assert storm.show(1)["kind"] == "working", "somebody works on it"
    assert storms.close_cleared(storm.centre, 1, "power is back") == [1]
    assert [storm.show(no)["kind"] for no in (1, 2, 3, 4)] == ["done", "working", "done", "working"]
    line = storm.show(1)["timeline"][-1]
    assert (line["step"], line["actor"], line["reason"]) == (
        "close",
        "user:centre",
        "power is back",
    )
    assert first(storm)["open"] == 2


def test_a_storm_made_by_mistake_is_dissolved(storm: City) -> None:
    storms.dissolve_storm(storm.centre, 1, "two different lines")
    storm.deliver(alarm(storm, 5), alarm(storm, 6))
    assert set(groups(storm).values()) == {0, None}
    assert storm.show(1)["storm"] is None
    for change in (storms.acknowledge_storm, lambda *a: storms.dissolve_storm(*a, "again")):
        with pytest.raises(StormOver):
            change(storm.centre, 1)


def test_one_case_is_taken_out_and_the_next_one_leads(storm: City) -> None:
    storms.take_out(storm.centre, 1, 1, "another cause")
    found = first(storm)
    assert (found["lead"]["no"], found["members"]) == (2, 3)
    assert [one["step"] for one in storm.show(1)["timeline"]][-1] == "storm_left"
    with pytest.raises(NotInStorm):
        storms.take_out(storm.centre, 1, 1, "again")
    for no in (2, 3, 4):
        storms.take_out(storm.centre, 1, no, "none is left")
    assert first(storm)["dissolved_by"] == "user:centre"


def test_only_the_centre_and_only_with_a_reason(storm: City) -> None:
    with pytest.raises(Denied):
        storms.list_storms(storm.handler, "", 10, None, "en")
    with pytest.raises(ReasonMissing):
        storms.dissolve_storm(storm.centre, 1, " ")
    with pytest.raises(NoSuchStorm):
        storms.show_storm(storm.centre, 9, "en")
    with pytest.raises(NoSuchCase):
        storms.take_out(storm.centre, 1, 99, "no such")
    assert storms.list_storms(storm.centre, "over", 10, None, "en") == []
    assert len(storms.list_storms(storm.centre, "open", 10, None, "en")) == 1


@pytest.mark.parametrize(
    "line", ["{at_least: 1, within: 1 min, radius: 1 km}", "{at_least: 3, within: 0, radius: 1 km}"]
)
def test_a_storm_that_could_not_be_is_refused(line: str) -> None:
    deadline = "{hours: 1, counting: clock}"
    text = f"classes:\n  a: {{severity: notice, deadline: {deadline}, storm: {line}}}"
    with pytest.raises(DocumentError):
        parse(documents.parse(text, "cases.yaml"), "demo", {})


raised = st.tuples(st.integers(0, 20), st.integers(0, 3), st.booleans())


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(raised, min_size=3, max_size=12), st.lists(st.integers(1, 4), min_size=1))
def test_storms_do_not_depend_on_how_deliveries_are_cut(
    sqlite_city: Any, given_: list[tuple[int, int, bool]], cuts: list[int]
) -> None:
    def run(sizes: list[int]) -> list[Any]:
        city = sqlite_city()
        events: list[Any] = []
        for number, (minute, away, ends) in enumerate(given_, 1):
            at = city.clock.now() - minute * MINUTE
            events.append(alarm(city, number, raised_at=at, lon=116.1 + away / 80))
            events += [city.cleared(number)] if ends else []
        place = 0
        while events:
            size = sizes[place % len(sizes)]
            city.deliver(*events[:size])
            del events[:size]
            place += 1
        with city.database.read() as connection:
            columns = (cases.c.no, cases.c.storm, cases.c.state, cases.c.organisation)
            found = [tuple(row) for row in connection.execute(select(*columns))]
        listed = storms.list_storms(city.centre, "", 50, None, "en")
        keys = ("storm", "members", "open", "first_at", "last_at")
        return [found, [[one[key] for key in keys] + [one["lead"]["no"]] for one in listed]]

    assert run(cuts) == run([1000])
