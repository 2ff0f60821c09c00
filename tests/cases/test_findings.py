"""Findings become cases, once, whatever is delivered how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.tables import case_sources, case_timeline, cases
from yiwang.kernel.clock import HOUR, MINUTE, render
from yiwang.store.database import Database

Opener = Callable[..., int]


def test_a_finding_opens_a_dispatched_case(city: City, open_case: Opener) -> None:
    case = city.show(open_case())
    assert (case["no"], case["state"], case["kind"]) == (1, "dispatched", "working")
    assert case["title"] == "Flooded underpass · Underpass 1"
    assert case["organisation_name"] == "Water Office"
    assert (case["handler"], case["handler_name"]) == ("handler", "王伟")
    assert case["grid_name"] == "G1"
    opened = city.clock.now() - MINUTE
    assert case["opened_at"] == render(opened)
    assert case["received_at"] == render(city.clock.now())
    assert case["due_at"] == render(opened + HOUR)
    assert [line["step"] for line in case["timeline"]] == ["opened", "dispatch"]
    assert "on duty" in " ".join(case["dispatch"]["reason"])
    assert case["sources"][0]["values"] == {"depth_cm": 31.0}


def test_the_same_key_joins_the_open_case(city: City, open_case: Opener) -> None:
    assert open_case(1) == open_case(2) == 1
    case = city.show(1)
    assert case["source_count"] == 2
    assert [line["step"] for line in case["timeline"]] == ["opened", "dispatch", "joined"]
    assert case["sources"][1]["how"].startswith("An open case is about the same")


def test_two_sites_are_two_cases_however_near(open_case: Opener) -> None:
    assert open_case(1) == 1
    assert open_case(2, one_per="site:other", lon=116.1001) == 2


def test_findings_without_a_key_join_by_nearness_and_time(city: City, open_case: Opener) -> None:
    assert open_case(1, one_per="") == 1
    assert open_case(2, one_per="", lon=116.1015) == 1
    assert open_case(3, one_per="", lon=116.11) == 2
    city.clock.advance(3 * HOUR)
    assert open_case(4, one_per="") == 3


def test_a_finding_that_opens_no_case_is_left_alone(city: City) -> None:
    city.deliver(city.raised(1, case_class=""), city.raised(2, case_class="unknown"))
    city.deliver(city.cleared(1))
    assert service.Cases(city.database).case_of([1, 2]) == {}


def test_a_taxonomy_class_serves_where_no_pack_has_one(city: City, open_case: Opener) -> None:
    case = city.show(open_case(case_class="F-01"))
    assert case["class_title"] == "Manhole"
    assert case["deadline"]["minutes"] == 240
    assert city.show(open_case(2, case_class="F-01"))["no"] == 1


def test_clearing_is_noted(city: City, open_case: Opener) -> None:
    no = open_case()
    city.deliver(city.cleared(1))
    case = city.show(no)
    assert case["state"] == "dispatched"
    assert case["timeline"][-1]["step"] == "cleared"
    assert case["sources"][0]["cleared_at"] == render(city.clock.now())


def test_clearing_closes_where_the_class_says_so(city: City, open_case: Opener) -> None:
    no = open_case(case_class="full_car_park")
    city.deliver(city.raised(2, case_class="full_car_park"))
    city.deliver(city.cleared(1))
    assert city.show(no)["kind"] == "working"
    city.deliver(city.cleared(2))
    case = city.show(no)
    assert (case["state"], case["kind"]) == ("closed", "done")
    assert case["timeline"][-1]["actor"] == "system:cases"
    assert "All findings have cleared" in case["timeline"][-1]["reason"]


def test_a_case_somebody_works_on_is_not_closed_under_their_hands(
    city: City, open_case: Opener
) -> None:
    no = open_case(case_class="full_car_park")
    worker = city.stranger
    service.take(worker, no, "start", service.Given())
    city.deliver(city.cleared(1))
    assert city.show(no)["state"] == "handling"
    service.take(worker, no, "report", service.Given(text="done"))
    case = city.show(no)
    assert case["state"] == "closed"
    assert [line["step"] for line in case["timeline"]][-3:] == ["report", "verify_ok", "close"]


def test_the_sensor_verifies_what_was_handled(city: City, open_case: Opener) -> None:
    no = open_case(case_class="full_car_park")
    service.take(city.stranger, no, "report", service.Given(text="done"))
    assert city.show(no)["state"] == "handled"
    city.deliver(city.cleared(1))
    assert city.show(no)["state"] == "closed"


def test_withdrawing_voids_what_nobody_touched(city: City, open_case: Opener) -> None:
    no = open_case()
    city.deliver(city.withdrawn(1))
    case = city.show(no)
    assert (case["state"], case["kind"]) == ("voided", "void")
    assert open_case(2) == 2


def test_withdrawing_is_noted_once_somebody_acted(city: City, open_case: Opener) -> None:
    no = open_case()
    service.take(city.handler, no, "start", service.Given())
    city.deliver(city.withdrawn(1))
    case = city.show(no)
    assert case["state"] == "pumping"
    assert case["timeline"][-1]["step"] == "withdrawn"


def test_a_graver_finding_makes_the_case_graver(city: City, open_case: Opener) -> None:
    no = open_case(severity="notice")
    assert city.show(no)["deadline"]["counting"] == "working"
    open_case(2)
    case = city.show(no)
    assert case["severity"] == "urgent"
    assert case["deadline"]["minutes"] == 60
    assert case["timeline"][-1]["step"] == "change"
    assert case["timeline"][-1]["details"]["from"]["severity"] == "notice"


def _everything(database: Database) -> list[Any]:
    with database.read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (cases, case_timeline, case_sources)
        ]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_replaying_any_prefix_changes_nothing(city: City, size: int) -> None:
    events = [
        city.raised(1),
        city.raised(2, one_per="", lon=116.3),
        city.cleared(1),
        city.raised(3, case_class="full_car_park", one_per="p"),
        city.raised(4),
        city.withdrawn(2),
        city.cleared(3),
        city.raised(5, case_class="full_car_park", one_per="p"),
    ]
    for first in range(0, len(events), size):
        city.deliver(*events[first : first + size])
    whole = _everything(city.database)
    for last in range(len(events) + 1):
        city.deliver(*events[:last])
        assert _everything(city.database) == whole


def test_batches_do_not_matter(city: City) -> None:
    """One delivery of many events ends as many deliveries of one (see the counts)."""
    events = [city.raised(number, one_per=f"s{number % 7}") for number in range(1, 60)]
    city.deliver(*events[:31])
    city.deliver(*events[31:])
    with city.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(cases)).scalar() == 7
        assert connection.execute(select(func.sum(cases.c.sources))).scalar() == 59
    assert service.counts(city.centre)["kinds"]["working"] == 7


def test_numbers_are_dense_even_after_a_failure(city: City, open_case: Opener) -> None:
    open_case(1)
    with pytest.raises(IntegrityError):
        city.deliver(city.raised(2, one_per="x"), city.raised(3, one_per="y", values=None))
    assert service.Cases(city.database).case_of([2, 3]) == {}
    assert open_case(4, one_per="z") == 2


def test_timeline_and_sources_name_people_to_those_who_may_read_cases(
    city: City, open_case: Opener
) -> None:
    no = open_case()
    service.take(city.handler, no, "start", service.Given())
    own = city.caller("handler", "citizen")
    reporter = service.report(own, service.Report("F-01", "积水", 116.5, 39.5))
    named = [(line["step"], line["actor_name"]) for line in city.show(no)["timeline"]]
    assert named == [("opened", ""), ("dispatch", ""), ("start", "王伟")]
    assert {line["actor_name"] for line in city.show(reporter, own)["timeline"]} == {""}
    assert "王伟" in {line["actor_name"] for line in city.show(reporter)["timeline"]}
    assert [one["actor_name"] for one in city.show(reporter, own)["sources"]] == [""]
    assert [one["actor_name"] for one in city.show(reporter)["sources"]] == ["王伟"]
