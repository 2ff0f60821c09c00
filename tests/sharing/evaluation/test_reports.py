"""Issued reports: frozen, compared, told, and the same on the page, in Excel and on paper."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select, update

from tests.sharing.conftest import Browser, City
from tests.sharing.evaluation.conftest import JULY, July
from yiwang.kernel import documents
from yiwang.kernel.documents import DocumentError
from yiwang.kernel.text import LANGUAGES, render
from yiwang.notices.tables import notices
from yiwang.security.errors import Denied
from yiwang.sharing.evaluation import daily, files, http, model, reports, schemes, service
from yiwang.sharing.evaluation.daily import Rounds
from yiwang.sharing.evaluation.errors import BadQuestion, NoSuchReport
from yiwang.sharing.evaluation.figures import FIGURES
from yiwang.sharing.evaluation.layout import sheets
from yiwang.sharing.evaluation.tables import share_reports

PATH = "/api/sharing/evaluation"
STRICT = """
schemes:
  - scheme: sharing
    from: 2026-07-01
    base: 50
    deductions: {requests_late: {each: 4}}
    bonuses: {opened: {each: 1}}
"""


def test_points_are_made_of_what_is_shown(small_july: July) -> None:
    city = small_july.city
    (scored,) = service.figures(city.bureau, *JULY)["scores"]
    water, *others = scored["items"]
    assert (water["key"], water["rank"], water["ranked"]) == (city.water, 1, True)
    parts = {one.get("of", one["kind"]): one for one in water["summands"]}
    assert parts["duty_rate"]["points"] == 5.0
    assert parts["on_time_answer_rate"]["points"] == 0.0, "half in time is where points begin"
    assert parts["up_to_date_rate"]["points"] == 0.0
    assert parts["on_time_complaint_rate"]["points"] == 10.0
    assert parts["complaints_upheld"]["points"] == -0.5
    assert parts["opened"]["points"] == 0.2
    assert water["points"] == round(sum(one["points"] for one in water["summands"]), 2)
    ranks = {one["key"]: one["rank"] for one in others}
    assert ranks == {city.parks: 2, city.health: None}, "who has neither data nor duties is not"


def test_an_issued_report_is_frozen_and_compared(july: July) -> None:
    city = july.city
    number = reports.make(city.bureau, "month", *JULY)
    issued = reports.show(city.bureau, number)
    same = reports.compare(city.bureau, number)
    assert (same["intact"], same["differences"], same["sources"]) == (True, [], [])
    july.renewed("2026-07-30T18:00:00+08:00")
    schemes.put(city.bureau, STRICT)
    assert reports.show(city.bureau, number) == issued
    later = reports.compare(city.bureau, number)
    found = {(one["key"], one["figure"]): one for one in later["differences"]}
    assert later["sources"] == ["resources"] and later["schemes"] and later["intact"]
    water = found[city.water, "renewals"]
    assert (water["reported"], water["now"]) == (2, 3)
    assert found[0, "renewals"]["now"] == 3 and found[city.water, "points.sharing"]["now"] == 47
    assert {one["figure"] for one in found.values()} == {"renewals", "points.sharing"}
    body = issued["body"] | {"made_at": "2026-08-01T00:00:00Z"}
    with city.database.write() as connection:
        connection.execute(update(share_reports).values(body=body))
    assert reports.compare(city.bureau, number)["intact"] is False
    with pytest.raises(NoSuchReport):
        reports.show(city.bureau, number + 1)
    for span, days in (("fortnight", JULY), ("month", (JULY[0], date(2026, 7, 31)))):
        with pytest.raises(BadQuestion):
            reports.make(city.bureau, span, *days)


def test_reports_are_issued_when_their_time_is_over(small_july: July) -> None:
    july, city, rounds = small_july, small_july.city, Rounds()

    def issued() -> list[tuple[str, str]]:
        found = reports.listing(city.bureau, "", 50, None)
        return [(one["span"], one["from"]) for one in reversed(found)]

    july.at("2026-08-01", "00:30")
    rounds(city.platform)
    assert ("month", "2026-07-01") not in issued()
    july.at("2026-08-01", "01:10")
    for each in (rounds, rounds, Rounds()):
        each(city.platform)
    assert issued().count(("month", "2026-07-01")) == 1
    again = reports.build(city.platform, "month", *JULY)
    assert daily.make_due(city.platform, again) == len(issued()), "not once more"
    with pytest.raises(Denied):
        reports.keep(city.steward, again)
    july.at("2027-01-01", "02:00")
    rounds(city.platform)
    assert issued()[-2:] == [("month", "2026-12-01"), ("year", "2026-01-01")]
    with city.database.read() as connection:
        rows = connection.execute(select(notices.c.user, notices.c.subject, notices.c.channel))
        told = {(row.user, row.subject) for row in rows if row.channel == "in_app"}
    july_report = "数据共享评估月报：2026-07-01 – 2026-07-31"
    assert {(who, july_report) for who in ("steward", "user", "bureau")} <= told


def test_no_reports_of_nothing(small_city: City) -> None:
    Rounds()(small_city.platform)
    assert reports.listing(small_city.bureau, "", 10, None) == []


def test_page_excel_and_paper_have_the_same_numbers(small_july: July) -> None:
    city = small_july.city
    number = reports.make(city.bureau, "month", *JULY)
    for who in (city.bureau, city.user):
        report = reports.show(who, number)
        for lang in LANGUAGES:
            expected = sheets(report["body"], lang, _words(lang))
            book = load_workbook(BytesIO(files.spreadsheet(report, lang)))
            assert len(book.worksheets) == len(expected) + 1
            for page, sheet in zip(book.worksheets, expected, strict=False):
                rows = list(page.iter_rows(values_only=True, max_col=len(sheet.heads)))
                assert rows[0] == sheet.heads
                assert rows[1:] == [tuple(cell.value for cell in cells) for cells in sheet.rows]
            text = _squeezed(
                "".join(
                    page.extract_text()
                    for page in PdfReader(BytesIO(files.paper(report, lang))).pages
                )
            )
            assert report["digest"] in text
            for cells in (cells for sheet in expected for cells in sheet.rows):
                numbers = "".join(cell.shown() for cell in cells if cell.sort != "text")
                assert _squeezed(numbers) in text


def _words(lang: str) -> Any:
    return lambda key: render(f"sharing.evaluation.{key}", lang, {})


def _squeezed(text: str) -> str:
    return "".join(text.split())


def test_over_http_everybody_sees_what_is_theirs(small_july: July) -> None:
    city = small_july.city
    http_ = Browser(city, http.routes())
    body = {"span": "month", "from": "2026-07-01", "until": "2026-08-01"}
    assert http_("steward", "POST", f"{PATH}/reports", json=body).status_code == 403
    where = http_("bureau", "POST", f"{PATH}/reports", json=body).headers["location"]
    own = http_("user", "GET", where).json()["body"]
    assert [one["key"] for one in own["items"]] == [city.parks]
    ranking = own["scores"][0]["items"]
    assert [one["rank"] for one in ranking] == [1, 2, None], "the ranking is everybody's to see"
    assert [one["key"] for one in ranking if "summands" in one] == [city.parks]
    assert own["city"]["counts"]["received"] == 3
    assert http_("bureau", "GET", f"{where}/comparison").json()["differences"] == []
    assert http_("steward", "GET", f"{where}/comparison").status_code == 403
    assert http_("user", "GET", f"{where}.xlsx").content[:2] == b"PK"
    assert http_("user", "GET", f"{where}.pdf?lang=en").content[:5] == b"%PDF-"
    assert http_("user", "GET", f"{where}.doc").status_code == 400
    days = "from=2026-07-01&until=2026-08-01"
    first = http_("bureau", "GET", f"{PATH}/rows?figure=received&{days}&limit=2").json()
    second = http_("bureau", "GET", f"{PATH}/rows?figure=received&{days}&after={first['next']}")
    assert (len(first["items"]), len(second.json()["items"])) == (2, 1)
    assert http_("bureau", "GET", f"{PATH}/rows?figure=x&{days}").status_code == 400
    assert http_("bureau", "GET", f"{PATH}?from=yesterday").status_code == 400
    assert http_("bureau", "GET", f"{PATH}?{days}").json()["city"]["counts"]["received"] == 3
    assert http_("user", "GET", PATH).json()["from"] == "2026-08-01", "this month"
    told = http_("user", "GET", f"{PATH}/figures", lang="zh-CN").json()["items"]
    assert told[0]["title"] == "责任清单落实率" and "÷" in told[0]["how"]
    assert http_("user", "GET", f"{PATH}/reports?limit=1").json()["items"][0]["span"] == "month"
    for method, path in (("GET", PATH), ("GET", where), ("GET", f"{PATH}/schemes")):
        for who in ("citizen", "anonymous"):
            assert http_(who, method, path).status_code in (401, 403)
    assert http_("steward", "POST", f"{PATH}/schemes", json={"text": STRICT}).status_code == 403
    assert http_("bureau", "POST", f"{PATH}/schemes", json={"text": "{}"}).status_code == 400
    assert http_("bureau", "POST", f"{PATH}/schemes", json={"text": STRICT}).status_code == 201
    versions = http_("user", "GET", f"{PATH}/schemes").json()["items"]
    assert [one["from"] for one in versions] == ["2020-01-01", "2026-07-01"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("indicators: {quality_rat: {weight: 1}}", "quality_rate"),
        ("deductions: {quality_points: {each: 1}}", "quality_points"),
        ("terms: {issue_days: 0}\n    bonuses: {opened: {each: 1}}", "1 … 366"),
        ("terms: {satisfied_from: 6}\n    bonuses: {opened: {each: 1}}", "1 … 5"),
        ("base: 1", "neither indicators"),
    ],
)
def test_a_wrong_scheme_says_what(tmp_path: Path, line: str, words: str) -> None:
    head = "schemes:\n  - scheme: one\n    from: 2026-01-01\n    "
    with pytest.raises(DocumentError) as caught:
        schemes.parse(documents.parse(f"{head}{line}\n", schemes.FILE))
    assert words in caught.value.message("en") and caught.value.message("zh-CN")
    (tmp_path / "city").mkdir()
    good = f"{head}bonuses: {{opened: {{each: 1}}}}\n"
    (tmp_path / "city" / schemes.FILE).write_text(good, encoding="utf-8")
    assert [one.code for one in schemes.load(tmp_path).schemes] == ["one"]


def test_the_default_scheme_has_a_hundred_points() -> None:
    (scheme,) = schemes.default()
    assert sum(one.weight for one in scheme.parts.indicators) == 100
    counts = dict.fromkeys(FIGURES, 1) | {"requests_overdue": 0, "complaints_upheld": 0}
    best = model.score(scheme, counts | {"runs_failed": 0, "opened": 0})
    assert best["points"] == pytest.approx(100, abs=0.05)
