"""Lists and counts of cases. Every list walks an index from where the last page ended, and
counts are read from the table that is kept up to date, so a million cases cost no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, false, func, or_, select

from yiwang.cases.errors import UnknownFilter
from yiwang.cases.model.classes import KINDS, SEVERITIES
from yiwang.cases.model.guards import sees_all
from yiwang.cases.tables import case_counts, case_sources, cases
from yiwang.security.model import Identity, allowed


@dataclass(frozen=True)
class Filter:
    """What a list is asked for. ``kind`` may be ``open``. ``sort``: ``new`` or ``due``."""

    kind: str = ""
    state: str = ""
    case_class: str = ""
    severity: str = ""
    grid: int | None = None
    organisation: int | None = None
    handler: str = ""
    place: int | None = None
    overdue: bool | None = None
    mine: bool = False
    q: str = ""
    sort: str = "new"


def page(
    connection: Connection,
    identity: Identity,
    wanted: Filter,
    limit: int,
    after: tuple[Any, ...] | None,
) -> list[Row[Any]]:
    """Rows of ``cases``: newest first, or the earliest deadline first."""
    query = select(cases).where(*_conditions(identity, wanted))
    if wanted.sort == "due":
        query = _by_deadline(query, after)
    else:
        if after is not None:
            query = query.where(cases.c.no < after[0])
        query = query.order_by(cases.c.no.desc())
    return list(connection.execute(query.limit(limit)))


def position(wanted: Filter, row: Row[Any]) -> list[Any]:
    """The keys of a row from which the next page goes on."""
    return [row.due_at, row.no] if wanted.sort == "due" else [row.no]


def summary(connection: Connection, identity: Identity, case_class: str = "") -> dict[str, Any]:
    """Cases by kind, and the open ones that are overdue."""
    if sees_all(identity) or _only_organisation(identity):
        rows = connection.execute(_kept_counts(identity, case_class))
    else:
        rows = connection.execute(_counted(identity, case_class))
    kinds = dict.fromkeys(KINDS, 0)
    overdue = 0
    for kind, late, count in rows:
        kinds[kind] += int(count)
        overdue += int(count) if late and kind not in ("done", "void") else 0
    return {"kinds": kinds, "overdue": overdue}


def _kept_counts(identity: Identity, case_class: str) -> Select[Any]:
    query = select(case_counts.c.kind, case_counts.c.overdue, func.sum(case_counts.c.count))
    if not sees_all(identity):
        query = query.where(case_counts.c.organisation == identity.organisation)
    if case_class:
        query = query.where(case_counts.c.class_code == case_class)
    return query.group_by(case_counts.c.kind, case_counts.c.overdue)


def _counted(identity: Identity, case_class: str) -> Select[Any]:
    query = select(cases.c.kind, cases.c.overdue, func.count())
    query = query.where(*_bounds(identity))
    if case_class:
        query = query.where(cases.c.class_code == case_class)
    return query.group_by(cases.c.kind, cases.c.overdue)


def _only_organisation(identity: Identity) -> bool:
    return (
        allowed(identity, "cases.read") and identity.organisation is not None and not identity.grids
    )


def _by_deadline(query: Select[Any], after: tuple[Any, ...] | None) -> Select[Any]:
    query = query.where(cases.c.due_at.is_not(None))
    if after is not None:
        query = query.where(
            or_(
                cases.c.due_at > after[0],
                (cases.c.due_at == after[0]) & (cases.c.no > after[1]),
            )
        )
    return query.order_by(cases.c.due_at, cases.c.no)


def _conditions(identity: Identity, wanted: Filter) -> list[ColumnElement[bool]]:
    found = _bounds(identity)
    if wanted.kind == "open":
        found.append(cases.c.open)
    elif wanted.kind:
        _known("kind", wanted.kind, (*KINDS, "open"))
        found += [cases.c.kind == wanted.kind, cases.c.open == (wanted.kind in KINDS[:3])]
    if wanted.severity:
        _known("severity", wanted.severity, SEVERITIES)
        found.append(cases.c.severity == wanted.severity)
    _known("sort", wanted.sort, ("new", "due"))
    equal = {
        cases.c.state: wanted.state,
        cases.c.class_code: wanted.case_class,
        cases.c.handler: wanted.handler,
    }
    found += [column == value for column, value in equal.items() if value]
    numbers = {
        cases.c.grid: wanted.grid,
        cases.c.organisation: wanted.organisation,
        cases.c.place: wanted.place,
        cases.c.overdue: wanted.overdue,
    }
    found += [column == value for column, value in numbers.items() if value is not None]
    if wanted.mine:
        found.append(or_(cases.c.handler == identity.name, cases.c.reporter == identity.name))
    if wanted.q.strip():
        found.append(_matching(wanted.q.strip()))
    return found


def _bounds(identity: Identity) -> list[ColumnElement[bool]]:
    """The cases that the caller may see, as ``guards.may_see`` says of one."""
    if sees_all(identity):
        return []
    parts: list[ColumnElement[bool]] = []
    name = identity.name if identity.kind in ("user", "token") else ""
    if name and (allowed(identity, "cases.read_own") or allowed(identity, "cases.read")):
        parts.append(cases.c.reporter == name)
        joined = select(case_sources.c.case).where(case_sources.c.reporter == name)
        parts.append(cases.c.no.in_(joined))
    if name and allowed(identity, "cases.read"):
        parts.append(cases.c.handler == name)
        if identity.organisation is not None:
            parts.append(cases.c.organisation == identity.organisation)
        if identity.grids:
            parts.append(cases.c.grid.in_(sorted(identity.grids)))
    return [or_(*parts) if parts else false()]


def _matching(text: str) -> ColumnElement[bool]:
    number = text.removeprefix("#")
    if number.isdigit() and len(number) < 18:
        return cases.c.no == int(number)
    return or_(
        cases.c.title.icontains(text, autoescape=True),
        cases.c.description.icontains(text, autoescape=True),
        cases.c.address.icontains(text, autoescape=True),
    )


def _known(name: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise UnknownFilter(name, name=name, value=value, known=", ".join(options))
