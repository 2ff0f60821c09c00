"""Everybody who reported a case says how it was handled."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.cases.conftest import City
from tests.cases.taking import take, why
from tests.cases.test_sides import _close
from yiwang.cases import errors, service
from yiwang.cases.actions.reports import Report
from yiwang.cases.scoring import results
from yiwang.cases.scoring.tables import case_results


def test_whose_report_was_joined_may_assess_too_once_each(city: City) -> None:
    neighbour = city.caller("neighbour", "citizen")
    no = service.report(city.citizen, Report("demo.flooded", "Wet", 116.1, 39.1))
    assert service.report(neighbour, Report("demo.flooded", "Very wet", 116.1, 39.1)) == no
    take(city.centre, no, "accept")
    take(city.centre, no, "dispatch")
    _close(city, no)
    allowed = {one.step for one in service.possible(neighbour, no) if one.allowed}
    assert allowed & {"assess", "reopen"} == {"assess"}
    take(city.citizen, no, "assess", rating=5, solved=True)
    take(neighbour, no, "assess", rating=2)
    assert why(neighbour, no, "assess", rating=5) == "assessed_already"
    with pytest.raises(errors.NoSuchCase):
        take(city.caller("somebody", "citizen"), no, "assess", rating=5)
    results.remake(city.platform, [no])
    assert [one["on_behalf"] for one in city.show(no)["assessments"]] == [False, False]
    with city.database.read() as connection:
        (row,) = connection.execute(select(case_results.c.rating, case_results.c.solved))
    assert tuple(row) == (3.5, True)
