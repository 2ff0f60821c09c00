"""The number of a report of its own: a report that is joined to a case that others opened is
``812-45`` (the case that it came to first, and the report), and stays so wherever the case goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from yiwang.cases.open311.model import Own
from yiwang.cases.open311.tables import case_contacts
from yiwang.cases.tables import case_sources

MOVED = case_sources.c.case != case_sources.c.came_to
"""Sources of cases that were merged; there is an index of these alone."""
_PART = 500


class Joined(NamedTuple):
    """A joined report and the case that it is with now."""

    id: str
    case: int
    at: int


def name(case: int, report: int) -> str:
    return f"{case}-{report}"


def resolve(connection: Connection, wanted: Collection[Own]) -> list[Joined]:
    """The reports with these numbers, in the order asked for; those that there are."""
    known = {one.report for one in wanted}
    rows = _rows(connection, case_contacts.c.id, known)
    found = {(row.case, row.id): row for row in rows}
    asked = [found[one] for one in dict.fromkeys(wanted) if one in found]
    where = _now(connection, {row.case for row in asked})
    return [_joined(row, where) for row in asked]


def of_cases(connection: Connection, cases: Collection[int]) -> dict[int, list[Joined]]:
    """The joined reports that are with some cases now."""
    came: set[int] = set()
    for part in _parts(cases):
        query = select(case_sources.c.came_to).where(case_sources.c.case.in_(part)).distinct()
        came.update(connection.execute(query).scalars())
    rows = _rows(connection, case_contacts.c.case, came)
    where = _now(connection, {row.case for row in rows})
    found: dict[int, list[Joined]] = {}
    for row in rows:
        one = _joined(row, where)
        found.setdefault(one.case, []).append(one)
    return found


def _joined(row: Row[Any], where: dict[int, int]) -> Joined:
    return Joined(name(row.case, row.id), where.get(row.case, row.case), row.at)


def _rows(connection: Connection, column: Any, values: Collection[int]) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for part in _parts(values):
        query = select(case_contacts).where(case_contacts.c.joined, column.in_(part))
        found += connection.execute(query.order_by(case_contacts.c.id))
    return found


def _now(connection: Connection, came_to: Collection[int]) -> dict[int, int]:
    """Where what came to some cases is now, of those that were merged."""
    found: dict[int, int] = {}
    for part in _parts(came_to):
        query = select(case_sources.c.came_to, case_sources.c.case).where(MOVED)
        for row in connection.execute(query.where(case_sources.c.came_to.in_(part)).distinct()):
            found[row.came_to] = row.case
    return found


def _parts(values: Iterable[int]) -> list[list[int]]:
    ordered = sorted(values)
    return [ordered[low : low + _PART] for low in range(0, len(ordered), _PART)]
