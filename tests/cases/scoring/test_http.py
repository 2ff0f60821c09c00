"""The assessment over HTTP."""

from __future__ import annotations

import pytest

from tests.cases.conftest import City
from tests.cases.scoring.lives import Lives
from tests.cases.test_http import Browser
from yiwang.cases.scoring.http import routes

JULY = "from=2026-07-01&until=2026-08-01"


@pytest.fixture
def http(city: City) -> Browser:
    lives = Lives(city)
    for _ in range(3):
        lives.found()
    lives.pass_time(90)
    lives.relay.drain()
    return Browser(city, routes())


def test_a_figure_and_the_cases_behind_it(city: City, http: Browser) -> None:
    shown = http("centre", "GET", f"/api/assessment/rates?by=organisation&{JULY}").json()
    [item] = shown["items"]
    assert item["title"] == {"zh-CN": "水务局", "en": "Water Office"}
    assert item["counts"]["late"] == 3 and item["rates"]["on_time_closing_rate"] == 0
    assert (shown["start"], shown["end"]) == ("2026-06-30T16:00:00Z", "2026-07-31T16:00:00Z")
    path = f"/api/assessment/cases?count=late&organisation={item['key']}&{JULY}&limit=2"
    first = http("centre", "GET", path).json()
    rest = http("centre", "GET", f"{path}&after={first['next']}").json()
    assert [one["no"] for one in first["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None
    scores = http("centre", "GET", f"/api/assessment/scores?scheme=departments&{JULY}").json()
    assert scores["scheme"]["example"] is True
    assert scores["items"][0]["rank"] is None, "three cases are too few for the example"


def test_schemes_are_put_in(city: City, http: Browser) -> None:
    text = "schemes: [{scheme: a, from: 2026-07-01, of: grid, bonuses: {solved: {each: 1}}}]"
    assert (
        http("handler", "POST", "/api/assessment/schemes", json={"text": text}).status_code == 403
    )
    assert http("centre", "POST", "/api/assessment/schemes", json={"text": text}).status_code == 201
    codes = [
        one["code"] for one in http("handler", "GET", "/api/assessment/schemes").json()["items"]
    ]
    assert codes == ["departments", "grids", "a"]
    bad = text.replace("solved", "solvd")
    refused = http("centre", "POST", "/api/assessment/schemes", json={"text": bad})
    assert refused.status_code == 400 and "solved" in refused.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("rates?by=colour", 400),
        ("rates?from=2026-07-02&until=2026-07-02", 400),
        ("rates?from=2026-07-02&until=2099-07-02", 400),
        ("rates?from=July", 400),
        ("cases?count=fish", 400),
        ("cases?organisation=x", 400),
        ("cases?after=WyJ4Il0", 400),
        ("scores?scheme=fish", 404),
    ],
)
def test_wrong_questions(city: City, http: Browser, path: str, status: int) -> None:
    answer = http("centre", "GET", f"/api/assessment/{path}")
    assert answer.status_code == status and answer.json()["detail"]


def test_who_may_ask(city: City, http: Browser) -> None:
    for path in ("rates", "cases", "scores?scheme=departments", "schemes"):
        assert http("citizen", "GET", f"/api/assessment/{path}").status_code == 403
