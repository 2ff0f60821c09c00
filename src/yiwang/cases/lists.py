"""Lists and counts of cases. Every list walks an index from where the last page ended, and
counts are read from the table that is kept up to date, so a million cases cost no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)

from yiwang.cases import texts
from yiwang.cases.errors import UnknownFilter
from yiwang.cases.model.classes import KINDS, OPEN_KINDS, SEVERITIES
from yiwang.cases.model.guards import sees_all
from yiwang.cases.tables import case_counts, case_parts, case_sources, cases
from yiwang.security.model import Identity, allowed

Branch = list[ColumnElement[bool]]

_MOST_JOINED = 500
_WITH_OPEN = ("organisation", "handler", "grid")


MOST_NEAR = 2000
"""Cases in a box that are named one by one."""
Box = tuple[float, float, float, float]
"""West, south, east and north, degrees."""


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
    storm: int | None = None
    mine: bool = False
    q: str = ""
    box: Box | None = None
    sort: str = "new"


def page(
    connection: Connection,
    identity: Identity,
    wanted: Filter,
    limit: int,
    after: tuple[Any, ...] | None,
) -> list[Row[Any]]:
    """Rows of ``cases``: newest first, or the earliest deadline first."""
    narrowing = _narrowing(connection, wanted)
    common = [*_conditions(wanted), *(one for one, _ in narrowing)]
    branches = [
        [*branch, *kind]
        for branch in _branches(connection, identity, wanted)
        for kind in _kinds(wanted, branch)
    ]
    if len(branches) == 1 or any(are_few for _, are_few in narrowing):
        query = select(cases).where(*common, or_(*[and_(true(), *one) for one in branches]))
        return list(connection.execute(_ordered(query, wanted, after).limit(limit)))
    parts = []
    for branch in branches:
        part = select(cases.c.no).where(*common, *branch)
        ordered = _ordered(part, wanted, after).limit(limit).subquery()
        parts.append(select(ordered.c.no))
    query = select(cases).where(cases.c.no.in_(union_all(*parts)))
    return list(connection.execute(_ordered(query, wanted, after).limit(limit)))


def position(wanted: Filter, row: Row[Any]) -> list[Any]:
    """The keys of a row from which the next page goes on."""
    return [row.due_at, row.no] if wanted.sort == "due" else [row.no]


def summary(connection: Connection, identity: Identity, case_class: str = "") -> dict[str, Any]:
    """Cases by kind, and the open ones that are overdue."""
    if sees_all(identity) or _only_organisation(identity):
        rows = connection.execute(_kept_counts(identity, case_class))
    else:
        rows = connection.execute(_counted(connection, identity, case_class))
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


def _counted(connection: Connection, identity: Identity, case_class: str) -> Select[Any]:
    late = and_(cases.c.overdue, cases.c.excused.is_(False))
    query = select(cases.c.kind, late, func.count())
    branches = _branches(connection, identity, Filter())
    query = query.where(or_(*[and_(*branch) for branch in branches]))
    if case_class:
        query = query.where(cases.c.class_code == case_class)
    return query.group_by(cases.c.kind, late)


def _only_organisation(identity: Identity) -> bool:
    return (
        allowed(identity, "cases.read") and identity.organisation is not None and not identity.grids
    )


def _ordered(query: Select[Any], wanted: Filter, after: tuple[Any, ...] | None) -> Select[Any]:
    """In the order of the list, behind the last row of the page before."""
    if wanted.sort == "new":
        behind = [cases.c.no < after[0]] if after is not None else []
        return query.where(*behind).order_by(cases.c.no.desc())
    query = query.where(cases.c.due_at.is_not(None))
    if after is not None:
        query = query.where(
            or_(
                cases.c.due_at > after[0],
                (cases.c.due_at == after[0]) & (cases.c.no > after[1]),
            )
        )
    return query.order_by(cases.c.due_at, cases.c.no)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.severity:
        _known("severity", wanted.severity, SEVERITIES)
        found.append(cases.c.severity == wanted.severity)
    if wanted.kind:
        _known("kind", wanted.kind, (*KINDS, "open"))
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
        cases.c.storm: wanted.storm,
    }
    found += [column == value for column, value in numbers.items() if value is not None]
    return found


def _narrowing(connection: Connection, wanted: Filter) -> list[tuple[ColumnElement[bool], bool]]:
    """What is looked up beforehand: each a condition, and whether it names few cases."""
    found = []
    if wanted.q.strip():
        found.append(texts.matching(connection, wanted.q.strip()))
    if wanted.box is not None:
        kinds = {"": (True, False), "open": (True,)}.get(wanted.kind, (wanted.kind in OPEN_KINDS,))
        found.append(_inside(connection, wanted.box, kinds))
    return found


def _kinds(wanted: Filter, branch: Branch) -> list[Branch]:
    """Conditions on the kind, in the columns of the index that the branch walks: most have
    the column ``open`` behind what they begin with, those by reporter do not. Each
    alternative is a walk of its own."""
    narrowed = (wanted.case_class, wanted.organisation, wanted.grid, wanted.handler)
    by_open = any(value not in (None, "") for value in narrowed)
    by_open = by_open or any(_column(one) in _WITH_OPEN for one in branch)
    if not wanted.kind:
        return [[cases.c.open], [cases.c.open.is_(False)]] if by_open else [[]]
    if wanted.kind == "open":
        plain = not branch or by_open
        return [[cases.c.open] if plain else [cases.c.kind.in_(OPEN_KINDS)]]
    same = cases.c.kind == wanted.kind
    return [[same, cases.c.open == (wanted.kind in OPEN_KINDS)] if by_open else [same]]


def _column(condition: ColumnElement[bool]) -> str:
    return str(getattr(getattr(condition, "left", None), "name", ""))


def _branches(connection: Connection, identity: Identity, wanted: Filter) -> list[Branch]:
    """The cases that the caller may see, as ``guards.may_see`` says of one: those that meet
    all conditions of any branch. Each branch walks an index of its own."""
    name = identity.name if identity.kind in ("user", "token") else ""
    reads = allowed(identity, "cases.read")
    if sees_all(identity) and not wanted.mine:
        return [[]]
    branches: list[Branch] = []
    if name and (reads or allowed(identity, "cases.read_own")):
        branches.append([cases.c.reporter == name])
        joined = _joined(connection, name)
        branches += [[cases.c.no.in_(joined)]] if joined else []
    if name and reads:
        branches.append([cases.c.handler == name])
    if reads and not wanted.mine:
        if identity.organisation is not None:
            branches.append([cases.c.organisation == identity.organisation])
            joint = _joint(connection, identity.organisation)
            branches += [[cases.c.no.in_(joint)]] if joint else []
        branches += [[cases.c.grid == grid] for grid in sorted(identity.grids)]
    return branches or [[false()]]


def _joined(connection: Connection, name: str) -> list[int]:
    """Cases to which reports of this person came, the last ones."""
    query = (
        select(case_sources.c.case)
        .where(case_sources.c.reporter == name)
        .order_by(case_sources.c.id.desc())
        .limit(_MOST_JOINED)
    )
    return sorted({row.case for row in connection.execute(query)})


def _joint(connection: Connection, organisation: int) -> list[int]:
    """Cases in which an organisation has a part, the last ones."""
    query = (
        select(case_parts.c.case)
        .where(case_parts.c.organisation == organisation)
        .order_by(case_parts.c.id.desc())
        .limit(_MOST_JOINED)
    )
    return sorted({row.case for row in connection.execute(query)})


def _inside(
    connection: Connection, box: Box, open_: Sequence[bool]
) -> tuple[ColumnElement[bool], bool]:
    """The cases in a box. Where they are few they are named, where many the list is walked."""
    within = [
        cases.c.lon.between(box[0], box[2]),
        cases.c.lat.between(box[1], box[3]),
    ]
    query = select(cases.c.no).where(cases.c.open.in_(open_), *within).limit(MOST_NEAR + 1)
    found = [row[0] for row in connection.execute(query)]
    few = len(found) <= MOST_NEAR
    return (cases.c.no.in_(found) if few else and_(*within)), few


def _known(name: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise UnknownFilter(name, name=name, value=value, known=", ".join(options))
