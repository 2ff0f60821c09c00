"""Storms and silences over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import City
from tests.cases.storms.test_storms import alarm
from tests.cases.test_http import Browser
from yiwang.cases.http import routes as case_routes
from yiwang.cases.storms.http import routes
from yiwang.kernel.clock import HOUR, render


@pytest.fixture
def http(city: City) -> Browser:
    return Browser(city, [*routes(), *case_routes()])


def test_a_storm_over_http(city: City, http: Browser) -> None:
    city.deliver(*(alarm(city, number) for number in (1, 2, 3, 4)))
    listed = http("centre", "GET", "/api/cases/storms?state=open").json()["items"]
    assert [(one["storm"], one["members"]) for one in listed] == [(1, 4)]
    found = http("centre", "GET", "/api/cases/storms/1", lang="zh-CN").json()
    assert found["lead"]["class_title"] == "传感器离线" and len(found["cases"]) == 4
    mine = http("centre", "GET", "/api/cases?storm=1").json()["items"]
    assert [one["no"] for one in mine] == [4, 3, 2, 1]
    why: dict[str, Any] = {"json": {"reason": "power is back"}}
    assert http("centre", "POST", "/api/cases/storms/1/acknowledge").json()["cases"] == 0
    taken = http("centre", "POST", "/api/cases/storms/1/cases/4/take-out", **why)
    assert taken.json() == {"storm": 1, "case": 4}
    city.deliver(city.cleared(2))
    closed = http("centre", "POST", "/api/cases/storms/1/close-cleared", **why).json()
    assert closed["closed"] == [], "its class has closed it already"
    assert http("centre", "POST", "/api/cases/storms/1/dissolve", **why).status_code == 200
    again = http("centre", "POST", "/api/cases/storms/1/dissolve", **why)
    assert (again.status_code, again.json()["type"]) == (409, "cases.storm_over")
    assert http("centre", "GET", f"/api/cases/storms/{2**60}").status_code == 404
    assert http("centre", "GET", "/api/cases/storms?state=none").status_code == 400
    assert http("handler", "GET", "/api/cases/storms").status_code == 403


def test_a_silence_over_http(city: City, http: Browser) -> None:
    until = render(city.clock.now() + HOUR)
    body = {"until": until, "reason": "works", "case_class": "demo.flooded"}
    made = http("centre", "POST", "/api/cases/silences", json=body)
    assert (made.status_code, made.headers["location"]) == (201, "/api/cases/silences/1")
    assert made.json()["state"] == "going_on"
    city.deliver(city.raised(1, raised_at=city.clock.now()))
    listed = http("centre", "GET", "/api/cases/silences?state=current").json()["items"]
    assert listed[0]["counts"] == {"waiting": 1}
    shown = http("centre", "GET", "/api/cases/silences/1").json()
    assert shown["findings"][0]["held_until"] == until
    assert http("centre", "POST", "/api/cases/silences/1/end").json()["state"] == "over"
    assert http("centre", "GET", "/api/cases/silences/9").status_code == 404
    wrong = http("centre", "POST", "/api/cases/silences", json=body | {"case_class": ""})
    assert (wrong.status_code, wrong.json()["type"]) == (400, "cases.silence_of_all")
    naive = http("centre", "POST", "/api/cases/silences", json=body | {"until": until[:-1]})
    assert naive.status_code == 400
    assert http("handler", "POST", "/api/cases/silences", json=body).status_code == 403
