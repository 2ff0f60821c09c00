"""Cases over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.cases.conftest import PNG, City
from tests.cases.pictures import samples
from yiwang.cases import service
from yiwang.cases.actions import photos
from yiwang.cases.http import routes
from yiwang.cases.pictures import cleaning
from yiwang.contracts.ports import FindingExplainer
from yiwang.demo.photo import png
from yiwang.kernel.clock import MINUTE
from yiwang.security.actions import Caller
from yiwang.web.errors import HANDLERS
from yiwang.web.quick import Quick

Opener = Callable[..., int]


class _As:
    """Middleware that puts a caller into the request, as the authentication does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.caller: Caller | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = self.caller
        await self.app(scope, receive, send)


class Browser:
    def __init__(self, city: City, served: list[Route] | None = None) -> None:
        found = served or routes()
        others = Starlette(routes=found, exception_handlers=HANDLERS)
        self._inside = _As(Quick(others, found))
        self._client = TestClient(self._inside, raise_server_exceptions=False)
        self._city = city

    def __call__(self, who: str, method: str, path: str, lang: str = "en", **sent: Any) -> Any:
        self._inside.caller = getattr(self._city, who)
        headers = {"accept-language": lang} | sent.pop("headers", {})
        return self._client.request(method, path, headers=headers, **sent)


@pytest.fixture
def http(city: City) -> Iterator[Browser]:
    yield Browser(city)


REPORT = {"case_class": "demo.flooded", "text": "Water", "lon": 116.1, "lat": 39.1}


def test_the_loop_over_http(city: City, http: Browser) -> None:
    made = http("citizen", "POST", "/api/cases", json=REPORT)
    assert made.status_code == 201 and made.headers["location"] == "/api/cases/1"
    assert made.json()["state_title"] == "Reported"
    assert http("centre", "POST", "/api/cases/1/accept", json={}).status_code == 200
    sent = http("centre", "POST", "/api/cases/1/dispatch", json={}).json()
    assert sent["organisation_name"] == "Water Office"
    body = {"version": sent["version"]}
    assert http("handler", "POST", "/api/cases/1/start", json=body).json()["state"] == "pumping"
    again = http("handler", "POST", "/api/cases/1/start", json=body)
    assert again.status_code == 409 and again.json()["type"] == "cases.changed_meanwhile"
    files = {"photo": ("p.png", PNG, "image/png")}
    sha = http("handler", "POST", "/api/cases/1/photos", files=files).json()["photos"][0]["sha"]
    done = {"text": "drained", "evidence": [sha]}
    assert http("handler", "POST", "/api/cases/1/report", json=done).json()["kind"] == "waiting"
    assert http("grid_worker", "POST", "/api/cases/1/verify_ok", json={}).status_code == 200
    assert http("centre", "POST", "/api/cases/1/close", json={}).json()["kind"] == "done"


def test_a_program_may_ask_for_short_answers(city: City, http: Browser) -> None:
    short = {"prefer": "respond-async, return=minimal"}
    made = http("citizen", "POST", "/api/cases", json=REPORT, headers=short)
    assert made.json() == {"no": 1, "state": "reported", "version": 1}
    assert made.headers["preference-applied"] == "return=minimal"
    assert made.headers["location"] == "/api/cases/1"
    body = {"version": 1}
    sent = http("centre", "POST", "/api/cases/1/dispatch", json=body, headers=short)
    whole = http("centre", "GET", "/api/cases/1").json()
    assert sent.json() == {name: whole[name] for name in ("no", "state", "version")}
    assert whole["version"] == 2 and whole["organisation_name"] == "Water Office"
    back = {"reason": "not ours"}
    away = http("handler", "POST", "/api/cases/1/return", json=back, headers=short).json()
    assert away == {"no": 1, "state": "accepted", "visible": False}


def test_a_case_given_away_is_a_step_done(city: City, http: Browser, open_case: Opener) -> None:
    open_case()
    done = http("handler", "POST", "/api/cases/1/return", json={"reason": "not ours"})
    assert done.status_code == 200
    assert done.json() == {"no": 1, "state": "accepted", "visible": False}
    assert http("handler", "GET", "/api/cases/1").status_code == 404


def test_the_side_paths_over_http(city: City, http: Browser, open_case: Opener) -> None:
    open_case()
    units = {"to": {"organisations": [city.parks]}, "text": "close the road"}
    shown = http("handler", "POST", "/api/cases/1/ask_joint", json=units).json()
    assert shown["parts"][0]["organisation_name"] == "Parking"
    assert (
        http("stranger", "POST", "/api/cases/1/answer_part", json={"text": "x"}).status_code == 200
    )
    late = {"until": "2020-01-01T00:00:00Z", "reason": "x"}
    refused = http("centre", "POST", "/api/cases/1/suspend", json=late)
    assert refused.status_code == 400 and refused.json()["type"] == "cases.not_to_come"
    nowhere = {"until": "2030-01-01T00:00:00", "reason": "x"}
    assert http("centre", "POST", "/api/cases/1/suspend", json=nowhere).status_code == 400
    more = {"minutes": 10, "reason": "x"}
    assert http("handler", "POST", "/api/cases/1/ask_extension", json=more).status_code == 200
    twice = http("handler", "POST", "/api/cases/1/ask_extension", json=more)
    assert twice.status_code == 409 and twice.json()["fields"]["why"] == "extension_pending"
    assert http("centre", "POST", "/api/cases/1/extend_granted", json={}).status_code == 200
    http("centre", "POST", "/api/cases/1/void", json={"reason": "x"})
    steps = http("centre", "GET", "/api/cases/1/steps").json()["items"]
    assert {one["step"] for one in steps if one["allowed"]} == {"reopen", "comment"}
    assert all(one["who"] for one in steps)


def test_refusals_are_problems(city: City, http: Browser, open_case: Opener) -> None:
    open_case()
    refused = http("grid_worker", "POST", "/api/cases/1/void", json={"reason": "x"})
    assert refused.status_code == 403
    assert refused.json()["fields"]["why"] == "only_centre"
    assert "Only the command centre" in refused.json()["title"]
    chinese = http("grid_worker", "POST", "/api/cases/1/void", "zh-CN", json={"reason": "x"})
    assert "作废" in chinese.json()["title"] and "仅指挥中心" in chinese.json()["title"]
    assert http("handler", "POST", "/api/cases/1/resume", json={}).status_code == 409
    assert http("handler", "POST", "/api/cases/1/fly", json={}).status_code == 409
    assert http("centre", "POST", "/api/cases/1/void", json={}).status_code == 400
    assert http("centre", "POST", "/api/cases/1/void", json={"raeson": "x"}).status_code == 400
    assert http("centre", "POST", "/api/cases/1/void", content=b"{").status_code == 400
    for path in ("/api/cases/2", "/api/cases/99999999999999999999", "/api/cases/2/explain"):
        assert http("centre", "GET", path).status_code == 404
    assert http("stranger", "GET", "/api/cases/1").status_code == 404


def test_a_form_that_is_none_and_a_wrong_method_are_refused(
    city: City, http: Browser, open_case: Opener
) -> None:
    no = open_case()
    broken = {"content-type": "multipart/form-data; boundary=b"}
    answer = http("centre", "POST", f"/api/cases/{no}/photos", content=b"--x\r\n", headers=broken)
    assert (answer.status_code, answer.json()["type"]) == (400, "web.bad_body")
    answer = http("centre", "PUT", f"/api/cases/{no}")
    assert (answer.status_code, answer.json()["type"]) == (405, "web.method_not_allowed")


def test_many_at_once_are_all_answered_and_one_of_a_kind_wins(city: City, http: Browser) -> None:
    """Calls that share a transaction: what one does, the next sees; what fails is told alone."""
    no = http("citizen", "POST", "/api/cases", json=REPORT).json()["no"]
    sent = {"version": 1}
    with ThreadPoolExecutor(8) as pool:
        taking = [
            pool.submit(http, "centre", "POST", f"/api/cases/{no}/accept", json=sent)
            for _ in range(8)
        ]
        answers = [one.result().status_code for one in taking]
    assert sorted(answers) == [200] + [409] * 7
    steps = [line["step"] for line in city.show(no)["timeline"]]
    assert steps == ["opened", "accept"]


def test_lists_page_by_page(city: City, http: Browser) -> None:
    city.deliver(*[city.raised(number, one_per=f"s{number}") for number in range(1, 8)])
    seen: list[int] = []
    after = ""
    while True:
        page = http("centre", "GET", f"/api/cases?kind=open&limit=3{after}").json()
        seen += [one["no"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_lists_by_deadline(city: City, http: Browser) -> None:
    for number in (3, 1, 2):
        at = city.clock.now() - number * MINUTE
        city.deliver(city.raised(number, one_per=f"s{number}", raised_at=at))
    first = http("centre", "GET", "/api/cases?sort=due&limit=2").json()
    rest = http("centre", "GET", f"/api/cases?sort=due&limit=2&after={first['next']}").json()
    assert [one["no"] for one in first["items"] + rest["items"]] == [1, 3, 2]
    assert http("centre", "GET", f"/api/cases?after={first['next']}").status_code == 400


def test_lists_are_narrowed(city: City, http: Browser, open_case: Opener) -> None:
    open_case(1)
    open_case(2, case_class="full_car_park", lon=116.7)
    http("citizen", "POST", "/api/cases", json=REPORT | {"text": "Deep 50% water", "lon": 116.3})

    def numbers(query: str, who: str = "centre") -> list[int]:
        found = http(who, "GET", f"/api/cases?{query}")
        assert found.status_code == 200, found.text
        return [one["no"] for one in found.json()["items"]]

    assert numbers("") == [3, 2, 1]
    assert numbers("kind=working") == [2, 1]
    assert numbers("kind=done") == []
    assert numbers("state=reported") == [3]
    assert numbers("case_class=demo.flooded") == [3, 1]
    assert numbers(f"grid={city.other_grid}") == [2]
    assert numbers(f"organisation={city.parks}") == [2]
    assert numbers("handler=handler") == numbers("mine=1", "handler") == [1]
    assert numbers("severity=urgent&overdue=0") == [3, 2, 1]
    assert numbers("overdue=1") == []
    assert numbers("q=deep") == numbers("q=50%25") == [3]
    assert numbers("q=%23" + "2") == [2] and numbers("q=nothing") == []
    assert numbers("", "handler") == [1]
    assert numbers("", "stranger") == [2]
    assert numbers("", "grid_worker") == [3, 1]
    assert numbers("", "citizen") == [3]
    flooded, full = "case_class=demo.flooded", "case_class=demo.full_car_park"
    assert numbers(flooded, "handler") == [1] and numbers(full, "handler") == []
    assert numbers(f"{full}&kind=open", "stranger") == [2]
    assert numbers(f"{flooded}&kind=done", "grid_worker") == []
    assert numbers("state=dispatched", "grid_worker") == [1]
    assert numbers("state=dispatched&kind=done") == numbers("state=none_such") == []
    assert numbers("state=reported", "citizen") == numbers(flooded, "citizen") == [3]
    assert numbers(f"{flooded}&kind=open&sort=due", "grid_worker") == [1, 3]
    assert numbers(f"{flooded}&kind=open&sort=due", "handler") == [1]
    for bad in ("kind=alive", "sort=best", "grid=x", "after=x", "limit=0", "severity=bad"):
        assert http("centre", "GET", f"/api/cases?{bad}").status_code == 400


def test_summary_counts_what_one_may_see(city: City, http: Browser, open_case: Opener) -> None:
    open_case(1)
    open_case(2, case_class="full_car_park")
    for who, working in {"centre": 2, "handler": 1, "stranger": 1, "grid_worker": 2}.items():
        assert http(who, "GET", "/api/cases/summary").json()["kinds"]["working"] == working
    assert http("citizen", "GET", "/api/cases/summary").json()["kinds"]["working"] == 0


def test_classes_and_steps_have_titles(city: City, http: Browser, open_case: Opener) -> None:
    open_case()
    classes = http("citizen", "GET", "/api/cases/classes", "zh-CN").json()["items"]
    assert {one["title"] for one in classes} == {"下穿通道积水", "车位已满"}
    assert classes[0]["states"]["pumping"] == {"kind": "working", "title": "抽排中"}
    steps = http("handler", "GET", "/api/cases/1/steps", "zh-CN").json()["items"]
    titles = {one["step"]: one["title"] for one in steps}
    assert (titles["start"], titles["suspend"]) == ("开始处置", "挂账")


def test_photos_are_checked_and_served_by_permission(
    city: City, http: Browser, open_case: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_case()
    path = "/api/cases/1/photos"

    def send(content: bytes, who: str = "handler") -> Any:
        return http(who, "POST", path, files={"photo": ("a.png", content, "image/png")})

    sha = send(PNG).json()["photos"][0]["sha"]
    assert send(PNG).json()["photos"][0]["sha"] == sha
    assert len(city.show(1)["photos"]) == 1
    served = http("handler", "GET", f"/api/blobs/{sha}")
    assert served.content == PNG and served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert http("stranger", "GET", f"/api/blobs/{sha}").status_code == 404
    assert http("handler", "GET", f"/api/blobs/{'0' * 64}").status_code == 404
    assert send(b"<svg onload=alert(1)>").json()["type"] == "cases.not_a_picture"
    assert send(b"").status_code == 400
    assert send(PNG, "stranger").status_code == 404
    assert http("handler", "POST", path, files={"x": (None, "text")}).status_code == 400
    other = png(np.zeros((2, 2, 3), np.uint8))
    monkeypatch.setattr(cleaning, "MOST_BYTES", len(other) - 1)
    assert send(other).status_code == 413
    monkeypatch.setattr(cleaning, "MOST_BYTES", 1000)
    monkeypatch.setattr(photos, "MOST_PHOTOS", 1)
    assert send(other).status_code == 429


def test_a_photo_tells_where_it_was_taken_and_forgets_it(
    city: City, http: Browser, open_case: Opener
) -> None:
    open_case()
    files = {"photo": ("a.jpg", samples.jpeg(), "image/jpeg")}
    told = http("citizen", "POST", "/api/cases/photos/read", files=files).json()
    assert told == {"lon": 116.1, "lat": 39.1, "taken_at": "2026-07-01T08:00:00Z"}
    sha = http("handler", "POST", "/api/cases/1/photos", files=files).json()["photos"][0]["sha"]
    photo = city.show(1)["photos"][0]
    assert (photo["lon"], photo["lat"], photo["metres_away"]) == (116.1, 39.1, 0)
    path = f"/api/blobs/{sha}"
    whole, small = http("handler", "GET", path), http("handler", "GET", f"{path}?size=320")
    assert samples.SECRET not in whole.content and hashlib.sha256(whole.content).hexdigest() == sha
    assert small.headers["content-type"] == "image/jpeg" and small.content[:2] == b"\xff\xd8"
    assert http("handler", "GET", f"{path}?size=320").content == small.content
    assert http("handler", "GET", f"{path}?size=300").status_code == 400
    assert http("stranger", "GET", f"{path}?size=320").status_code == 404


def test_who_reported_sees_the_photo_and_not_where_it_was_taken(city: City, http: Browser) -> None:
    http("citizen", "POST", "/api/cases", json=REPORT)
    files = {"photo": ("a.jpg", samples.jpeg(), "image/jpeg")}
    http("citizen", "POST", "/api/cases/1/photos", files=files)
    assert "taken_at" not in city.show(1, city.citizen)["photos"][0]


class _Rules:
    def explain(self, finding: int) -> dict[str, Any]:
        return {"rule": "close", "parameters": {"depth_close": 25}, "observations": [finding]}


def test_explaining_walks_back_to_the_rule(city: City, http: Browser, open_case: Opener) -> None:
    city.ports[FindingExplainer] = _Rules()
    open_case()
    found = http("handler", "GET", "/api/cases/1/explain").json()
    assert found["sources"][0]["explanation"]["parameters"] == {"depth_close": 25}
    assert "clock time" in found["deadline"]["why"]
    assert [line["step"] for line in found["timeline"]] == ["opened", "dispatch"]
    assert http("stranger", "GET", "/api/cases/1/explain").status_code == 404


def test_pictures_are_known_by_their_content() -> None:
    assert cleaning.picture_type(b"\xff\xd8\xff\xe0" + bytes(200)) == "image/jpeg"
    assert cleaning.picture_type(PNG) == "image/png"
    assert cleaning.picture_type(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
    assert cleaning.picture_type(b"\x00\x00\x00\x18ftypheic") == "image/heic"
    for other in (b"", b"GIF89a", b"<html>", b"%PDF-1.7", b"RIFF\x00\x00\x00\x00WAVE"):
        assert cleaning.picture_type(other) is None


def test_summaries_for_the_live_stream(city: City, open_case: Opener) -> None:
    open_case()
    assert service.summary_of(city.centre, [1, 2], "en")[0]["class_title"] == "Flooded underpass"
