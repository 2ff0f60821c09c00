"""CAP 1.2: what the standard asks, requirement by requirement, and messages of incidents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.conftest import City
from tests.cases.emergency.conftest import Browser
from yiwang.cases import service
from yiwang.cases.emergency import alerts, cap
from yiwang.cases.emergency.alerts import Words, document, published, send
from yiwang.cases.emergency.cap import Area, Info, Message, Reference
from yiwang.cases.emergency.start import Wanted, start
from yiwang.kernel.clock import MINUTE, parse
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS

ZONE = ZoneInfo("Asia/Shanghai")
AT = parse("2026-07-01T00:00:00Z")
IN = {"cap": cap.NAMESPACE}
ONE = "/api/emergencies/1/alerts"
RING = ((116.0, 39.0), (116.1, 39.0), (116.1, 39.1), (116.0, 39.0))
AREA = Area("District", (RING,), None, 0, (("GB/T 2260", "110101"),))
INFO = Info(
    "en",
    ("Met",),
    "Flooding",
    "Immediate",
    "Severe",
    "Observed",
    effective=AT,
    expires=AT + MINUTE,
    areas=(AREA,),
)
GOOD = Message("20260701-1-1", "alerts@city.example", AT, "Actual", "Alert", infos=(INFO,))
EARLIER = Reference("alerts@city.example", "20260701-1-0", AT - MINUTE)


def _with(**changed: Any) -> Message:
    return replace(GOOD, infos=(replace(INFO, **changed),))


def test_a_good_message_has_no_problems() -> None:
    assert cap.problems(GOOD) == []
    assert cap.problems(replace(GOOD, kind="Update", references=(EARLIER,))) == []


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        (replace(GOOD, identifier=""), "identifier"),
        (replace(GOOD, identifier="a b"), "identifier"),
        (replace(GOOD, identifier="a,b"), "identifier"),
        (replace(GOOD, sender="a<b"), "sender"),
        (replace(GOOD, status="Real"), "status"),
        (replace(GOOD, kind="Alarm"), "msgType"),
        (replace(GOOD, scope="All"), "scope"),
        (replace(GOOD, kind="Update"), "references"),
        (replace(GOOD, kind="Cancel"), "references"),
        (replace(GOOD, references=(EARLIER,)), "references"),
        (replace(GOOD, kind="Update", references=(replace(EARLIER, sent=AT + 1),)), "references"),
        (replace(GOOD, status="Exercise"), "note"),
        (replace(GOOD, infos=()), "info"),
        (_with(language="zh_CN"), "language"),
        (_with(categories=()), "category"),
        (_with(categories=("Weather",)), "category"),
        (_with(responses=("Run",)), "responseType"),
        (_with(event=""), "event"),
        (_with(urgency="Now"), "urgency"),
        (_with(severity="Bad"), "severity"),
        (_with(certainty="Sure"), "certainty"),
        (_with(expires=AT), "expires"),
        (_with(areas=(Area(""),)), "areaDesc"),
        (_with(areas=(Area("x", (RING[:3],)),)), "polygon"),
        (_with(areas=(Area("x", (), (200.0, 1.0), 1.0),)), "Earth"),
        (_with(areas=(Area("x", (), (1.0, 1.0), -1.0),)), "circle"),
    ],
)
def test_what_the_standard_forbids_is_named(message: Message, clause: str) -> None:
    found = cap.problems(message)
    assert len(found) == 1
    for said in (found[0].told("en"), found[0].told("zh-CN")):
        assert said.startswith("3.2.") and clause in said.replace("地球", "Earth")


def test_all_that_is_wrong_is_told_in_the_readers_language() -> None:
    wrong = cap.together(cap.problems(replace(GOOD, status="Real", scope="All")))
    assert wrong.told("zh-CN") == (
        "3.2.1 status：“Real”不在可选的值之中（Actual, Exercise, System, Test, Draft）；"
        "3.2.1 scope：“All”不在可选的值之中（Public, Restricted, Private）"
    )
    assert wrong.told("en").endswith("; 3.2.1 scope: All is none of Public, Restricted, Private")


def test_elements_stand_in_the_order_of_the_schema_and_empty_ones_are_left_out() -> None:
    text = replace(INFO, headline="a < b & c\x00", responses=("Avoid",))
    top = ElementTree.fromstring(cap.xml(replace(GOOD, infos=(text,)), ZONE))
    names = [one.tag.removeprefix(f"{{{cap.NAMESPACE}}}") for one in top.iter()]
    assert names == [
        "alert", "identifier", "sender", "sent", "status", "msgType", "scope", "info", "language",
        "category", "event", "responseType", "urgency", "severity", "certainty", "effective",
        "expires", "headline", "area", "areaDesc", "polygon", "geocode", "valueName", "value",
    ]  # fmt: skip
    assert top.findtext("cap:sent", "", IN) == "2026-07-01T08:00:00+08:00"
    assert top.findtext("cap:info/cap:headline", "", IN) == "a < b & c"
    polygon = top.findtext("cap:info/cap:area/cap:polygon", "", IN)
    assert polygon.split()[1] == "39.000000,116.100000", "latitude comes first"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2026-07-01T08:00:00+08:00", True),
        ("2026-07-01T00:00:00-00:00", True),
        ("2026-07-01T00:00:00Z", False),
        ("2026-07-01T08:00:00.5+08:00", False),
        ("2026-13-01T08:00:00+08:00", False),
    ],
)
def test_instants_have_whole_seconds_and_an_offset(text: str, good: bool) -> None:
    assert cap.is_instant(text) is good


@pytest.mark.parametrize(
    ("code", "system"), [("110101", "GB/T 2260"), ("110101001", "GB/T 10114"), ("D", "area")]
)
def test_codes_of_areas_say_whose_they_are(code: str, system: str) -> None:
    assert cap.division(code) == (system, code)


def _set(city: City, **changed: Any) -> None:
    city.ports[Settings] = Settings(
        **({"public_url": "https://city.example", "outward": "live", "city_name": "某区"} | changed)
    )


def _top(http: Browser, identifier: str) -> ElementTree.Element:
    answer = http("anonymous", "GET", f"/cap/{identifier}.xml")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/cap+xml"
    return ElementTree.fromstring(answer.content)


@pytest.fixture
def outside(prepared: City, monkeypatch: pytest.MonkeyPatch) -> City:
    """Alerts leave the platform, and anybody may ask for them."""
    _set(prepared)
    anonymous = Caller(ANONYMOUS, prepared.database, prepared.clock, prepared.ports)
    monkeypatch.setattr(City, "anonymous", anonymous, raising=False)
    return prepared


def test_an_alert_is_sent_changed_and_cancelled(
    outside: City, started: dict[str, Any], http_: Browser
) -> None:
    seen = http_("centre", "POST", f"{ONE}/preview", json={}).json()
    assert seen["leaves"] and seen["status"] == "Actual" and "请绕行" in seen["xml"]
    first = http_("centre", "POST", ONE, json={}).json()["identifier"]
    twice = http_("centre", "POST", ONE, json={})
    assert twice.json()["type"] == "cases.emergency.alert_in_force"
    top = _top(http_, first)
    assert [one.findtext("cap:language", "", IN) for one in top.findall("cap:info", IN)] == [
        "zh-CN",
        "en",
    ]
    area = top.find("cap:info/cap:area", IN)
    assert area is not None and area.findtext("cap:circle", "", IN) == "39.100000,116.100000 0.5"
    codes = [one.text for one in area.findall("cap:geocode/cap:value", IN)]
    assert set(codes) == {"D", "G1"} and "一号桥" in area.findtext("cap:areaDesc", "", IN)
    outside.clock.advance(MINUTE)
    body = {"kind": "update", "headline": {"en": "Still closed"}, "polygon": RING[:3]}
    second = http_("centre", "POST", ONE, json=body).json()["identifier"]
    top = _top(http_, second)
    assert top.findtext("cap:references", "", IN) == (
        f"alerts@city.example,{first},2026-07-01T08:00:00+08:00"
    )
    assert top.findall("cap:info", IN)[1].findtext("cap:headline", "", IN) == "Still closed"
    assert top.find("cap:info/cap:area/cap:polygon", IN) is not None
    open_end = http_("centre", "POST", "/api/emergencies/1/end", json={"answers": {"cause": "x"}})
    assert open_end.json()["type"] in (
        "cases.emergency.tasks_left",
        "cases.emergency.alert_in_force",
    )
    third = http_("centre", "POST", ONE, json={"kind": "cancel"}).json()["identifier"]
    top = _top(http_, third)
    assert len(top.findtext("cap:references", "", IN).split()) == 2
    assert top.findtext("cap:info/cap:responseType", "", IN) == "AllClear"
    feed = ElementTree.fromstring(http_("anonymous", "GET", "/cap/feed.xml").content)
    atom = "{http://www.w3.org/2005/Atom}"
    links = [one.get("href", "") for one in feed.findall(f"{atom}entry/{atom}link")]
    assert links == [f"https://city.example/cap/{third}.xml"]
    again = http_("centre", "POST", ONE, json={"kind": "cancel"})
    assert again.json()["type"] == "cases.emergency.no_alert"
    shown = http_("centre", "GET", "/api/emergencies/1").json()
    assert [one["kind"] for one in shown["alerts"]] == ["Alert", "Update", "Cancel"]
    assert [one["event"] for one in shown["log"]][-3:] == ["alert", "update", "cancel"]
    outside.clock.advance(300 * MINUTE)
    empty = ElementTree.fromstring(http_("anonymous", "GET", "/cap/feed.xml").content)
    assert empty.findall(f"{atom}entry") == []
    assert _top(http_, first) is not None, "a message that was sent stays to be read"


def test_where_no_area_is_known_the_city_is_named(outside: City, http_: Browser) -> None:
    report = service.Report("demo.flooded", "water", lon=1.0, lat=2.0)
    no = service.report(outside.centre, report)
    start(outside.centre, no, Wanted("demo.response"))
    made = http_("centre", "POST", ONE, json={}).json()["identifier"]
    area = _top(http_, made).find("cap:info/cap:area", IN)
    assert area is not None and area.findtext("cap:areaDesc", "", IN) == "某区"


def test_an_incident_ends_after_its_alert(
    outside: City, started: dict[str, Any], http_: Browser
) -> None:
    http_("centre", "POST", ONE, json={})
    for one in started["tasks"]:
        path = f"/api/emergencies/1/tasks/{one['id']}/cancel"
        http_("centre", "POST", path, json={"reason": "x"})
    body = {"answers": {"cause": "x"}}
    refused = http_("centre", "POST", "/api/emergencies/1/end", json=body)
    assert refused.json()["type"] == "cases.emergency.alert_in_force"
    http_("centre", "POST", ONE, json={"kind": "cancel"})
    assert http_("centre", "POST", "/api/emergencies/1/end", json=body).status_code == 200


def test_what_may_not_leave_is_held_back(
    outside: City, started: dict[str, Any], http_: Browser
) -> None:
    _set(outside, outward="rehearse")
    made = http_("centre", "POST", ONE, json={}).json()["identifier"]
    assert http_("anonymous", "GET", f"/cap/{made}.xml").status_code == 404
    shown = http_("centre", "GET", "/api/emergencies/1").json()["alerts"][0]
    assert not shown["published"] and shown["in_force"]


def test_an_actual_alert_says_whose_it_is(
    outside: City, started: dict[str, Any], http_: Browser
) -> None:
    _set(outside, public_url="")
    assert http_("centre", "POST", ONE, json={}).json()["type"] == "cases.emergency.no_sender"
    made = http_("centre", "POST", ONE, json={"test": True}).json()["identifier"]
    top = _top(http_, made)
    assert top.findtext("cap:sender", "", IN) == "alerts@yiwang.invalid"
    assert top.findtext("cap:status", "", IN) == "Test"


def test_an_exercise_is_an_exercise_everywhere(
    outside: City, http_: Browser, open_case: Callable[..., int]
) -> None:
    open_case()
    start(outside.centre, 1, Wanted("demo.response", exercise=True))
    made = http_("centre", "POST", ONE, json={}).json()["identifier"]
    top = _top(http_, made)
    assert top.findtext("cap:status", "", IN) == "Exercise" and top.findtext("cap:note", "", IN)
    heads = [one.findtext("cap:headline", "", IN) for one in top.findall("cap:info", IN)]
    assert heads == ["【演练】请绕行", "[EXERCISE] Use another way"]
    real = http_("anonymous", "GET", "/cap/feed.xml").text
    assert made not in real and made in http_("anonymous", "GET", "/cap/exercises.xml").text


def test_only_the_command_sends(outside: City, started: dict[str, Any], http_: Browser) -> None:
    assert http_("handler", "POST", ONE, json={}).status_code == 403
    assert http_("handler", "POST", f"{ONE}/preview", json={}).status_code == 403
    odd = http_("centre", "POST", ONE, json={"kind": "alarm"})
    assert odd.json()["type"] == "cases.emergency.unknown_word"
    wrong = http_("centre", "POST", ONE, json={"polygon": [[200, 95], [1, 2], [3, 4]]})
    assert wrong.json()["type"] == "cases.emergency.bad_alert"


STEPS = st.lists(
    st.tuples(st.sampled_from(("alert", "update", "cancel")), st.integers(0, 90)), max_size=12
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_numbers_and_references_are_right_in_any_order(
    outside: City, steps: list[tuple[str, int]]
) -> None:
    """Identifiers are never used twice; an update or cancellation names exactly the messages
    of the alert in force, with the sender and instant that stand in them; after a
    cancellation or its time there is none in force."""
    report = service.Report("demo.flooded", "water", lon=116.1, lat=39.1)
    case = service.report(outside.centre, report)
    no = start(outside.centre, case, Wanted("demo.response")).no
    chain: list[tuple[str, str]] = []
    over, known = 0, set()
    for kind, minutes in steps:
        outside.clock.advance(minutes * MINUTE)
        if outside.clock.now() >= over:
            chain = []
        try:
            made = send(outside.centre, no, Words(kind))
        except YiwangError as error:
            assert error.code.endswith("alert_in_force" if kind == "alert" else "no_alert")
            assert bool(chain) is (kind == "alert")
            continue
        assert made not in known
        known.add(made)
        top = ElementTree.fromstring(document(outside.centre, made))
        named = top.findtext("cap:references", "", IN).split()
        assert named == [f"alerts@city.example,{name},{sent}" for name, sent in chain]
        sent = top.findtext("cap:sent", "", IN)
        assert cap.is_instant(sent)
        chain = [] if kind == "cancel" else [*chain, (made, sent)]
        over = 0 if kind == "cancel" else outside.clock.now() + 120 * MINUTE
        feed = [row.identifier for row in published(outside.centre, True) if row.incident == no]
        assert feed[0] == made and len([name for name, _ in chain if name in feed]) <= 1
    with outside.database.read() as connection:
        held = alerts.in_force(connection, no, outside.clock.now())
    assert (held is not None) is bool(chain)
    service.take(outside.centre, case, "void", service.Given(reason="over"))
