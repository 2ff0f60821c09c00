"""Scoring: arithmetic by tables, schemes read from documents, versions."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cases.conftest import City
from tests.cases.scoring.lives import Lives
from yiwang.cases.scoring import schemes, service
from yiwang.cases.scoring.errors import NoSuchScheme
from yiwang.cases.scoring.model.schemes import Scheme, score
from yiwang.cases.scoring.tally import Tally
from yiwang.kernel import documents
from yiwang.kernel.documents import DocumentError
from yiwang.kernel.points import ranked

HEAD = "schemes:\n  - scheme: one\n    from: 2026-01-01\n    of: organisation\n"


def read(body: str) -> Scheme:
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return schemes.parse(documents.parse(HEAD + indented, "scoring.yaml"))[0]


@pytest.mark.parametrize(
    ("body", "counts", "points", "parts"),
    [
        ("base: 100\ndeductions: {late: {each: 2}}", {"late": 3}, 94, [100, -6]),
        ("base: 100\ndeductions: {late: {each: 2, most: 5}}", {"late": 3}, 95, [100, -5]),
        ("base: 5\nfloor: 0\ndeductions: {late: {each: 2}}", {"late": 3}, 0, [5, -6, 1]),
        (
            "base: 100\ncap: 101\nbonuses: {solved: {each: 0.5}}",
            {"solved": 9},
            101,
            [100, 4.5, -3.5],
        ),
        (
            "indicators: {closing_rate: {weight: 40}}",
            {"filed": 3, "filed_closed": 2},
            26.67,
            [26.67],
        ),
        (
            "indicators: {on_time_closing_rate: {weight: 10, zero_at: 0.5, full_at: 0.9}}",
            {"judged": 10, "in_time": 7},
            5,
            [5],
        ),
        (
            "indicators: {rework_rate: {weight: 10, zero_at: 0.2, full_at: 0}}",
            {"closed": 10, "reworked": 1},
            5,
            [5],
        ),
        (
            "indicators: {rework_rate: {weight: 10, zero_at: 0.2, full_at: 0}}",
            {"closed": 10, "reworked": 9},
            0,
            [0],
        ),
        (
            "indicators: {closing_rate: {weight: 30}, satisfaction_rate: {weight: 10}}",
            {"filed": 2, "filed_closed": 1},
            20,
            [20, 0],
        ),
        ("indicators: {satisfaction_rate: {weight: 10}}", {}, 0, [0]),
        ("base: 0.01\ndeductions: {urges: {each: 0.005}}", {"urges": 1}, 0, [0.01, -0.01]),
    ],
)
def test_points(body: str, counts: dict[str, int], points: float, parts: list[float]) -> None:
    whole = Tally().counts | counts
    found = score(read(body), whole)
    assert found["points"] == points
    assert [one["points"] for one in found["summands"]] == parts
    assert round(sum(parts), 2) == points


def test_ties_share_a_rank_and_few_cases_have_none() -> None:
    given = [
        {"key": key, "points": points, "ranked": enough}
        for key, points, enough in (
            (4, 80.0, True),
            (3, 90.0, True),
            (1, 99.0, False),
            (2, 90.0, True),
            (5, 95.5, True),
        )
    ]
    assert [(one["key"], one["rank"]) for one in ranked(given)] == [
        (5, 1),
        (2, 2),
        (3, 2),
        (4, 4),
        (1, None),
    ]


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("indicators: {closing_rat: {weight: 1}}", 5, "closing_rate"),
        ("indicators: {closing_rate: {wieght: 1}}", 5, "weight"),
        ("base: 1\ndeductions:\n  lates: {each: 1}", 7, "late"),
        ("deductions: {late: {each: 0}}", 5, "not above 0"),
        ("deductions: {late: {each: 1, most: -1}}", 5, "not above 0"),
        ("indicators: {closing_rate: {weight: 1, full_at: 98}}", 5, "shares from 0 to 1"),
        ("indicators: {closing_rate: {weight: 1, full_at: 0}}", 5, "the same"),
        ("base: 100", 2, "neither indicators"),
        ("floor: 3\ncap: 1\nbonuses: {solved: {each: 1}}", 5, "above the cap"),
        ("terms: {satisfied_from: 7}\nbonuses: {solved: {each: 1}}", 5, "1 to 5"),
        ("terms: {acceptance: {minutes: 0}}\nbonuses: {solved: {each: 1}}", 5, "1 … 43200"),
        ("base: .nan\nbonuses: {solved: {each: 1}}", 5, "not a number"),
        ("bonus: {solved: {each: 1}}", 5, "bonuses"),
    ],
)
def test_a_wrong_scheme_says_where_and_what(body: str, line: int, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(body)
    assert f"line {line}" in caught.value.message("en")
    assert words in caught.value.message("en")
    assert caught.value.message("zh-CN")


def test_two_versions_from_one_day_are_refused() -> None:
    one = HEAD + "    base: 1\n    bonuses: {solved: {each: 1}}\n"
    with pytest.raises(DocumentError) as caught:
        schemes.parse(documents.parse(one + one.removeprefix("schemes:\n"), "scoring.yaml"))
    assert "stands twice" in caught.value.message("en")


def test_the_citys_file_takes_the_place_of_the_examples(tmp_path: Path) -> None:
    assert all(one.example for one in schemes.load(tmp_path).schemes)
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "scoring.yaml").write_text(HEAD + "    bonuses: {solved: {each: 1}}\n")
    assert [one.code for one in schemes.load(tmp_path).schemes] == ["one"]


def _text(since: str, each: float) -> str:
    deductions = f"deductions: {{late: {{each: {each}}}}}"
    head = f"scheme: departments, from: {since}, of: organisation, base: 100"
    return f"schemes: [{{{head}, {deductions}}}]"


def test_last_july_is_scored_by_last_julys_scheme(city: City) -> None:
    lives = Lives(city)
    lives.found()
    lives.pass_time(100)
    lives.relay.drain()
    july = (date(2026, 7, 1), date(2026, 8, 1))
    schemes.put_schemes(city.centre, _text("2026-07-01", 2))
    before = service.show_scores(city.centre, "departments", *july)
    assert [(one["key"], one["points"], one["rank"]) for one in before["items"]] == [
        (city.water, 98, 1)
    ]
    schemes.put_schemes(city.centre, _text("2026-07-02", 50))
    assert service.show_scores(city.centre, "departments", *july) == before
    schemes.put_schemes(city.centre, _text("2026-07-01", 3))
    corrected = service.show_scores(city.centre, "departments", *july)
    assert corrected["items"][0]["points"] == 97
    assert corrected["scheme"]["digest"] != before["scheme"]["digest"]
    assert before["items"][0]["summands"][1] == {
        "kind": "deduction",
        "of": "late",
        "count": 1,
        "each": 2.0,
        "most": None,
        "capped": False,
        "points": -2.0,
    }
    with pytest.raises(NoSuchScheme):
        service.show_scores(city.centre, "grid", *july)


def test_a_department_sees_its_own_score_with_its_rank_among_all(city: City) -> None:
    lives = Lives(city)
    for _ in range(6):
        lives.found()
    lives.relay.drain()
    days = (date(2026, 7, 1), date(2026, 7, 2))
    seen: dict[str, Any] = service.show_scores(city.handler, "departments", *days)
    assert [one["rank"] for one in seen["items"]] == [1]
    assert service.show_scores(city.stranger, "departments", *days)["items"] == []
    assert service.schemes.schemes(city.handler)
