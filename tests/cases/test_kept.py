"""A change of a case, and the answer to it, run kept statements alone: to build one anew takes as
long as all the others together."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import event

from tests.cases.conftest import City
from yiwang.cases import service, views
from yiwang.cases.service import Given, Report
from yiwang.security.actions import Call, together


def test_changes_run_nothing_but_kept_statements(city: City) -> None:
    def life() -> None:
        given = Report("F-01", "井盖破损", 116.1, 39.2)
        shown = partial(views.reported, lang="en")
        [((no, _), _)] = together([Call(service.report, city.citizen, (given,), shown)])
        for step, target in (("dispatch", {"organisation": city.water}), ("void", {})):
            then = partial(views.stepped, no=no, lang="en")
            said = Given(reason="x", text="x", to=target)
            [(_, error)] = together([Call(service.take, city.centre, (no, step, said), then)])
            assert error is None

    life()
    built: list[str] = []

    def see(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        built.append(statement)

    event.listen(city.database.engine, "before_cursor_execute", see)
    life()
    assert built == []
