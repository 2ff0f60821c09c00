"""Who is told of what about a case."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.cases.conftest import City
from yiwang.cases import notifying, service
from yiwang.cases.actions import watch
from yiwang.cases.open311.tables import case_contacts
from yiwang.kernel.clock import DAY, HOUR, ManualClock
from yiwang.notices import rules
from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, SMS, WEBHOOK
from yiwang.notices.policy import Policy
from yiwang.notices.tables import notices as table
from yiwang.notices.webhooks import Wanted, add_webhook
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.security.relay import Consumer, Relay

Opener = Callable[..., int]


@pytest.fixture
def told(city: City) -> Callable[[], list[tuple[str, str, str]]]:
    """What came of everything that happened: (recipient, channel, subject), new ones only."""
    modes = {EMAIL: "live", SMS: "live", WEBHOOK: "live"}
    city.ports[Policy] = Policy(rules.read(), modes, "en", base="https://city.example")
    accounts.add_user(city.platform, "chief", "long enough pass", ["command_centre"])
    seen: set[int] = set()
    relay = Relay(
        city.platform, [Consumer("n", notifying.TOPICS, notifying.tell, prepare=notifying.prepare)]
    )

    def look() -> list[tuple[str, str, str]]:
        relay.drain()
        with city.database.read() as connection:
            rows = list(connection.execute(select(table).order_by(table.c.id)))
        fresh = [row for row in rows if row.id not in seen]
        seen.update(row.id for row in fresh)
        return sorted((row.recipient, row.channel, row.subject) for row in fresh)

    return look


def report(city: City, who: str = "citizen", **changed: Any) -> int:
    values = {"case_class": "demo.flooded", "text": "Water", "lon": 116.1, "lat": 39.1}
    return service.report(getattr(city, who), service.Report(**(values | changed)))


def take(city: City, who: str, no: int, step: str, **given: Any) -> None:
    service.take(getattr(city, who), no, step, service.Given(**given))


def test_reporter_and_handler_from_the_report_to_the_end(city: City, told: Any) -> None:
    no = report(city)
    notices.follow(city.platform, f"case:{no}", email="resident@home.example", language="en")
    assert told() == [
        ("address:resident@home.example", "email", "Report received: case 1"),
        ("user:citizen", "in_app", "Report received: case 1"),
    ]
    take(city, "centre", no, "dispatch")
    assert told() == [
        ("address:resident@home.example", "email", "Case 1 is with Water Office"),
        ("user:citizen", "in_app", "Case 1 is with Water Office"),
        ("user:handler", "in_app", "Case 1 for you: Flooded underpass"),
    ]
    take(city, "centre", no, "urge")
    take(city, "centre", no, "supervise", reason="The mayor asks")
    assert told() == [
        ("user:chief", "in_app", "Case 1 is under supervision"),
        ("user:handler", "in_app", "Case 1 is under supervision"),
        ("user:handler", "in_app", "Case 1 is urged"),
    ]
    take(city, "handler", no, "start")
    take(city, "handler", no, "report", text="Pumped dry", photos=(city.photo(no),))
    assert told() == []
    take(city, "grid_worker", no, "verify_not_ok", reason="Still wet")
    assert told() == [("user:handler", "in_app", "Case 1 came back for rework")]
    take(city, "handler", no, "report", text="Dry now", photos=(city.photo(no),))
    take(city, "grid_worker", no, "verify_ok")
    take(city, "centre", no, "close")
    assert told() == [
        ("address:resident@home.example", "email", "Case 1 is closed"),
        ("user:citizen", "in_app", "Case 1 is closed"),
    ]
    with city.database.read() as connection:
        query = select(table.c.text).where(table.c.topic == "case.close", table.c.channel == EMAIL)
        text = str(connection.execute(query).scalar())
    assert "What was done: Dry now" in text and "https://city.example/cases/1" in text
    take(city, "centre", no, "reopen", reason="It came back")
    assert ("user:citizen", "in_app", "Case 1 is open again") in told()


class Running(ManualClock):
    """As a clock of the world: it shows another instant whenever it is looked at."""

    def now(self) -> int:
        self.advance(1)
        return super().now()


def test_who_opens_a_case_and_who_joins_it_are_told_while_time_goes_by(
    city: City, told: Any
) -> None:
    citizen = replace(city.citizen, clock=Running(city.clock.now()))
    flooded = service.Report("demo.flooded", "Water", 116.1, 39.1)
    for _ in ("opens it", "joins it"):
        service.report(citizen, flooded)
        assert told() == [("user:citizen", "in_app", "Report received: case 1")]


def test_every_reporter_of_merged_cases_is_told_of_the_end(city: City, told: Any) -> None:
    first = report(city)
    city.clock.advance(1)
    assert report(city, "grid_worker") == first
    assert told() == [
        ("user:citizen", "in_app", "Report received: case 1"),
        ("user:grid", "in_app", "Report received: case 1"),
    ]
    second = report(city, "stranger", lon=116.3)
    notices.follow(city.platform, f"case:{second}", phone="13800001234", language="en")
    told()
    take(city, "centre", second, "merge", to={"case": first}, reason="the same water")
    assert told() == [
        ("address:13800001234", "sms", "Case 2 goes on as case 1"),
        ("user:stranger", "in_app", "Case 2 goes on as case 1"),
    ]
    take(city, "centre", first, "decline", reason="It dried by itself")
    assert told() == [
        ("address:13800001234", "sms", "Case 1 is not pursued"),
        ("user:citizen", "in_app", "Case 1 is not pursued"),
        ("user:grid", "in_app", "Case 1 is not pursued"),
        ("user:stranger", "in_app", "Case 1 is not pursued"),
    ]


def test_an_address_that_came_with_a_report_is_told(city: City, told: Any) -> None:
    no = report(city)
    blank = {column.name: "" for column in case_contacts.columns if column.name != "id"}
    gave = {"case": no, "extra": {}, "phone": "call me", "email": "outside@home.example"}
    gave["joined"] = False
    with city.database.write() as connection:
        row = blank | gave | {"at": city.clock.now(), "token": "t"}
        connection.execute(insert(case_contacts).values(row))
    assert told()[0] == ("address:outside@home.example", "email", "Report received: case 1")
    take(city, "centre", no, "decline", reason="Not in our city")
    assert told()[0] == ("address:outside@home.example", "email", "Case 1 is not pursued")


def test_who_is_asked_and_who_decides(city: City, told: Any, open_case: Opener) -> None:
    raw = {"code": "P2", "name": "李明", "organisation": city.parks, "user": "li"}
    number = editing.add(city.platform, "people", raw).id
    duty = {"code": "R2", "role": "handler", "person": number, "area": city.district}
    editing.add(city.platform, "duties", duty)
    no = open_case()
    told()
    take(city, "handler", no, "ask_help", text="A second pump")
    assert told() == [("user:chief", "in_app", f"Help is asked for in case {no}")]
    city.clock.advance(1)
    joint = {"organisations": [city.parks]}
    take(city, "handler", no, "ask_joint", text="Clear the car park", to=joint)
    assert told() == [("user:li", "in_app", f"Help is asked for in case {no}")]
    take(city, "handler", no, "ask_extension", reason="The pump is broken", minutes=30)
    assert told() == [("user:chief", "in_app", f"Case {no}: Ask for more time")]
    take(city, "centre", no, "extend_granted")
    assert told() == [("user:handler", "in_app", f"Case {no}: Grant more time")]


def test_where_nobody_is_on_duty_those_who_answer_for_the_unit_are_told_once(
    city: City, told: Any
) -> None:
    def employ(name: str, organisation: int, *roles: str) -> None:
        accounts.add_user(city.platform, name, "long enough pass", roles, "", organisation)

    parent = {"code": "CITY", "kind": "department", "name_zh": "城管局", "name_en": "City Office"}
    above = editing.add(city.platform, "organisations", parent).id
    editing.change(city.platform, "organisations", city.parks, {"parent": above})

    def dispatched(lon: float) -> tuple[int, list[tuple[str, str, str]]]:
        no = report(city, case_class="demo.full_car_park", lon=lon)
        return no, [one for one in told() if one[0] != "user:citizen"]

    no, staff = dispatched(116.1)
    assert staff == [("user:chief", "in_app", f"Case {no} for you: Car park full")]
    employ("director", above, "department_head")
    no, staff = dispatched(116.2)
    assert staff == [("user:director", "in_app", f"Case {no} for you: Car park full")]
    employ("clerk", city.parks, "data_steward")
    employ("li", city.parks, "department_handler")
    employ("zhou", city.parks, "department_head")
    no, staff = dispatched(116.3)
    assert [one[0] for one in staff] == ["user:li", "user:zhou"]
    with city.database.read() as connection:
        query = select(table.c.text).where(table.c.recipient == "user:zhou")
        text = str(connection.execute(query).scalar())
    assert "Note: Nobody of Parking is on duty now." in text
    assert city.show(no)["unmanned"] == "Nobody of Parking is on duty now."
    person = {"code": "P2", "name": "李明", "organisation": city.parks, "user": "li"}
    number = editing.add(city.platform, "people", person).id
    duty = {"code": "R2", "role": "handler", "person": number, "opens": "20:00", "closes": "20:30"}
    duty_number = editing.add(city.platform, "duties", duty).id
    assert "is on duty now; somebody is from 20" in city.show(no)["unmanned"]
    editing.change(city.platform, "duties", duty_number, {"opens": "", "closes": ""})
    assert city.show(no)["unmanned"] == ""
    take(city, "centre", no, "urge")
    assert told() == [("user:li", "in_app", f"Case {no} is urged")]


def test_who_handed_a_case_on_is_told_of_its_end(city: City, told: Any, open_case: Opener) -> None:
    no = open_case()
    take(city, "handler", no, "transfer", to={"organisation": city.parks}, reason="A car park")
    told()
    take(city, "centre", no, "urge")
    assert not [one for one in told() if one[0] == "user:handler"]
    take(city, "centre", no, "void", reason="A false alarm")
    assert ("user:handler", "in_app", f"Case {no}, which you handed on: Voided") in told()


def test_deadlines_are_told_to_handler_and_centre(city: City, told: Any, open_case: Opener) -> None:
    no = open_case()
    assert told() == [("user:handler", "in_app", f"Case {no} for you: Flooded underpass")]
    city.clock.advance(50 * 60_000_000)
    watch.sweep(city.platform)
    assert told() == [("user:handler", "in_app", f"Case {no} is due soon")]
    city.clock.advance(HOUR)
    watch.sweep(city.platform)
    assert told() == [
        ("user:chief", "in_app", f"Case {no} is overdue"),
        ("user:handler", "in_app", f"Case {no} is overdue"),
    ]
    take(city, "handler", no, "return", reason="Not ours")
    assert told() == [("user:chief", "in_app", f"Case {no} was returned")]


def test_five_hundred_findings_of_one_case_tell_the_handler_once(city: City, told: Any) -> None:
    city.deliver(*(city.raised(number) for number in range(1, 501)))
    assert told() == [("user:handler", "in_app", "Case 1 for you: Flooded underpass")]


def test_events_that_come_twice_are_told_once(city: City, told: Any, open_case: Opener) -> None:
    open_case()
    assert len(told()) == 1
    again = Relay(city.platform, [Consumer("again", notifying.TOPICS, notifying.tell)])
    again.drain()
    assert told() == []


def test_nobody_is_told_of_history(city: City, told: Any, open_case: Opener) -> None:
    add_webhook(city.platform, Wanted("a", "https://a.example/", "test", ["*"]))
    open_case(raised_at=city.clock.now() - 2 * DAY)
    assert told() == []


def test_other_systems_get_what_they_asked_for_and_no_people(
    city: City, told: Any, open_case: Opener
) -> None:
    def hook(name: str, topics: list[str], **narrowed: list[Any]) -> None:
        add_webhook(city.platform, Wanted(name, "https://a.example/", "test", topics, narrowed))

    hook("all", ["case.*"], area=[city.district], severity=["urgent"])
    hook("ends", ["*"], kind=["done", "void"])
    hook("elsewhere", ["*"], area=[city.other_grid])
    hook("parks", ["*"], organisation=[city.parks])
    no = open_case()
    told()
    take(city, "centre", no, "void", reason="A false alarm by Mr Wang")
    told()
    with city.database.read() as connection:
        query = select(table.c.recipient, table.c.topic, table.c.text).where(table.c.webhook > 0)
        rows = list(connection.execute(query.order_by(table.c.id)))
    assert [(row.recipient, row.topic) for row in rows] == [
        ("webhook:1", "case.opened"),
        ("webhook:1", "case.dispatch"),
        ("webhook:1", "case.void"),
        ("webhook:2", "case.void"),
    ]
    data = json.loads(rows[0].text)["data"]
    assert (data["case"], data["step"], data["case_class"]) == (no, "opened", "demo.flooded")
    assert data["class_title"]["en"] == "Flooded underpass"
    assert not any("Wang" in row.text or "handler" in row.text for row in rows)
