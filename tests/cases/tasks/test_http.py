"""A plan over HTTP from its making to its end, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.cases.conftest import PNG
from tests.cases.tasks.conftest import PLAN, Office
from tests.cases.test_http import Browser
from yiwang.cases import http as cases_http
from yiwang.cases.model.guards import Given
from yiwang.cases.service import take
from yiwang.cases.tasks import changing, plans, reminding
from yiwang.cases.tasks.errors import PlanChanged
from yiwang.cases.tasks.http import routes
from yiwang.kernel.clock import DAY
from yiwang.security.actions import ACTIONS
from yiwang.security.model import Identity, allowed


@pytest.fixture
def http(office: Office) -> Browser:
    return Browser(office, [*routes(), *cases_http.routes()])  # type: ignore[arg-type]


def test_a_plan_from_its_making_to_its_end(office: Office, http: Browser) -> None:
    seen = http("centre", "POST", "/api/work-plans?preview=true", json=PLAN)
    assert [one["title"] for one in seen.json()["tasks"]] == ["加装电梯", "新增车位"]
    assert http("centre", "GET", "/api/work-plans").json()["items"] == [], (
        "a preview writes nothing"
    )
    made = http("centre", "POST", "/api/work-plans", json=PLAN)
    assert made.status_code == 201
    plan = made.json()["id"]
    assert http("handler", "GET", "/api/work-plans").json()["items"] == [], (
        "drafts are the office's"
    )
    started = http("centre", "POST", f"/api/work-plans/{plan}/start").json()
    first, second = started["tasks"]
    assert (started["state"], first["state_title"], first["lead_name"]) == (
        "running",
        "Assigned",
        "Water Office",
    )
    assert [one["name"] for one in first["joint"]] == ["Parking"]
    assert (second["due_at"], second["severity"]) == ("2026-08-31T15:59:59Z", "urgent")
    again = http("centre", "POST", f"/api/work-plans/{plan}/start").json()
    assert [one["case"] for one in again["tasks"]] == [first["case"], second["case"]]

    case = http("handler", "GET", f"/api/cases/{first['case']}").json()
    assert case["title"] == "加装电梯" and case["parts"][0]["state"] == "open"
    own = http("handler", "GET", "/api/plan-tasks").json()["items"]
    assert [(one["number"], one["yours"]) for one in own] == [("1", True)]
    theirs = http("stranger", "GET", "/api/plan-tasks").json()["items"]
    assert [(one["number"], one["yours"]) for one in theirs] == [("2", True), ("1", False)]


def test_the_lead_reports_and_the_office_sees(office: Office, http: Browser) -> None:
    plan = office.plan()
    plans.start(office.centre, plan)
    first = http("centre", "GET", f"/api/work-plans/{plan}").json()["tasks"][0]
    marks = [one["id"] for one in first["marks"]]
    photos = http(
        "handler",
        "POST",
        f"/api/cases/{first['case']}/photos",
        files={"photo": ("p.png", PNG, "image/png")},
    )
    body = {"percent": 30, "text": "方案已审定", "reached": 6, "milestones": [marks[0]]}
    body |= {"evidence": [photos.json()["photos"][0]["sha"]]}
    path = f"/api/plan-tasks/{first['id']}/reports"
    assert http("stranger", "POST", path, json=body).status_code == 403, "joint units do not report"
    assert http("third", "POST", path, json=body).status_code == 404
    done = http("handler", "POST", path, json=body).json()
    assert (done["percent"], done["reached"], done["milestones_done"]) == (30, 6, 1)
    assert done["reports"][0]["period"] == "2026-W27" and done["period_reported"]
    assert (done["reports"][0]["actor"], done["reports"][0]["actor_name"]) == ("handler", "王伟")
    line = http("handler", "GET", f"/api/cases/{first['case']}").json()["timeline"][-1]
    assert (line["step"], line["text"]) == ("progress", "30 % · 方案已审定")
    assert line["photos"] == body["evidence"]
    shown = http("centre", "GET", f"/api/work-plans/{plan}").json()
    assert shown["percent"] == 22, "three parts at 30, one at 0"
    assert [(one["name"], one["percent"]) for one in shown["units"]] == [
        ("Parking", 0),
        ("Water Office", 30),
    ]
    for who in ("centre", "handler", "stranger"):
        (listed,) = http(who, "GET", "/api/work-plans").json()["items"]
        whole = http(who, "GET", f"/api/work-plans/{plan}").json()
        assert listed == {name: whole[name] for name in listed}, "the list counts as the page"
    assert http("third", "GET", "/api/work-plans").json()["items"] == []
    for wrong in ({"percent": 101}, {"text": " "}, {"period": "2026-W01"}, {"milestones": marks}):
        answer = http("handler", "POST", path, json=body | wrong)
        assert (answer.status_code, answer.json()["type"]) == (400, "cases.tasks.bad_report")
    assert http("handler", "GET", f"/api/cases/{first['case']}/plan-task").json()["percent"] == 30
    assert http("third", "GET", f"/api/cases/{first['case']}/plan-task").status_code == 404
    assert http("third", "GET", f"/api/work-plans/{plan}").status_code == 404

    book = load_workbook(BytesIO(http("centre", "GET", f"/api/work-plans/{plan}.xlsx").content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert (rows[0][0], rows[1][5]) == ("No.", "2026-09-30"), "as it is read, and no instant"
    assert rows[1][0] == "1" and rows[1][7] == 30 and rows[1][12] == "Green"
    bare = http("centre", "POST", f"/api/work-plans/{plan}/end", json={})
    assert bare.json()["type"] == "cases.tasks.reason_needed"
    ended = http("centre", "POST", f"/api/work-plans/{plan}/end", json={"reason": "年底"}).json()
    assert (ended["state"], ended["may_change"]) == ("ended", False)
    assert [one["what"] for one in ended["history"]] == ["made", "started", "ended"]
    assert {one["actor_name"] for one in ended["history"]} == {""}, "no person has the account"
    assert all(one.watch_at is None for one in office.tasks(plan))
    assert http("handler", "POST", path, json=body | {"milestones": []}).status_code == 409


def test_a_running_plan_changes_with_reason_and_history(office: Office, http: Browser) -> None:
    plan = office.plan()
    plans.start(office.centre, plan)
    first, second = office.tasks(plan)
    path = f"/api/plan-tasks/{first.id}"
    bare = http("centre", "PATCH", path, json={"change": {"due": "2026-10-31"}})
    assert bare.json()["type"] == "cases.tasks.reason_needed"
    given = {
        "change": {
            "due": "2026-10-31",
            "weight": 1,
            "milestones": [{"title": "开工", "due": "2026-08-20"}],
        },
        "reason": "方案调整",
    }
    changed = http("centre", "PATCH", path, json=given).json()
    assert changed["due_at"] == "2026-10-31T15:59:59Z"
    assert [one["title"] for one in changed["marks"]] == ["开工"]
    case = office.show(first.case)
    assert case["deadline"]["due_at"] == "2026-10-31T15:59:59Z"
    assert case["timeline"][-1]["step"] == "change"
    lead = http("centre", "PATCH", path, json={"change": {"lead": "PARK"}, "reason": "x"})
    assert lead.json()["errors"][0]["why"] == "by_the_case"
    outside = http("centre", "PATCH", path, json={"change": {"due": "2027-01-01"}, "reason": "x"})
    assert outside.json()["errors"][0]["column"] == "due"
    stale = {"change": {"weight": 2}, "reason": "x", "version": 1}
    assert http("centre", "PATCH", path, json=stale).status_code == 409
    more = {"tasks": [PLAN["tasks"][1] | {"number": "3"}], "reason": "新增"}
    grown = http("centre", "POST", f"/api/work-plans/{plan}/tasks", json=more).json()
    assert [one["case"] is not None for one in grown["tasks"]] == [True, True, True]
    gone = http("centre", "DELETE", f"/api/plan-tasks/{second.id}", json={"reason": "取消"})
    assert gone.status_code == 204
    assert office.show(second.case)["kind"] == "void"
    http("centre", "PATCH", f"/api/work-plans/{plan}", json=_head("2026-12-30", "收口"))
    short = http("centre", "PATCH", f"/api/work-plans/{plan}", json=_head("2026-08-01", "收口"))
    assert short.json()["type"] == "cases.tasks.bad_value"
    history = http("centre", "GET", f"/api/work-plans/{plan}").json()["history"]
    assert [one["what"] for one in history] == [
        "made",
        "started",
        "task",
        "added",
        "removed",
        "changed",
    ]
    assert history[2]["before"]["due"] == "2026-09-30" and history[2]["reason"] == "方案调整"
    assert history[5]["after"] == {"ends": "2026-12-30"}
    assert http("handler", "PATCH", path, json=given).status_code == 403


def _head(ends: str, reason: str) -> dict[str, Any]:
    head = {name: PLAN[name] for name in ("title", "basis", "starts", "owner")}
    return head | {"ends": ends, "reason": reason}


def test_the_loop_of_the_case_is_that_of_the_task(office: Office, http: Browser) -> None:
    """Supervision, joint parts, extension and the end are the steps of the case."""
    plan = office.plan()
    case, _ = plans.start(office.centre, plan)
    take(office.centre, case, "supervise", Given(reason="进度慢"))
    take(office.handler, case, "start", Given())
    shown = http("handler", "GET", "/api/plan-tasks", lang="zh-CN").json()["items"][0]
    assert (shown["supervision"], shown["state_title"]) == (1, "推进中")
    take(office.stranger, case, "answer_part", Given(text="已配合"))
    take(office.handler, case, "report", Given(text="全部完成"))
    take(office.centre, case, "verify_ok", Given())
    take(office.centre, case, "close", Given())
    found = http("centre", "GET", f"/api/work-plans/{plan}", lang="zh-CN").json()
    first = found["tasks"][0]
    assert (first["state_title"], first["percent"], first["light"]["title"]) == (
        "已销号",
        100,
        "办结",
    )
    assert found["percent"] == 75 and found["done"] == 1


def test_of_two_who_start_at_once_the_cases_are_opened_once(office: Office) -> None:
    plan = office.plan()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: plans.start(office.centre, plan), range(4)))
    assert all(one == found[0] and len(one) == 2 for one in found)


def test_of_two_who_change_one_version_one_is_told(office: Office) -> None:
    plan = office.plan()
    task = office.tasks(plan)[0].id

    def change(weight: int) -> str:
        try:
            changing.change(office.centre, task, {"weight": weight}, "", 1)
        except PlanChanged:
            return "told"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, (5, 6))) == ["done", "told"]


def test_the_light_tells_why(office: Office, http: Browser) -> None:
    plan = office.plan()
    plans.start(office.centre, plan)
    office.clock.advance(80 * DAY)
    one = http("centre", "GET", f"/api/work-plans/{plan}").json()["tasks"][0]["light"]
    assert one["colour"] == "red"
    assert one["why"] == [
        "2 milestones late (from 2)",
        "87 points behind the time that has passed (from 30)",
    ]


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        (name, {"command_centre"})
        for name in (
            "cases.make_work_plan",
            "cases.preview_work_plan",
            "cases.add_plan_tasks",
            "cases.preview_plan_tasks",
            "cases.start_work_plan",
            "cases.change_work_plan",
            "cases.end_work_plan",
            "cases.change_plan_task",
            "cases.remove_plan_task",
        )
    ]
    + [
        ("cases.report_progress", {"command_centre", "department_handler", "grid_worker"}),
        (vars(reminding.watch)["entry"].name, set()),
    ]
    + [
        (name, {"command_centre", "department_handler", "grid_worker", "auditor"})
        for name in (
            "cases.work_plans",
            "cases.show_work_plan",
            "cases.my_plan_tasks",
            "cases.show_plan_task",
            "cases.plan_task_of_case",
        )
    ],
)
def test_who_may(name: str, roles: set[str]) -> None:
    asked = ("command_centre", "department_handler", "grid_worker", "auditor", "citizen", "device")
    permission = ACTIONS[name].permission
    may = {
        role for role in asked if allowed(Identity("user", 1, role, frozenset({role})), permission)
    }
    assert may - {"command_centre"} == roles - {"command_centre"}


def test_the_list_of_plans_comes_in_pages(office: Office, http: Browser) -> None:
    made = [http("centre", "POST", "/api/work-plans", json=PLAN).json()["id"] for _ in range(3)]
    first = http("centre", "GET", "/api/work-plans?limit=2").json()
    assert [one["id"] for one in first["items"]] == made[:0:-1]
    assert first["items"][0]["task_count"] == 2
    rest = http("centre", "GET", f"/api/work-plans?limit=2&after={first['next']}").json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (made[:1], None)
    assert http("centre", "GET", "/api/work-plans?after=WyJ4Il0").status_code == 400
