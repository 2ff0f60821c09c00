"""The simulated offices: a hotline that answers, and works that move on."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from typing import Any

import httpx

from yiwang.demo import neighbours, office
from yiwang.demo.city import build
from yiwang.demo.office import Centre, Handler, Operator, Telephone
from yiwang.demo.people import Person, Town
from yiwang.demo.plan import SIMULATED
from yiwang.kernel.clock import HOUR, MINUTE

Answer = Callable[[str, str, Any], Any]


def days(kind: type[Person], answer: Answer, times: int, step: int) -> list[tuple[str, Any]]:
    """What one person of a kind sends while time goes on; ``answer`` is the platform's."""
    clock, sent = [0], []
    town = Town(1, lambda: clock[0], {}, lambda *at: None, lambda *at: None, lambda *at: 0.0)
    city = build()
    people = [neighbours.person("http://demo", one, "", town, city) for one in city.accounts]
    person = next(one for one in people if type(one) is kind)

    def answered(request: httpx.Request) -> httpx.Response:
        path = request.url.path + (f"?{request.url.query.decode()}" if request.url.query else "")
        body: Any = request.content
        if request.headers.get("content-type") == "application/json":
            body = json.loads(body)
        if request.method != "GET":
            sent.append((path, body))
        return httpx.Response(200, json=answer(request.method, path, body) or {"items": []})

    async def run() -> None:
        transport = httpx.MockTransport(answered)
        person._client = httpx.AsyncClient(base_url="http://demo", transport=transport)
        for _ in range(times):
            await person.look()
            clock[0] += step
        await person.close()

    asyncio.run(run())
    return sent


def test_all_that_the_offices_say_is_simulated() -> None:
    said = office.script()
    texts = [one[key] for one in said["articles"] for key in ("question_zh", "question_en")]
    texts += [one[key] for one in said["calls"] for key in ("name", "text")]
    texts += [one["title"] for one in said["plan"]["tasks"]]
    texts += [word for line in said["board"]["lines"].values() for word in line["title"].values()]
    texts += [*said["plan"]["title"].values(), said["plan"]["basis"], office.PROGRESS, office.BACK]
    assert [one for one in texts if SIMULATED not in one and "(simulated)" not in one] == []
    units = {one["code"] for one in build().records["organisations"]}
    named = {one["department"] for one in said["articles"]} | {said["plan"]["owner"]}
    named |= {one["lead"] for one in said["plan"]["tasks"]}
    assert named <= units
    codes = {one["code"] for one in said["articles"]}
    assert {one["article"] for one in said["calls"] if "article" in one} <= codes


def test_the_centre_opens_the_offices_once() -> None:
    def answer(method: str, path: str, body: Any) -> Any:
        return {"id": 4} if method == "POST" else None

    sent = days(Centre, answer, 3, MINUTE)
    assert [path for path, _ in sent] == [
        "/api/hotline/articles/import?publish=true",
        "/api/work-plans",
        "/api/work-plans/4/start",
    ]
    rows = list(csv.DictReader(io.StringIO(sent[0][1].decode())))
    assert [row["code"] for row in rows] == [one["code"] for one in office.script()["articles"]]


def test_a_handler_reports_how_far_the_works_are() -> None:
    task = {"id": 7, "number": "1", "case": 12, "yours": True, "open": True, "target": 93}
    task |= {"percent": 0, "last_report": "", "marks": []}
    task["marks"] = [{"id": 3, "done_at": None, "due_at": "2999-01-01T00:00:00Z"}]

    def answer(method: str, path: str, body: Any) -> Any:
        if path.endswith("/reports"):
            task.update(percent=body["percent"], last_report=body["text"])
        return {"items": [task] if path == "/api/plan-tasks" else []}

    sent = days(Handler, answer, 30, HOUR)
    assert sent[0][0] == "/api/cases/12/start"
    reports = [body for path, body in sent if path == "/api/plan-tasks/7/reports"]
    percents = [one["percent"] for one in reports]
    assert len(percents) >= 2 and percents == sorted(percents)
    assert [one["reached"] for one in reports] == [round(93 * one / 100) for one in percents]
    assert all(one["milestones"] == [] for one in reports)


def test_people_call_and_the_desk_answers() -> None:
    rung = days(Telephone, lambda *_: None, 60, 5 * MINUTE)
    assert len(rung) >= 6
    assert len({body["id"] for _, body in rung}) == len(rung)
    calls, contacts, ended = [{"id": 5}], [], []
    caller = {"number": "+8613900000012", "name": ""}

    def answer(method: str, path: str, body: Any) -> Any:
        if path == "/api/hotline/calls/5/take":
            calls.clear()
            contacts.append({"id": 1, "caller": caller, "requests": []})
        if method == "POST" and path.endswith("/end"):
            ended.append(path)
            contacts.clear()
        if path == "/api/hotline/contacts/1":
            return contacts[0]
        found = {"/api/hotline/calls": calls, "/api/hotline/contacts?unended=true": contacts}
        back = [{"request": 9, "tries": 0}] if path == "/api/hotline/call-backs" else []
        return {"items": list(found.get(path, back))} if method == "GET" else {"id": 1}

    sent = dict(days(Operator, answer, 8, 5 * MINUTE))
    request = sent["/api/hotline/contacts/1/requests"]
    assert request["text"] in {one["text"] for one in office.script()["calls"][1::5]}
    assert SIMULATED in sent["/api/hotline/contacts/1"]["name"]
    assert ended == ["/api/hotline/contacts/1/end"]
    assert set(sent["/api/hotline/call-backs/9"]) >= {"reached"}


def test_what_is_urgent_is_said_to_be() -> None:
    contact = {"id": 1, "caller": {"number": "+8613900000016", "name": ""}, "requests": []}

    def answer(method: str, path: str, body: Any) -> Any:
        found = {"/api/hotline/contacts/1": contact}
        found["/api/hotline/contacts?unended=true"] = {"items": [contact]}
        return found.get(path)

    sent = dict(days(Operator, answer, 3, 5 * MINUTE))
    heard = sent["/api/hotline/contacts/1"]
    assert (heard["emotion"], heard["urgent"]) == ("angry", True)
