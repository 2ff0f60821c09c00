"""Reports that may be about the same are proposed, joined, dismissed and merged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import CASES, City
from tests.cases.likeness.test_model import picture
from tests.cases.test_http import Browser
from tests.cases.test_notifying import told
from yiwang.cases import service
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.http import routes as case_routes
from yiwang.cases.likeness import proposing, store
from yiwang.cases.likeness import service as likeness
from yiwang.cases.likeness.http import routes
from yiwang.cases.model.merging import distance_m
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.clock import HOUR
from yiwang.security.actions import Context
from yiwang.security.relay import Consumer, Relay

__all__ = ["told"]

MORE = """
  hole:
    title: {zh-CN: 井盖破损, en: Manhole}
    severity: warning
    role: drainage
    deadline: {hours: 4, counting: clock}
    public: {round: 100 m}
  noise:
    title: {zh-CN: 施工噪声, en: Noise}
    severity: notice
    role: drainage
    deadline: {hours: 4, counting: clock}
    likeness: {join: 0.8, radius: 300 m, within: 2 h}
"""
TEXT = "东路与一街路口井盖破损,车辆难行"


@pytest.fixture
def city(city: City) -> City:
    spec = parse(documents.parse(CASES + MORE, "cases.yaml"), "demo", {})
    service.install_classes(city.platform, "demo", spec.classes)
    return city


@pytest.fixture
def http(city: City) -> Browser:
    return Browser(city, [*routes(), *case_routes()])


def report(city: City, text: str = TEXT, who: str = "citizen", **changed: Any) -> int:
    values: dict[str, Any] = {"case_class": "demo.hole", "text": text, "lon": 116.1, "lat": 39.1}
    return service.report(city.caller(who, "citizen"), service.Report(**(values | changed)))


def look(city: City) -> None:
    Relay(city.platform, [Consumer("l", proposing.TOPICS, proposing.consume)]).drain()


def test_what_people_report_twice_is_proposed_to_the_centre(city: City, http: Browser) -> None:
    report(city)
    report(city, "路灯不亮,晚上看不清")
    city.clock.advance(HOUR)
    no = report(city, "一街与东路路口的井盖破损了", "neighbour", lon=116.1005)
    look(city)
    items = http("centre", "GET", f"/api/cases/{no}/duplicates").json()["items"]
    assert [one["case"]["no"] for one in items] == [1]
    found = items[0]
    assert (found["metres"], found["minutes"], found["picture"]) == (43, 60, None)
    assert found["score"] > 0.4 and any("井盖" in word for word in found["words"])
    assert len(http("centre", "GET", "/api/cases/1/duplicates").json()["items"]) == 1
    assert http("handler", "GET", "/api/cases/1/duplicates").status_code == 403
    assert http("centre", "GET", f"/api/cases/{2**60}/duplicates").status_code == 404
    gone = http("centre", "POST", f"/api/cases/1/duplicates/{no}/dismiss")
    assert gone.json() == {"no": 1, "other": no}
    look(city)
    assert http("centre", "GET", f"/api/cases/{no}/duplicates").json()["items"] == []
    with pytest.raises(NoSuchCase):
        likeness.dismiss_duplicate(city.centre, 1, 2)


def test_what_was_split_again_is_proposed_no_more(city: City) -> None:
    first, second = report(city, who="one"), report(city, who="two")
    look(city)
    given = service.Given(reason="the same", to={"case": first})
    service.take(city.centre, second, "merge", given)
    service.take(city.centre, second, "split", service.Given(reason="two holes"))
    look(city)
    for no in (first, second):
        assert likeness.duplicates(city.centre, no, "en") == []
        lines = city.show(no)["timeline"]
        others = [line["details"]["case"] for line in lines if "case" in line["details"]]
        assert others == [first + second - no] * 2, "each line says with which case"


def test_merged_duplicates_and_every_reporter_is_told_of_the_end(city: City, told: Any) -> None:
    first, second = report(city, who="one"), report(city, who="two")
    look(city)
    given = service.Given(reason="the same", to={"case": first})
    service.take(city.centre, second, "merge", given)
    assert likeness.duplicates(city.centre, first, "en") == []
    third = report(city, who="three", case_class="demo.flooded", lon=116.1001)
    service.take(city.centre, third, "merge", service.Given(reason="too", to={"case": first}))
    told()
    service.take(city.centre, first, "dispatch", service.Given())
    for who, step in (("handler", "report"), ("grid_worker", "verify_ok")):
        service.take(getattr(city, who), first, step, service.Given(text="done"))
    assert city.show(first)["kind"] == "done"
    ends = {who for who, _, subject in told() if "closed" in subject.lower()}
    assert ends == {"user:one", "user:two", "user:three"}


def test_a_report_joins_by_likeness_only_where_its_class_says_so(city: City) -> None:
    first = report(city, case_class="demo.noise")
    assert report(city, TEXT + "!", "two", case_class="demo.noise") == first
    line = city.show(first)["timeline"][-1]
    assert (line["step"], line["details"]["why"]) == ("joined", "alike")
    assert "alike" in city.show(first)["sources"][1]["how"]
    assert report(city, "夜里施工很吵", "three", case_class="demo.noise") != first
    assert report(city, lon=116.11, case_class="demo.noise") != first


def test_what_is_near_is_found_among_many_others_of_its_grid(city: City) -> None:
    """As few cases are read as lie there, however many are open in the grid."""
    first = report(city)
    for place in range(store.NEWEST + 1):
        report(city, "路灯不亮", "other", lon=116.12 + place / 5000, lat=39.11)
    with city.database.read() as connection:
        ctx = Context(city.platform, connection, writes=False)
        near = proposing.nearby(ctx, 116.1004, 39.1002, 100)
        assert [one.no for one in near] == [first]
        assert len(proposing.nearby(ctx, 116.12, 39.11, 500_000)) == store.NEWEST
        assert proposing.nearby(ctx, None, 39.1, 100) == []


@pytest.mark.parametrize("lat", [0.0, 39.1, -75.0])
def test_a_box_holds_all_that_lies_within_the_distance(lat: float) -> None:
    wide, high = proposing._degrees(lat, 500)
    for lon, other in ((wide, lat), (-wide, lat), (0.0, lat + high), (0.0, lat - high)):
        assert 500 < distance_m(0.0, lat, lon, other) < 510


def test_the_same_picture_is_proposed_wherever_it_was_taken(city: City) -> None:
    first, second = report(city), report(city, "坏了", lon=116.4)
    service.add_photo(city.centre, first, picture(1))
    service.add_photo(city.centre, second, picture(1, (160, 120), "PNG"))
    found = likeness.duplicates(city.centre, second, "en")
    assert [(one["case"]["no"], one["alike"]) for one in found] == [(first, 0.0)]
    assert found[0]["picture"] is not None
    other = report(city, "别的", lon=116.4)
    service.add_photo(city.centre, other, picture(2))
    assert likeness.duplicates(city.centre, other, "en") == []


def test_before_reporting_people_see_what_they_may(city: City, http: Browser) -> None:
    report(city)
    report(city, case_class="demo.flooded", lon=116.1002)
    query = f"/api/cases/similar?case_class=demo.hole&text={TEXT}&lon=116.1&lat=39.1"
    mine = http("citizen", "GET", query).json()["items"]
    assert [(one["no"], one["visible"], one["metres"]) for one in mine] == [
        (1, True, 0),
        (2, True, 17),
    ]
    other = likeness.similar(city.caller("two", "citizen"), "demo.hole", TEXT, 116.1, 39.1, "en")
    assert [(one["no"], one["visible"], one["title"]) for one in other] == [(1, False, "Manhole")]
    assert other[0]["metres"] > 0, "its place is rounded as its class says"
    assert other[0]["score"] is None
    assert len(http("centre", "GET", query).json()["items"]) == 2
    assert http("citizen", "GET", query.replace("lon=116.1", "lon=x")).status_code == 400
    assert http("citizen", "GET", query.replace(f"text={TEXT}", "text=")).status_code == 400


def test_reports_without_a_place_are_compared_by_their_words(city: City, http: Browser) -> None:
    nowhere: dict[str, Any] = {"lon": None, "lat": None}
    first = report(city, "井盖破损，自行车摔倒", address="东路一街路口南侧", **nowhere)
    other = report(city, "树枝折断，压住电线", "neighbour", address="西门外", **nowhere)
    second = report(
        city, "井盖破损了，自行车容易摔倒", "neighbour", address="东路一街路口", **nowhere
    )
    look(city)
    pairs = http("centre", "GET", f"/api/cases/{second}/duplicates").json()["items"]
    assert [(one["case"]["no"], one["metres"]) for one in pairs] == [(first, None)]
    assert http("centre", "GET", f"/api/cases/{other}/duplicates").json()["items"] == []
    for no in (first, second):
        service.take(city.centre, no, "accept", service.Given())
    target = {"organisation": city.water}
    service.take(city.centre, first, "dispatch", service.Given(to=target))
    third = report(city, "井盖破损，骑车人摔倒", "third", address="东路一街路口南", **nowhere)
    look(city)
    pairs = http("centre", "GET", f"/api/cases/{third}/duplicates").json()["items"]
    assert [one["case"]["no"] for one in pairs] == [second], "first is with an organisation now"
