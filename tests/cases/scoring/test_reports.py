"""Reports: kept as they were made, and the same numbers on the page, in Excel and on paper."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select

from tests.cases.conftest import City
from tests.cases.scoring.lives import Lives
from tests.cases.test_http import Browser
from yiwang.cases.scoring import (
    reports,
    schemes,
    sending,
    service,
    subscribing,
    titles,
    trend,
)
from yiwang.cases.scoring.daily import Rounds
from yiwang.cases.scoring.errors import BadAssessment, NoSuchReport
from yiwang.cases.scoring.files import paper, spreadsheet
from yiwang.cases.scoring.http import routes
from yiwang.cases.scoring.model.layout import sheets
from yiwang.kernel.clock import DAY, HOUR, parse
from yiwang.kernel.documents import DocumentError
from yiwang.kernel.text import LANGUAGES, render
from yiwang.notices.tables import notices
from yiwang.security import accounts
from yiwang.security.actions import Context
from yiwang.security.errors import Denied

JULY = (date(2026, 7, 1), date(2026, 8, 1))


@pytest.fixture
def lives(city: City) -> Lives:
    made = Lives(city)
    for minutes in (10, 20, 90):
        life = made.found()
        made.pass_time(minutes)
        for step in ("report", "verify_not_ok", "report", "verify_ok", "close"):
            made.take(life, step)
    made.reported(channel="=cmd()|<b>")
    made.pass_time(61)
    made.relay.drain()
    return made


def _words(lang: str) -> Any:
    return lambda key: render(f"cases.figure.{key}", lang, {})


def test_page_excel_and_paper_have_the_same_numbers(city: City, lives: Lives) -> None:
    number = reports.make_report(city.centre, "month", *JULY)
    report = reports.show_report(city.centre, number)
    live = service.show_rates(city.centre, "organisation", *JULY)
    assert report["body"]["total"] == live["city"]
    assert report["body"]["groups"]["organisation"] == live["items"]
    for lang in LANGUAGES:
        expected = sheets(report["body"], lang, _words(lang))
        book = load_workbook(BytesIO(spreadsheet(report, lang)))
        assert len(book.worksheets) == len(expected) + 1
        for page, sheet in zip(book.worksheets, expected, strict=False):
            rows = list(page.iter_rows(values_only=True, max_col=len(sheet.heads)))
            assert rows[0] == sheet.heads
            assert rows[1:] == [tuple(cell.value for cell in cells) for cells in sheet.rows]
        text = _read(paper(report, lang))
        assert report["digest"] in text
        for sheet in expected:
            assert _squeezed(sheet.title) in text
            for cells in sheet.rows:
                numbers = "".join(cell.shown() for cell in cells if cell.sort != "text")
                assert _squeezed(numbers) in text, (sheet.title, numbers)
                words = [cell.shown() for cell in cells if cell.sort == "text"]
                assert all(_squeezed(word) in text for word in words), (sheet.title, words)
        assert paper(report, lang) == paper(report, lang)


def _read(content: bytes) -> str:
    return _squeezed("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_report_stays_what_it_was(city: City, lives: Lives) -> None:
    number = reports.make_report(city.centre, "month", *JULY)
    before = reports.show_report(city.centre, number)
    lives.take(lives.lives[0], "reopen")
    lives.relay.drain()
    schemes.put_schemes(
        city.centre,
        "schemes: [{scheme: new, from: 2026-07-01, of: grid, bonuses: {solved: {each: 1}}}]",
    )
    assert reports.show_report(city.centre, number) == before
    again = reports.make_report(city.centre, "month", *JULY)
    assert reports.show_report(city.centre, again)["digest"] != before["digest"]
    listed = reports.list_reports(city.centre, "month", 10, None)
    assert [one["report"] for one in listed] == [again, number]
    assert "body" not in listed[0]
    with pytest.raises(NoSuchReport):
        reports.show_report(city.centre, 99)
    with pytest.raises(BadAssessment):
        reports.make_report(city.centre, "fortnight", *JULY)


def test_reports_are_made_when_their_time_is_over(city: City, lives: Lives) -> None:
    """Once each, an hour after midnight; the month is of the month before."""
    rounds = Rounds()

    def made() -> list[tuple[str, str]]:
        found = reports.list_reports(city.centre, "", 50, None)
        return [(one["span"], one["from"]) for one in reversed(found)]

    city.clock.set(parse("2026-07-31T16:30:00Z"))
    rounds(city.platform)
    assert ("month", "2026-07-01") not in made()
    city.clock.advance(HOUR)
    for _ in range(3):
        rounds(city.platform)
    assert made().count(("month", "2026-07-01")) == made().count(("day", "2026-07-31")) == 1
    city.clock.advance(DAY)
    rounds(city.platform)
    Rounds()(city.platform)
    assert made().count(("day", "2026-08-01")) == 1
    assert made().count(("month", "2026-07-01")) == 1


def test_people_subscribe_themselves_and_the_centre_others(city: City) -> None:
    http = Browser(city, routes())
    path = "/api/assessment/subscribers"
    own = http("handler", "PUT", f"{path}/week/handler")
    assert own.status_code == 200
    assert [one["span"] for one in own.json()["items"] if one["mine"]] == ["week"]
    assert own.json()["items"][1]["names"] == [], "who else is told is not theirs to see"
    other = http("handler", "PUT", f"{path}/week/centre")
    assert (other.status_code, other.json()["type"]) == (403, "cases.not_your_subscription")
    assert http("centre", "PUT", f"{path}/month/wang").status_code == 200
    assert http("citizen", "GET", path).status_code == 403
    assert http("centre", "PUT", f"{path}/year/wang").status_code == 400
    listed = http("centre", "GET", path).json()["items"]
    assert [one["names"] for one in listed] == [[], ["handler"], ["wang"]]
    with city.database.read() as connection:
        assert subscribing.of_spans(connection)["month"] == ["wang"]
    assert http("handler", "DELETE", f"{path}/week/handler").json()["items"][1]["mine"] is False


def test_who_subscribed_is_told_once(city: City, lives: Lives, tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "scoring.yaml").write_text("reports: {month: [wang]}")
    for who in ("li", "wang"):
        subscribing.subscribe(city.centre, "day" if who == "li" else "month", who, True)
    loaded = schemes.load(tmp_path)
    assert [one.example for one in loaded.schemes] == [True, True]
    city.ports[schemes.Schemes] = loaded
    for name in ("wang", "li"):
        accounts.add_user(city.platform, name, "a long password", ["command_centre"])
    city.clock.set(parse("2026-07-31T17:30:00Z"))
    for _ in range(2):
        Rounds()(city.platform)
    with city.database.read() as connection:
        rows = connection.execute(select(notices).order_by(notices.c.id)).all()
    told = {(row.user, row.subject) for row in rows if row.channel == "in_app"}
    assert told == {("wang", "月报：2026-07-01 – 2026-07-31"), ("li", "日报：2026-07-31")}
    with pytest.raises(Denied):
        sending.make_due(city.handler, "month", *JULY)


@pytest.mark.parametrize("text", ["reports: {month: [1]}", "reports: {year: [wang]}"])
def test_wrong_subscribers(tmp_path: Path, text: str) -> None:
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "scoring.yaml").write_text(text)
    with pytest.raises(DocumentError):
        schemes.load(tmp_path)


def test_no_reports_of_nothing(city: City) -> None:
    Rounds()(city.platform)
    assert reports.list_reports(city.centre, "", 10, None) == []


def test_departments_see_their_own_part(city: City, lives: Lives) -> None:
    number = reports.make_report(city.centre, "month", *JULY)
    head = city.caller("head", "department_head", organisation=city.water)
    for caller, departments, persons in (
        (city.centre, {city.water, 0}, {"handler", ""}),
        (city.handler, {city.water}, {"handler"}),
        (city.stranger, set(), set()),
        (
            head,
            {city.water},
            {"handler"},
        ),
        (city.caller("other", "department_head", organisation=city.parks), set(), set()),
    ):
        body = reports.show_report(caller, number)["body"]
        assert {one["key"] for one in body["groups"]["organisation"]} == departments
        assert {one["key"] for one in body["groups"]["person"]} == persons
        assert body["total"]["counts"]["filed"] == 4
        scored = {
            item["key"]
            for one in body["scores"]
            if one["scheme"]["of"] == "organisation"
            for item in one["items"]
        }
        assert scored == departments - {0}


def test_how_the_city_runs_now(city: City, lives: Lives) -> None:
    now = trend.operations(city.centre)
    assert now["today"]["counts"]["filed"] == 4 and now["today"]["counts"]["closed"] == 3
    assert now["yesterday"]["counts"]["filed"] == 0
    assert (
        sum(one["filed"] for one in now["hours"]) == sum(one["filed"] for one in now["days"]) == 4
    )
    assert len(now["hours"]) == 24 and len(now["days"]) == 30
    assert [one["late"] for one in now["worst_classes"]] == [now["today"]["counts"]["late"]]
    assert {one["key"]: one["filed"] for one in now["departments"]} == {city.water: 3, 0: 1}
    city.clock.advance(DAY)
    later = trend.operations(city.centre)
    assert later["today"]["counts"]["filed"] == 0
    assert (
        later["yesterday"]["counts"]["filed"] == later["yesterday_so_far"]["counts"]["filed"] == 4
    )
    assert later["today"]["counts"]["overdue_now"] == now["today"]["counts"]["overdue_now"]
    assert trend.operations(city.stranger)["today"]["counts"]["filed"] == 0


def test_reports_over_http(city: City, lives: Lives) -> None:
    http = Browser(city, routes())
    path = "/api/assessment/reports"
    body = {"span": "period", "from": "2026-07-01", "until": "2026-07-04"}
    assert http("handler", "POST", path, json=body).status_code == 403
    made = http("centre", "POST", path, json=body)
    assert made.status_code == 201
    where = made.headers["location"]
    assert http("handler", "GET", where).json()["body"]["total"]["counts"]["filed"] == 4
    excel = http("handler", "GET", f"{where}.xlsx")
    assert excel.status_code == 200 and excel.content[:2] == b"PK"
    about = load_workbook(BytesIO(excel.content)).worksheets[-1].cell(1, 1).value
    assert re.search(r"at 20\d\d-\d\d-\d\d \d\d:\d\d by centre;", about), about
    printed = http("centre", "GET", f"{where}.pdf?lang=en")
    assert printed.content[:5] == b"%PDF-" and "report of a period" in _read_plain(printed.content)
    assert http("centre", "GET", f"{where}.doc").status_code == 400
    assert http("centre", "GET", f"{path}/99.pdf").status_code == 404
    assert http("centre", "GET", f"{path}?limit=1").json()["items"][0]["span"] == "period"
    assert http("citizen", "GET", where).status_code == 403
    assert http("citizen", "GET", "/api/assessment/operations").status_code == 403
    assert http("centre", "GET", "/api/assessment/operations").json()["own"] is False
    bad = {"span": "day", "from": "2026-07-04", "until": "2026-07-01"}
    assert http("centre", "POST", path, json=bad).status_code == 400


def test_channels_are_called_as_the_desk_calls_them(city: City) -> None:
    with city.database.read() as connection:
        keys = {"phone", "grid", "telex"}
        found = titles.titles(Context(city.platform, connection), "channel", keys)
    assert {key: one["zh-CN"] for key, one in found.items()} == {
        "phone": "电话",
        "grid": "网格员",
        "telex": "telex",
    }


def _read_plain(content: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
