"""Incidents over HTTP: start, tasks, levels, the log, the end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from tests.cases.conftest import PNG, City
from tests.cases.emergency.conftest import Browser, task
from yiwang.cases import service
from yiwang.cases.emergency.start import Wanted, start
from yiwang.cases.emergency.tasks import Doing, act, sweep
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import LANGUAGES, find
from yiwang.notices.tables import notices
from yiwang.security import accounts

Opener = Callable[..., int]
PLAN = {"case": 1, "plan": "demo.response"}
ONE = "/api/emergencies/1"


def _act(
    http: Browser, who: str, incident: dict[str, Any], code: str, what: str, **body: Any
) -> Any:
    number = task(incident, code)["id"]
    return http(who, "POST", f"{ONE}/tasks/{number}/{what}", json=body)


def _report(http: Browser, who: str, incident: dict[str, Any], code: str) -> Any:
    number = task(incident, code)["id"]
    files = {"photo": ("p.png", PNG, "image/png")}
    made = http(who, "POST", f"{ONE}/tasks/{number}/photos", files=files)
    body = {"text": "done", "photos": [made.json()["photos"][0]["sha"]]}
    return http(who, "POST", f"{ONE}/tasks/{number}/report", json=body)


def test_the_preview_says_what_would_happen_and_does_nothing(
    prepared: City, http_: Browser, open_case: Opener
) -> None:
    open_case()
    plans = http_("centre", "GET", "/api/emergencies/plans?case=1").json()["items"]
    assert [(one["code"], one["proposed"]) for one in plans] == [("demo.response", "yellow")]
    found = http_("centre", "POST", "/api/emergencies/preview", json=PLAN).json()
    assert [one["organisation_name"] for one in found["tasks"]] == [
        "Parking",
        "Water Office",
        "Parking",
    ]
    assert found["told"][0]["handler_name"] == "王伟"
    pumps = found["resources"][0]
    assert [one["name"] for one in pumps["places"]] == ["T1", "T2"] and pumps["short"] == 1
    assert http_("centre", "GET", "/api/emergencies").json()["items"] == []


def test_a_plan_is_started_once(started: dict[str, Any], http_: Browser, prepared: City) -> None:
    states = {one["code"]: one["state"] for one in started["tasks"]}
    assert states == {"close_road": "open", "pump": "open", "reopen": "waiting"}
    assert task(started, "pump")["handler_name"] == "王伟"
    assert [one["event"] for one in started["log"]] == ["started", "started", "opened", "opened"]
    assert started["commanders"][0]["title"] == "Commander"
    assert [one["phone"] for one in started["contacts"]] == ["", "119"]
    again = http_("centre", "POST", "/api/emergencies", json=PLAN)
    assert again.status_code == 200 and again.json()["log"] == started["log"]
    steps = [one["step"] for one in prepared.show(1)["timeline"]]
    assert steps.count("emergency_started") == 1
    assert http_("centre", "GET", "/api/emergencies/cases/1").json()["items"][0]["no"] == 1


def test_two_who_start_at_once_start_one(prepared: City, open_case: Opener) -> None:
    open_case()
    together, made = Barrier(2), []

    def begin() -> None:
        together.wait()
        made.append(start(prepared.centre, 1, Wanted("demo.response")))

    threads = [Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.no for one in made} == {1} and sum(one.created for one in made) == 1


def test_a_start_that_fails_leaves_nothing(
    prepared: City, http_: Browser, open_case: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_case()
    with monkeypatch.context() as broken:
        broken.setattr("yiwang.cases.emergency.post.Post.flush", lambda self: 1 / 0)
        answer = http_("centre", "POST", "/api/emergencies", json=PLAN)
        assert answer.status_code == 500
    assert http_("centre", "GET", "/api/emergencies").json()["items"] == []
    assert http_("centre", "POST", "/api/emergencies", json=PLAN).status_code == 201


def test_tasks_follow_one_another_to_the_end(started: dict[str, Any], http_: Browser) -> None:
    lacking = _act(http_, "stranger", started, "close_road", "report", text="closed")
    assert (
        lacking.status_code == 400 and lacking.json()["type"] == "cases.emergency.evidence_missing"
    )
    assert _act(http_, "stranger", started, "close_road", "take").status_code == 200
    assert _report(http_, "stranger", started, "close_road").status_code == 200
    seen = _act(http_, "handler", started, "pump", "report").json()
    assert task(seen, "reopen")["state"] == "open" and task(seen, "pump")["taken_at"]
    early = http_("centre", "POST", f"{ONE}/end", json={"answers": {"cause": "rain"}})
    assert early.json()["type"] == "cases.emergency.tasks_left"
    _act(http_, "centre", started, "reopen", "cancel", reason="another road")
    silent = http_("centre", "POST", f"{ONE}/end", json={"answers": {"cause": " "}})
    assert silent.json()["type"] == "cases.emergency.answers_missing"
    ended = http_("centre", "POST", f"{ONE}/end", json={"answers": {"cause": "rain"}}).json()
    assert not ended["running"] and ended["review"]["answers"] == {"cause": "rain"}
    figures = ended["review"]["figures"]
    assert (figures["done"], figures["cancelled"], figures["late"]) == (2, 1, [])
    assert figures["first_taken_at"] and figures["told"][0]["to"] == ["水务局"]
    after = http_("centre", "POST", f"{ONE}/log", json={"kind": "report", "text": "x"})
    assert after.json()["type"] == "cases.emergency.ended"
    photo = task(ended, "close_road")["photos"][0]
    assert http_("stranger", "GET", f"{ONE}/photos/{photo}").content == PNG
    again = http_("centre", "POST", "/api/emergencies", json=PLAN)
    assert again.status_code == 201 and again.json()["no"] == 2


def test_levels_add_and_drop_tasks(started: dict[str, Any], http_: Browser, prepared: City) -> None:
    def level(name: str) -> Any:
        return http_("centre", "POST", f"{ONE}/level", json={"level": name, "reason": "rain"})

    assert level("yellow").json()["type"] == "cases.emergency.same_level"
    assert level("green").json()["type"] == "cases.emergency.no_such_level"
    raised = level("red").json()
    assert raised["colour"] == "red" and task(raised, "shelter")["state"] == "open"
    lowered = level("yellow").json()
    dropped = task(lowered, "shelter")
    assert (dropped["state"], dropped["reason"]) == ("cancelled", "rain")
    again = level("red").json()
    assert [one["state"] for one in again["tasks"] if one["code"] == "shelter"] == [
        "cancelled",
        "open",
    ]
    _act(http_, "centre", again, "shelter", "cancel", reason="nobody lives there")
    level("yellow")
    assert task(level("red").json(), "shelter")["state"] == "cancelled"
    assert [one["to"] for one in raised["figures"]["levels"]] == ["red"]
    assert [one["step"] for one in prepared.show(1)["timeline"]].count("emergency_level") == 5


def test_what_cannot_be_done_goes_up(started: dict[str, Any], http_: Browser) -> None:
    silent = _act(http_, "stranger", started, "close_road", "cannot")
    assert silent.json()["type"] == "cases.emergency.reason_missing"
    _act(http_, "stranger", started, "close_road", "cannot", reason="no barriers")
    seen = http_("centre", "GET", ONE).json()
    assert task(seen, "close_road")["organisation_name"] == "Water Office"
    assert [one["event"] for one in seen["log"]][-2:] == ["cannot", "escalated"]
    _act(http_, "handler", started, "close_road", "cannot", reason="nor have we")
    seen = http_("centre", "GET", ONE).json()
    told = [(one["actor"], one["actor_name"]) for one in seen["log"] if one["event"] == "cannot"]
    assert told == [("user:stranger", ""), ("user:handler", "王伟")]
    assert task(seen, "close_road")["organisation"] is None
    given = _act(http_, "centre", started, "close_road", "assign", organisation=2).json()
    assert task(given, "close_road")["organisation_name"] == "Parking"
    wrong = _act(http_, "centre", started, "close_road", "assign", organisation=99)
    assert wrong.json()["type"] == "cases.bad_target"


def test_late_tasks_are_marked_once_and_told(
    started: dict[str, Any], http_: Browser, prepared: City
) -> None:
    prepared.clock.advance(10 * MINUTE)
    assert sweep(prepared.platform) == 1 and sweep(prepared.platform) == 0
    seen = http_("centre", "GET", ONE).json()
    assert task(seen, "close_road")["late"] and not task(seen, "pump")["late"]
    assert [one["event"] for one in seen["log"]][-2:] == ["late", "late"]
    for lang, name in (("zh-CN", "水务局"), ("en", "Water Office")):
        read = http_("centre", "GET", ONE, lang=lang).json()
        assert read["log"][-1]["details"]["to"][0]["name"] == name
    assert seen["figures"]["late"] == [task(seen, "close_road")["id"]]


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("handler", "POST", "/api/emergencies", 403),
        ("citizen", "GET", ONE, 403),
        ("grid_worker", "GET", ONE, 404),
        ("handler", "POST", f"{ONE}/level", 403),
        ("handler", "POST", f"{ONE}/log", 403),
        ("stranger", "POST", f"{ONE}/end", 403),
        ("handler", "POST", f"{ONE}/tasks", 403),
        ("handler", "POST", f"{ONE}/tasks/1/take", 403),
        ("stranger", "POST", f"{ONE}/tasks/1/cancel", 403),
        ("handler", "GET", ONE, 200),
        ("stranger", "POST", f"{ONE}/tasks/1/take", 200),
    ],
)
def test_each_does_what_is_theirs(
    started: dict[str, Any], http_: Browser, who: str, method: str, path: str, status: int
) -> None:
    bodies = {"emergencies": PLAN, "level": {"level": "red", "reason": "x"}, "end": {}}
    bodies |= {"log": {"kind": "report", "text": "x"}, "cancel": {"reason": "x"}}
    bodies |= {"tasks": {"title": "x", "function": "drainage", "minutes": 1}}
    sent = {"json": bodies.get(path.rsplit("/", 1)[-1], {})} if method == "POST" else {}
    assert http_(who, method, path, **sent).status_code == status


def test_who_saw_an_older_task_is_told(started: dict[str, Any], prepared: City) -> None:
    number = task(started, "pump")["id"]
    act(prepared.handler, 1, number, "take", Doing(version=1))
    with pytest.raises(YiwangError) as caught:
        act(prepared.centre, 1, number, "cannot", Doing(reason="x", version=1))
    assert caught.value.code == "cases.emergency.task_changed"
    with pytest.raises(YiwangError) as caught:
        act(prepared.handler, 1, number, "take", Doing())
    assert caught.value.code == "cases.emergency.wrong_state"


def test_more_cases_orders_and_words_belong_to_it(
    started: dict[str, Any], http_: Browser, prepared: City, open_case: Opener
) -> None:
    other = open_case(2, one_per="site:other", lon=116.3, lat=39.3)
    for _ in range(2):
        joined = http_("centre", "POST", f"{ONE}/cases", json={"case": other}).json()
    assert [one["no"] for one in joined["cases"]] == [1, other]
    assert [one["event"] for one in joined["log"]].count("case_added") == 1
    taken = http_("centre", "POST", "/api/emergencies", json=PLAN | {"case": other})
    assert taken.status_code == 200 and taken.json()["no"] == 1
    real = http_(
        "centre", "POST", "/api/emergencies", json=PLAN | {"case": other, "exercise": True}
    )
    assert real.json()["type"] == "cases.emergency.other_plan"
    order = {"title": "Sandbags", "function": "parking", "minutes": 15}
    ordered = http_("centre", "POST", f"{ONE}/tasks", json=order).json()
    assert task(ordered, "order_1")["organisation_name"] == "Parking"
    said = http_("centre", "POST", f"{ONE}/log", json={"kind": "decision", "text": "Hold"}).json()
    assert (said["log"][-1]["kind_title"], said["log"][-1]["text"]) == ("Decision", "Hold")
    odd = http_("centre", "POST", f"{ONE}/log", json={"kind": "gossip", "text": "Hold"})
    assert odd.json()["type"] == "cases.emergency.unknown_word"


def test_an_exercise_says_so(prepared: City, http_: Browser, open_case: Opener) -> None:
    open_case()
    body = PLAN | {"exercise": True, "level": "red"}
    bare = http_("centre", "POST", "/api/emergencies", json=body)
    assert bare.json()["type"] == "cases.emergency.reason_missing"
    made = http_("centre", "POST", "/api/emergencies", json=body | {"reason": "drill"}).json()
    assert made["title"] == "[EXERCISE] Flood plan" and made["exercise"]
    shown = http_("centre", "GET", "/api/emergencies", lang="zh-CN").json()["items"][0]
    assert shown["title"] == "【演练】积水预案"
    line = prepared.show(1)["timeline"][-1]
    assert line["step"] == "emergency_started" and line["details"]["exercise"] is True


def test_a_plan_is_for_open_cases_of_its_class(
    prepared: City, http_: Browser, open_case: Opener
) -> None:
    open_case()
    unknown = http_("centre", "POST", "/api/emergencies", json={"case": 1, "plan": "demo.nothing"})
    assert unknown.json()["type"] == "cases.emergency.no_such_plan"
    report = service.Report("demo.full_car_park", "full", lon=116.1, lat=39.1)
    other = service.report(prepared.centre, report)
    wrong = http_("centre", "POST", "/api/emergencies", json=PLAN | {"case": other})
    assert wrong.json()["type"] == "cases.emergency.not_for_class"
    service.take(prepared.centre, 1, "void", service.Given(reason="x"))
    over = http_("centre", "POST", "/api/emergencies", json=PLAN)
    assert over.json()["type"] == "cases.emergency.case_over"


def test_who_gets_a_task_and_who_is_named_is_told_once(
    started: dict[str, Any], http_: Browser, prepared: City
) -> None:
    def said() -> list[tuple[str, str, bool]]:
        with prepared.database.read() as connection:
            rows = connection.execute(select(notices).order_by(notices.c.id))
            return [(row.recipient, row.subject, row.urgent) for row in rows]

    assert sorted(said()) == [
        ("user:handler", "积水预案：启动预案", True),
        ("user:handler", "积水预案：强排", True),
    ]
    assert started["log"][1]["details"]["to"][0]["people"] == ["user:handler"]
    http_("centre", "POST", "/api/emergencies", json=PLAN)
    assert len(said()) == 2
    _act(http_, "stranger", started, "close_road", "cannot", reason="no barriers")
    assert [one[1] for one in said()[2:]] == ["积水预案：封路", "积水预案：上报升级 · 封路"]


def test_where_nobody_is_on_duty_everybody_of_the_unit_is_told(
    prepared: City, http_: Browser, open_case: Opener
) -> None:
    people = {"parker": ["department_handler"], "clerk": ["auditor"], "lead": ["department_head"]}
    for name, roles in people.items():
        password = "correct horse battery"
        accounts.add_user(prepared.platform, name, password, roles, organisation=prepared.parks)
    open_case()
    http_("centre", "POST", "/api/emergencies", json=PLAN)
    with prepared.database.read() as connection:
        rows = connection.execute(select(notices)).all()
    told = {row.recipient for row in rows if row.subject == "积水预案：封路"}
    assert told == {"user:parker", "user:lead"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_short_message_says_where(lang: str) -> None:
    for name in ("task", "news"):
        assert "{place}" in str(find(f"cases.emergency.notice.{name}.short", lang))
