"""Alerts of other authorities become reports, once, and harm nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.conftest import City
from tests.cases.emergency.conftest import Browser
from tests.cases.emergency.test_cap import AT, EARLIER, GOOD, INFO, RING, ZONE
from yiwang.cases import service
from yiwang.cases.emergency import cap, cap_reading
from yiwang.cases.emergency.cap import Area, Message
from yiwang.cases.emergency.received import receive
from yiwang.cases.lists import Filter
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.errors import YiwangError

PATH = "/api/cap?case_class=demo.flooded"
WARNED = replace(
    GOOD, infos=(replace(INFO, headline="Storm", areas=(Area("West", (), (116.1, 39.1), 2.0),)),)
)


def _send(http: Browser, message: Message, who: str = "centre") -> Any:
    return http(who, "POST", PATH, content=cap.xml(message, ZONE))


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        WARNED,
        replace(GOOD, kind="Update", references=(EARLIER, EARLIER), note="a & b"),
        replace(GOOD, status="Exercise", infos=(INFO, replace(INFO, language="zh-CN"))),
    ],
)
def test_what_is_written_is_read(message: Message) -> None:
    assert cap_reading.read(cap.xml(message, ZONE)) == message


def test_an_alert_is_a_report_once(prepared: City, http_: Browser) -> None:
    first = _send(http_, WARNED)
    assert first.status_code == 201 and first.json()["case"] == 1
    shown = prepared.show(1)
    assert (shown["title"], shown["severity"]) == ("Storm", "urgent")
    assert (shown["lon"], shown["address"]) == (116.1, "West")
    again = _send(http_, WARNED)
    assert again.status_code == 200 and again.json() == first.json()
    assert len(prepared.show(1)["sources"]) == 1
    update = replace(
        WARNED,
        identifier="20260701-1-2",
        kind="Update",
        sent=AT + MINUTE,
        references=(replace(EARLIER, identifier=WARNED.identifier, sent=AT),),
    )
    assert _send(http_, update).json()["case"] == 1
    line = prepared.show(1)["timeline"][-1]
    assert line["step"] == "comment" and line["text"].startswith("CAP Update: Storm")


def test_a_polygon_has_its_middle(prepared: City, http_: Browser) -> None:
    _send(http_, GOOD)
    assert prepared.show(1)["lon"] == pytest.approx(sum(p[0] for p in RING[:3]) / 3)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "Exercise"},
        {"status": "Test"},
        {"kind": "Cancel", "references": (EARLIER,)},
    ],
)
def test_what_is_no_trouble_opens_no_case(
    prepared: City, http_: Browser, changed: dict[str, Any]
) -> None:
    assert _send(http_, replace(WARNED, **changed)).json()["case"] is None
    assert service.listing(prepared.centre, Filter(), 10, None, "en")[0] == []


_FULL_OF_FAULTS = cap.xml(WARNED, ZONE).replace(b"</alert>", b"<info/>" * 20_000 + b"</alert>")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no XML"),
        (b"<alert/>", "no alert of CAP 1.2"),
        (b"<alert", "no XML"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<a>" * 50, "too deep"),
        (b"<a>" + b" " * cap_reading.MOST_BYTES + b"</a>", "longer than"),
        (f'<alert xmlns="{cap.NAMESPACE}"/>'.encode(), "3.3.2"),
        (_FULL_OF_FAULTS, "3.2.2 category: at least one"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "no XML"),
    ],
)
def test_what_is_no_alert_is_refused(prepared: City, content: bytes, said: str) -> None:
    with pytest.raises(YiwangError) as caught:
        receive(prepared.centre, content, "demo.flooded")
    assert caught.value.code == "cases.emergency.bad_alert" and said in caught.value.message()


@given(st.binary(max_size=300), st.integers(0, 900))
def test_broken_messages_are_refused_and_never_a_failure(noise: bytes, at: int) -> None:
    whole = cap.xml(WARNED, ZONE)
    broken = whole[:at] + noise + whole[at + len(noise) :]
    try:
        cap_reading.read(broken)
    except YiwangError as error:
        assert error.code == "cases.emergency.bad_alert"


def test_who_may_report_may_send(prepared: City, http_: Browser) -> None:
    assert _send(http_, WARNED, "citizen").status_code == 201
    other = replace(GOOD, identifier="20260701-1-9")
    unknown = http_("centre", "POST", "/api/cap?case_class=x", content=cap.xml(other, ZONE))
    assert unknown.status_code == 404
