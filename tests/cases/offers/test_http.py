"""Offers over HTTP, and two who claim at once, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.cases.conftest import PNG
from tests.cases.offers.conftest import Neighbourhood
from tests.cases.test_http import Browser
from yiwang.cases import service as cases
from yiwang.cases.offers import service, views
from yiwang.cases.offers.errors import OfferRefused
from yiwang.cases.offers.http import routes
from yiwang.kernel.clock import MINUTE, render


def test_an_offer_over_http(town: Neighbourhood) -> None:
    http = Browser(town, routes())  # type: ignore[arg-type]
    no = town.report()
    listed = http("citizen", "GET", "/api/offers?lon=116.12&lat=39.1").json()["items"]
    id = listed[0]["id"]
    assert listed[0]["grid_name"] == "G1" and listed[0]["points"] == 20
    claimed = http("citizen", "POST", f"/api/offers/{id}/claim", lang="zh-CN")
    assert claimed.status_code == 200
    assert (claimed.json()["class_title"], claimed.json()["photos_needed"]) == ("共享单车乱停放", 1)
    again = http("neighbour", "POST", f"/api/offers/{id}/claim")
    assert (again.status_code, again.json()["type"]) == (409, "cases.offer_refused")
    assert again.json()["title"].endswith("Somebody else has it already.")
    assert http("neighbour", "GET", f"/api/offers/{id}").status_code == 404
    bare = http("citizen", "POST", f"/api/offers/{id}/report", json={"text": "moved"})
    assert (bare.status_code, bare.json()["type"]) == (400, "cases.step_incomplete")
    files = {"photo": ("p.png", PNG, "image/png")}
    sent = http("citizen", "POST", f"/api/offers/{id}/photos", files=files)
    sha = sent.json()["photos"][0]["sha"]
    body = {"text": "moved", "evidence": [sha]}
    done = http("citizen", "POST", f"/api/offers/{id}/report", json=body)
    assert (done.status_code, done.json()["state"]) == (200, "reported")
    assert "text" not in done.json(), "what was written is not theirs any longer"
    assert [one["id"] for one in http("citizen", "GET", "/api/offers/mine").json()["items"]] == [id]
    assert town.show(no)["photos"][0]["sha"] == sha
    other = http("citizen", "GET", "/api/offers").json()["items"]
    assert other == []
    assert http("citizen", "GET", "/api/offers/points").json()["balance"] == 0
    block = "/api/offers/takers/citizen/block"
    assert http("citizen", "POST", block, json={"reason": "x"}).status_code == 403
    assert http("centre", "POST", block, json={"reason": "x"}).status_code == 204
    assert http("citizen", "GET", "/api/offers/points").json()["blocked"] is True
    assert http("centre", "DELETE", block).status_code == 204
    assert http("centre", "GET", "/api/offers/takers").json()["items"][0]["claims"] == 1
    assert http("citizen", "GET", "/api/offers?lon=x&lat=1").status_code == 400
    second = town.offer(town.report(116.4)).id
    http("citizen", "POST", f"/api/offers/{second}/claim")
    gone = http("citizen", "POST", f"/api/offers/{second}/release", json={"reason": "ill"})
    assert gone.status_code == 204
    assert http("citizen", "POST", "/api/offers/999/claim").status_code == 404


def test_the_centre_sees_what_is_running(town: Neighbourhood) -> None:
    http = Browser(town, routes())  # type: ignore[arg-type]
    first, second, gone = (town.report(lon) for lon in (116.12, 116.3, 116.4))
    service.claim(town.citizen, town.offer(second).id)
    cases.take(town.centre, gone, "dispatch", cases.Given())
    town.follow()
    path = "/api/offers/running"
    assert http("citizen", "GET", path).status_code == 403
    newest = http("centre", "GET", f"{path}?limit=1").json()
    older = http("centre", "GET", f"{path}?limit=1&after={newest['next']}").json()
    found = [(one["case"], one["state"], one["claimer"]) for one in newest["items"]]
    found += [(one["case"], one["state"], one["claimer"]) for one in older["items"]]
    assert found == [(second, "claimed", "citizen"), (first, "open", "")]
    assert older["items"][0]["to"] == ["residents", "firms"]
    assert http("centre", "GET", f"{path}?after={older['next']}").json()["items"] == []


def test_of_many_at_once_one_has_it_and_the_others_are_told(town: Neighbourhood) -> None:
    id = town.offer(town.report()).id
    people = [town.city.caller(f"resident{number}", "citizen") for number in range(8)]

    def claim(number: int) -> str:
        try:
            service.claim(people[number], id)
        except OfferRefused as refused:
            return str(refused.fields["why"])
        return "had"

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(claim, range(8)))
    assert found == ["had"] + ["offer_taken"] * 7
    assert sum(one["claims"] for one in views.takers(town.centre)) == 1


def test_nobody_gets_more_at_once_than_there_may_be(town: Neighbourhood) -> None:
    ids = [town.offer(town.report(116.0 + place / 10)).id for place in range(4)]

    def claim(id: int) -> str:
        try:
            service.claim(town.citizen, id)
        except OfferRefused as refused:
            return str(refused.fields["why"])
        return "had"

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(claim, ids))
    assert found == ["had"] * 2 + ["offer_claims_used"] * 2


def test_the_centre_offers_a_case_by_hand(town: Neighbourhood) -> None:
    http = Browser(town, routes())  # type: ignore[arg-type]
    given = cases.Report("demo.flooded", "积水", 116.1, 39.1)
    no = cases.report(town.citizen, given)
    path = f"/api/offers/cases/{no}"
    shown = http("centre", "GET", path).json()
    assert (shown["why"], shown["offer"], shown["terms"]["points"]) == ("", None, 10)
    for body, field in (
        ({"to": ["everybody"]}, "to"),
        ({"points": -1}, "points"),
        ({"claim_within": 0}, "claim_within"),
        ({"radius_m": 0}, "radius_m"),
        ({"reason": "x" * 1001}, "reason"),
    ):
        wrong = http("centre", "POST", path, json=body)
        assert (wrong.status_code, wrong.json()["type"]) == (400, "cases.bad_offer_terms")
        assert field in wrong.json()["title"]
    assert http("citizen", "POST", path, json={}).status_code == 403
    assert http("citizen", "GET", path).status_code == 403
    body = {"to": ["residents"], "points": 5, "claim_within": 30, "reason": "small"}
    made = http("centre", "POST", path, json=body)
    assert made.status_code == 201 and made.json()["why"] == "offered"
    assert made.json()["offer"]["claim_by"] == render(town.clock.now() + 30 * MINUTE)
    line = town.show(no)["timeline"][-1]
    assert (line["step"], line["actor"], line["reason"]) == ("offered", "user:centre", "small")
    again = http("centre", "POST", path, json=body)
    assert (again.status_code, again.json()["type"]) == (409, "cases.cannot_offer")
    id = http("neighbour", "GET", "/api/offers").json()["items"][0]["id"]
    assert http("neighbour", "POST", f"/api/offers/{id}/claim").status_code == 200
    held = http("centre", "GET", path).json()
    assert (held["why"], held["offer"]["claimer"]) == ("not_new", "neighbour")
    nowhere = cases.report(town.citizen, cases.Report("demo.flooded", "?", address="东路"))
    assert http("centre", "GET", f"/api/offers/cases/{nowhere}").json()["why"] == "no_place"
    assert http("centre", "POST", "/api/offers/cases/999", json={}).status_code == 404
