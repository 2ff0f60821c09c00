"""What is counted, by a July whose figures are written down here by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.sharing.conftest import City
from tests.sharing.evaluation.conftest import JULY, July
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Context
from yiwang.security.errors import Denied
from yiwang.sharing.evaluation import service, tally
from yiwang.sharing.evaluation.errors import BadDays, BadQuestion
from yiwang.sharing.evaluation.figures import FIGURES
from yiwang.sharing.evaluation.layout import PARTS
from yiwang.sharing.evaluation.model import RATES, TIMES, Terms

WATER = {
    **{"duties": 2, "duties_met": 1, "compiled": 4, "published": 4, "retired": 0},
    **{"resources": 4, "shareable": 3, "with_data": 2, "to_update": 2, "up_to_date": 1},
    **{"renewals": 2, "completeness_full": 4000, "received": 3, "at_once": 1, "answered": 2},
    **{"granted": 1, "refused": 1, "requests_due": 2, "requests_in_time": 1, "requests_late": 1},
    **{"requests_waiting": 0, "requests_overdue": 0, "asked": 0, "demands_received": 1},
    **{"demands_open": 1, "demands_met": 0, "grants_given": 2, "grants_held": 0},
    **{"calls_served": 5, "rows_served": 100, "checks_served": 1, "calls_made": 0},
    **{"files_put": 1, "files_delivered": 1, "files_received": 0},
    **{"runs": 2, "runs_done": 1, "runs_failed": 1, "rows_exchanged": 21, "rows_rejected": 6},
    **{"checked": 1, "quality_points": 901, "quality_full": 1000},
    **{"issues_opened": 2, "issues_closed": 1, "issues_open": 1, "issues_due": 2},
    **{"issues_in_time": 1, "issues_late": 1, "complaints": 1, "corrections": 0},
    **{"complaints_answered": 1, "complaints_upheld": 1, "corrected": 0, "complaints_due": 1},
    **{"complaints_in_time": 1, "complaints_late": 0, "complaints_open": 0},
    **{"answers_rated": 1, "answers_satisfied": 1, "opened": 1, "released": 1},
    **{"open_views": 3, "open_downloads": 2, "open_calls": 0},
}
PARKS = {
    **{"duties": 1, "duties_met": 0, "resources": 0, "asked": 2, "asked_granted": 2},
    **{"grants_held": 2, "grants_used": 1, "calls_made": 5, "rows_read": 100, "checks_made": 1},
    **{"files_received": 1, "files_delivered": 0},
    **{"complaints_made": 1, "demands_made": 1, "received": 0, "calls_served": 0},
}


def _of(july: July, organisation: int) -> Any:
    found = service.figures(july.city.bureau, *JULY)
    return next(one for one in found["items"] if one["key"] == organisation)


def test_the_figures_of_july(july: July) -> None:
    water, parks = _of(july, july.city.water), _of(july, july.city.parks)
    assert {name: water["counts"][name] for name in WATER} == WATER
    assert {name: parks["counts"][name] for name in PARKS} == PARKS
    assert water["rates"]["on_time_answer_rate"] == 0.5
    assert water["rates"]["quality_rate"] == 0.901
    assert water["rates"]["up_to_date_rate"] == 0.5
    assert water["rates"]["granting_rate"] == 0.5
    assert parks["rates"]["use_rate"] == 0.5 and parks["rates"]["quality_rate"] is None
    times = water["times"]
    assert (times["answer_days_average"], times["answer_days_longest"]) == (7.5, 13.0)
    assert times["complaint_days_median"] == 1.0
    health = _of(july, july.city.health)
    assert health["counts"]["asked"] == 1 and health["counts"]["asked_granted"] == 0


def test_every_figure_can_be_unfolded_to_its_rows(july: July) -> None:
    """What the rows add, and how many there are, is what the figure says."""
    city = july.city
    found = service.figures(city.bureau, *JULY)
    for item in found["items"]:
        for name, value in (item["counts"] | item["rates"]).items():
            rows = _rows(city, name, item["key"])
            if name in RATES:
                above, below = (FIGURES[part] for part in RATES[name])
                added = sum(one["adds"] for one in rows)
                whole = len(rows) * below.whole
                assert value == (added / whole if whole else None), name
                assert above.source == below.source
            else:
                assert value == sum(one["adds"] for one in rows if one["counts"]), name
    answered = _rows(city, "answer_days_average", city.water)
    assert sorted(one["working_days"] for one in answered) == [2, 13]
    late = _rows(city, "requests_late", city.water)[0]
    assert (late["id"], late["name"], late["state"]) == (july.late, "防汛预案", "refused")
    assert late["organisation_name"] == "Health Commission"
    assert late["answer_by"].startswith("2026-07-15")


def _rows(city: City, name: str, organisation: int | None) -> list[dict[str, Any]]:
    """By pages of two."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] if found else 0
        more = service.rows(city.bureau, name, *JULY, organisation, 2, after, "en")
        found += more
        if len(more) < 2:
            return found


def test_what_comes_afterwards_changes_nothing(july: July) -> None:
    """A July that is looked at in August and in the year after is the same, row by row."""
    before = service.figures(july.city.bureau, *JULY)
    digests = _digests(july)
    july.afterwards()
    july.city.clock.advance(300 * DAY)
    assert service.figures(july.city.bureau, *JULY) == before
    assert _digests(july) == digests
    august = service.figures(july.city.bureau, date(2026, 8, 1), date(2026, 9, 1))
    water = next(one for one in august["items"] if one["key"] == july.city.water)["counts"]
    assert (water["resources"], water["retired"], water["opened"]) == (3, 1, 0)
    assert (water["grants_given"], water["renewals"], water["runs"]) == (1, 1, 1)


def _digests(july: July) -> Any:
    with july.city.database.read() as connection:
        context = Context(july.city.platform, connection)
        said = tally.asked(context, tally.days(context, *JULY), Terms())
        return tally.digests(context, said)


def test_a_department_sees_its_own(small_july: July) -> None:
    july, city = small_july, small_july.city
    own = service.figures(city.user, *JULY)
    assert [one["key"] for one in own["items"]] == [city.parks]
    assert own["city"] is None and own["scores"] == []
    assert own["items"][0] == _of(july, city.parks)
    rows = service.rows(city.user, "asked", *JULY, None, 10, 0, "en")
    assert {one["organisation"] for one in rows} == {city.parks}
    assert service.rows(city.user, "received", *JULY, city.water, 10, 0, "en") == []
    lone = city.caller("lone", "data_steward")
    assert service.figures(lone, *JULY)["items"] == []
    assert service.rows(lone, "received", *JULY, None, 10, 0, "en") == []
    assert len(service.figures(city.auditor, *JULY)["items"]) == 3
    with pytest.raises(Denied):
        service.figures(city.citizen, *JULY)
    with pytest.raises(BadDays):
        service.figures(city.bureau, JULY[1], JULY[0])
    with pytest.raises(BadQuestion):
        service.rows(city.bureau, "recieved", *JULY, None, 10, 0, "en")


def test_every_figure_has_words(small_july: July) -> None:
    for lang in ("zh-CN", "en"):
        told = service.definitions(small_july.city.user, lang)["items"]
        named = {one["figure"] for one in told}
        assert named >= {*FIGURES, *RATES} and len(named) == len(FIGURES) + len(RATES) + 6
        assert named >= {name for part in PARTS.values() for name in part}
        assert not [one for one in told if "sharing." in one["title"] + one["how"]]
    assert set(TIMES.values()) <= set(FIGURES)
