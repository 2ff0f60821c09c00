"""Tasks from files: every fault with row and column, and nothing written where there is one."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from tests.cases.tasks.conftest import PLAN, Office
from tests.cases.test_http import Browser
from yiwang.cases.tasks import sheet
from yiwang.cases.tasks.drafts import COLUMNS
from yiwang.cases.tasks.errors import BadFile, BadTasks
from yiwang.cases.tasks.http import routes
from yiwang.cases.tasks.tables import plan_tasks, work_plans

HEADS = ["序号 *", "任务 *", "牵头单位 *", "完成时限 *", "配合单位", "节点", "权重", "报送周期"]
GOOD = [
    "1",
    "加装电梯",
    "WATER",
    "2026-09-30",
    "Parking",
    "2026-07-10 方案审定；2026-08-01 开工",
    2,
    "每月",
]
HEAD = {name: PLAN[name] for name in ("title", "basis", "starts", "ends", "owner")}


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def send(http: Browser, content: bytes, name: str, query: str = "") -> Any:
    files = {"file": (name, content, "application/octet-stream")}
    data = {"plan": json.dumps(HEAD)}
    return http("centre", "POST", f"/api/work-plans{query}", files=files, data=data)


@pytest.fixture
def http(office: Office) -> Browser:
    return Browser(office, routes())  # type: ignore[arg-type]


def test_a_plan_from_a_workbook_and_from_csv(office: Office, http: Browser) -> None:
    seen = send(http, workbook(HEADS, GOOD), "t.xlsx", "?preview=true").json()["tasks"][0]
    assert (seen["row"], seen["rhythm"], seen["joint"]) == (2, "monthly", [office.parks])
    assert [one["title"] for one in seen["milestones"]] == ["方案审定", "开工"]
    made = send(http, workbook(HEADS, GOOD, [None] * 8), "t.xlsx")
    assert made.status_code == 201 and made.json()["tasks"][0]["weight"] == 2
    text = "\n".join(",".join(str(one) for one in row) for row in (HEADS, GOOD))
    for encoding in ("utf-8-sig", "gb18030"):
        made = send(http, text.encode(encoding), "t.csv")
        assert (made.status_code, made.json()["tasks"][0]["title"]) == (201, "加装电梯")
    plan = made.json()["id"]
    files = {"file": ("m.csv", text.replace("\n1,", "\n2,").encode(), "text/csv")}
    more = http("centre", "POST", f"/api/work-plans/{plan}/tasks", files=files)
    assert [one["number"] for one in more.json()["tasks"]] == ["1", "2"]
    twice = http("centre", "POST", f"/api/work-plans/{plan}/tasks", files=files)
    assert twice.json()["errors"][0]["why"] == "twice"


def test_every_fault_is_told_and_nothing_written(office: Office, http: Browser) -> None:
    rows = [
        GOOD,
        ["1", "又一", "水务局", "2026-09-30", "", "", "", ""],
        ["3", "", "NOBODY", "31.9.", "", "", "", ""],
        ["4", "日期", "WATER", "2027-01-01", "WATER", "开工", -1, "daily"],
    ]
    answer = send(http, workbook(HEADS, *rows), "t.xlsx")
    assert (answer.status_code, answer.json()["type"]) == (400, "cases.tasks.bad_tasks")
    found = [(one["row"], one["column"], one["why"]) for one in answer.json()["errors"]]
    assert found == [
        (3, "number", "twice"),
        (4, "title", "missing"),
        (4, "lead", "unknown_unit"),
        (4, "due", "not_a_date"),
        (5, "due", "outside"),
        (5, "rhythm", "not_allowed"),
        (5, "weight", "too_small"),
        (5, "milestones", "bad_milestone"),
        (5, "joint", "same_as_lead"),
    ]
    assert answer.json()["errors"][2]["column_title"] == "Lead unit"
    with office.database.read() as connection:
        for table in (work_plans, plan_tasks):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_the_template_is_read_back(http: Browser) -> None:
    for lang in ("zh-CN", "en"):
        for kind in ("xlsx", "csv"):
            path = f"/api/work-plans/template.{kind}"
            content = http("centre", "GET", path, lang=lang).content
            assert tuple(sheet.read(content, f"t.{kind}")[0]) == COLUMNS
    assert http("centre", "GET", "/api/work-plans/template.pdf").status_code == 400


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\x00\xff\xfe\x80", b"\n\n"])
def test_what_is_no_file_of_tasks_is_refused(content: bytes) -> None:
    with pytest.raises(BadFile):
        sheet.read(content, "x")


def test_headings_that_are_missing_or_unknown_are_named() -> None:
    with pytest.raises(BadTasks) as refused:
        sheet.read("任务,牵头单位,颜色\na,b,c".encode(), "t.csv")
    assert [(one.column, one.why) for one in refused.value.faults] == [
        ("number", "unknown_heading"),
        ("number", "no_heading"),
        ("due", "no_heading"),
    ]


def test_what_begins_like_a_formula_stays_a_text(office: Office, http: Browser) -> None:
    plan = office.plan(tasks=[PLAN["tasks"][0] | {"title": "=HYPERLINK(1)"}])
    content = http("centre", "GET", f"/api/work-plans/{plan}.xlsx").content
    cell = load_workbook(BytesIO(content)).worksheets[0].cell(2, 2)
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
