"""Versions and moves over HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Callable

from tests.cases.conftest import City
from tests.cases.test_http import Browser
from tests.cases.versions.conftest import RENAMED, Versions
from yiwang.cases import service as cases
from yiwang.cases.model.guards import Given
from yiwang.cases.versions.http import routes


def test_a_move_over_http(city: City, versions: Versions, open_case: Callable[..., int]) -> None:
    http = Browser(city, routes())
    no = open_case()
    cases.take(city.handler, no, "start", Given())
    to = versions.install()
    listed = http("centre", "GET", "/api/cases/versions?class=demo.flooded").json()["items"]
    assert [one["running"] for one in listed[0]["versions"]] == [0, 1]
    path = f"/api/cases/versions/{versions.old}/{to}"
    said = http("centre", "GET", path, lang="en").json()["items"]
    assert 'New state "Draining" (Working)' in [one["text"] for one in said]
    body = {"to": to, "places": RENAMED}
    preview = http("centre", "POST", "/api/cases/moves/preview", json=body)
    assert preview.status_code == 200 and preview.json()["outcomes"]["moves"] == 1
    body |= {"digest": preview.json()["digest"], "reason": "the new class"}
    wrong = http("centre", "POST", "/api/cases/moves", json=body | {"places": {}})
    assert (wrong.status_code, wrong.json()["type"]) == (409, "cases.not_previewed")
    bare = http("centre", "POST", "/api/cases/moves", json=body | {"reason": ""})
    assert (bare.status_code, bare.json()["type"]) == (400, "cases.move_reason_missing")
    made = http("centre", "POST", "/api/cases/moves", json=body)
    assert made.status_code == 201 and made.json()["counts"]["moved"] == 1
    again = http("centre", "POST", "/api/cases/moves", json=body)
    assert again.json()["id"] == made.json()["id"]
    id = made.json()["id"]
    assert http("centre", "GET", "/api/cases/moves").json()["items"][0]["id"] == id
    assert http("centre", "POST", f"/api/cases/moves/{id}/continue").json()["state"] == "moved"
    for who in ("handler", "citizen"):
        assert http(who, "GET", "/api/cases/versions").status_code == 403
        assert http(who, "POST", f"/api/cases/moves/{id}/undo", json={}).status_code == 403
    back = http("centre", "POST", f"/api/cases/moves/{id}/undo", json={"reason": "too short"})
    assert back.json()["counts"]["undone"] == 1
    assert versions.rows()[no]["state"] == "pumping"
    assert http("centre", "GET", "/api/cases/moves/99").status_code == 404
    lost = http("centre", "POST", "/api/cases/moves/preview", json={"to": 999})
    assert (lost.status_code, lost.json()["type"]) == (404, "cases.no_such_version")
    area = http("centre", "POST", "/api/cases/moves/preview", json={"to": to, "area": 999})
    assert (area.status_code, area.json()["type"]) == (400, "cases.bad_target")
