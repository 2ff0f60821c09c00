"""What results are made from, read for many cases at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from yiwang.cases.scoring.model.outcome import REPORT, Case, Line, Said
from yiwang.cases.tables import case_assessments, case_sources, case_timeline, cases
from yiwang.store.statements import Among, Rows

MOST = 256


_CASES = Among(select(*[cases.c[name] for name in Case._fields]), cases.c.no)
_line = case_timeline.c
_LINES = Among(
    select(_line.case, _line.at, _line.step, _line.state, _line.actor, _line.details).order_by(
        _line.id
    ),
    _line.case,
)
_REPORTS = Among(
    select(case_sources.c.case, case_sources.c["values"]).where(case_sources.c.kind == REPORT),
    case_sources.c.case,
)
_said = case_assessments.c
_ASSESSED = Among(
    select(_said.case, _said.at, _said.actor, _said.rating, _said.solved).order_by(_said.id),
    _said.case,
)


class Read:
    """Of some cases, at most MOST and at least one."""

    def __init__(self, connection: Connection, numbers: Sequence[int]) -> None:
        self.rows = [Case(*row) for row in _CASES.records(connection, numbers)]
        self.residents: set[int] = {
            case for case, values in _REPORTS.records(connection, numbers) if values.get("resident")
        }
        """The cases to which reports of residents came."""
        self.said: dict[int, list[Said]] = defaultdict(list)
        for case, *words in _ASSESSED.records(connection, numbers):
            self.said[case].append(Said(*words))
        """Every word on each case's handling."""
        self._lines: dict[int, Rows] = defaultdict(list)
        for case, *line in _LINES.records(connection, numbers):
            self._lines[case].append(tuple(line))

    def lines(self, case: int, states: Any) -> list[Line]:
        """The timeline of a case; ``states`` are those of its class."""
        return [
            Line(at, step, state, _kind(states.get(state), step), actor, details)
            for at, step, state, actor, details in self._lines[case]
        ]


def _kind(state: Any, step: str) -> str:
    if state is not None:
        kind: str = state.kind
        return kind
    return "done" if step == "close" else ""
