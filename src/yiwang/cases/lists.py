"""Lists and counts of cases. Every list walks an index from where the last page ended, and
counts are read from the table that is kept up to date, so a million cases cost no more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from yiwang.cases import conditions, handed, narrowing, texts
from yiwang.cases.conditions import (
    NEVER,
    OF_OPEN_KIND,
    OPEN,
    OVER,
    Branch,
    Condition,
    Narrowed,
    Shape,
    equal,
)
from yiwang.cases.errors import UnknownFilter
from yiwang.cases.model.classes import KINDS, OPEN_KINDS, SEVERITIES
from yiwang.cases.model.guards import sees_all
from yiwang.cases.record import Brief
from yiwang.cases.tables import case_counts, case_handed, case_parts, case_sources, cases
from yiwang.security.model import Identity, allowed
from yiwang.store.database import Key
from yiwang.store.statements import Statement

_SHOWN = [cases.c[name] for name in Brief._fields]
_MOST_JOINED = 500
_MOST_VALUES = 64
"""Parameters of a statement of which many are kept; of longer ones few are."""
_WITH_OPEN = ("organisation", "handler", "grid")
_USUAL = ("", "working", "done")
"""Of these are most open cases and most others, so that their deadlines are walked; the cases of
another kind are looked up by it, and sorted."""
_LEADING = ("handler", "reporter", "no", "handed")
"""Where a branch has one of these, it is found by that and by nothing else: SQLite takes every
index for equally good, and would walk all cases of a class to find one person's."""
_AT_FIRST = 200
"""So many of the newest cases with a text are looked through first, where the list is narrowed
otherwise, too; SQLite's index gives these at once."""


class Filter(NamedTuple):
    """What a list is asked for. ``kind`` may be ``open``. ``sort``: ``new`` or ``due``.
    ``handed_on``: instead of what is the caller's, what their unit has handed on."""

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
    handed_on: bool = False
    q: str = ""
    box: narrowing.Box | None = None
    sort: str = "new"


def page(
    connection: Connection,
    identity: Identity,
    wanted: Filter,
    limit: int,
    after: tuple[Any, ...] | None,
) -> list[Brief]:
    """Newest first, or the earliest deadline first."""
    alone = sees_all(identity) and wanted == Filter(q=wanted.q)
    newest = None
    if alone or (wanted.sort == "new" and connection.dialect.name == "sqlite"):
        before = after[0] if after else texts.NONE_BEHIND
        newest = limit if alone else max(limit, _AT_FIRST), before
    asked = wanted.q.strip(), wanted.box, wanted.kind
    narrowed = narrowing.of(connection, *asked, newest)
    rows = _rows(connection, identity, wanted, limit, after, narrowed)
    if len(rows) == limit or not any(one.cut for one in narrowed):
        return rows
    narrowed = narrowing.of(connection, *asked, None)
    return _rows(connection, identity, wanted, limit, after, narrowed)


def _rows(
    connection: Connection,
    identity: Identity,
    wanted: Filter,
    limit: int,
    after: tuple[Any, ...] | None,
    narrowed: Sequence[Narrowed],
) -> list[Brief]:
    common = (*_conditions(wanted), *_behind(wanted, after))
    for one in narrowed:
        common += one.branch
    branches = [
        (*branch, *kind)
        for branch in _branches(connection, identity, wanted)
        if NEVER not in branch and _may_hold(connection, wanted, branch)
        for kind in _kinds(wanted, branch)
    ]
    if not branches or NEVER in common:
        return []
    apart = len(branches) > 1 and not any(one.few for one in narrowed)
    values = conditions.values(common, *branches)
    made = _kept_page if len(values) <= _MOST_VALUES else _long_page
    shapes = tuple(conditions.shape(one) for one in branches)
    statement = made(conditions.shape(common), shapes, wanted.sort, limit, apart)
    return [Brief(*row) for row in statement.records(connection, values)]


def _page(
    common: Shape, branches: tuple[Shape, ...], sort: str, limit: int, apart: bool
) -> Statement:
    """Either one walk in the order of the list, or ``apart`` one for each branch, of which the
    first rows are put together."""
    given = conditions.Parameters()
    always = given.sql(common)
    due = cases.c.due_at

    def ordered(query: Select[Any], due: Any = due, no: Any = cases.c.no) -> Select[Any]:
        order = [no.desc()] if sort == "new" else [due, cases.c.no]
        return query.order_by(*order).limit(limit)

    def of(branch: Shape, *columns: Any) -> Select[Any]:
        leads = next((column for _, column, _ in branch if column in _LEADING), "")
        held = [*zip(common, always, strict=True), *zip(branch, given.sql(branch), strict=True)]
        by = {"no", "open", leads} if leads == "handler" else {"no", leads}
        no = case_handed.c.case if leads == "handed" else cases.c.no
        met = [
            conditions.looked_at(one) if leads and column not in by else one
            for (_, column, _), one in held
        ]
        # What is one person's is sorted, where others' would be walked by the deadlines.
        late = due + literal_column("0") if leads else due
        return ordered(select(*columns).where(*met), late, no)

    if len(branches) == 1:
        return Statement(of(branches[0], *_SHOWN))
    if not apart:
        return Statement(ordered(select(*_SHOWN).where(*always, *given.any_of(branches))))
    parts = [select(of(branch, cases.c.no).subquery().c.no) for branch in branches]
    return Statement(ordered(select(*_SHOWN).where(cases.c.no.in_(union_all(*parts)))))


_kept_page = lru_cache(maxsize=512)(_page)
_long_page = lru_cache(maxsize=32)(_page)


def position(wanted: Filter, row: Brief) -> list[Any]:
    """The keys of a row from which the next page goes on."""
    return [row.due_at, row.no] if wanted.sort == "due" else [row.no]


def summary(connection: Connection, identity: Identity, case_class: str = "") -> dict[str, Any]:
    """Cases by kind, and the open ones that are overdue."""
    if sees_all(identity) or _only_organisation(identity):
        organisation = None if sees_all(identity) else identity.organisation
        counted = _kept_counts(organisation is not None, bool(case_class))
        given = {"organisation_": organisation, "code_": case_class}
    else:
        branches = _branches(connection, identity, Filter())
        made = _counts if len(conditions.values(*branches)) <= _MOST_VALUES else _counted
        counted = made(tuple(conditions.shape(one) for one in branches), bool(case_class))
        given = conditions.values(*branches) | {"code_": case_class}
    rows = counted.rows(connection, given)
    kinds = dict.fromkeys(KINDS, 0)
    overdue = 0
    for kind, late, count in rows:
        kinds[kind] += int(count)
        overdue += int(count) if late and kind not in ("done", "void") else 0
    return {"kinds": kinds, "overdue": overdue}


_code = bindparam("code_", "", String)
_held_kinds = Statement(
    select(case_counts.c.kind).where(
        case_counts.c.class_code == _code,
        case_counts.c.organisation == bindparam("organisation_", 0, Key),
        case_counts.c["count"] > literal_column("0"),
    )
)


@lru_cache
def _kept_counts(organisation: bool, case_class: bool) -> Statement:
    table = case_counts.c
    query = select(table.kind, table.overdue, func.sum(table["count"]))
    if organisation:
        query = query.where(table.organisation == bindparam("organisation_", 0, Key))
    if case_class:
        query = query.where(table.class_code == _code)
    return Statement(query.group_by(table.kind, table.overdue))


def _counted(branches: tuple[Shape, ...], case_class: bool) -> Statement:
    late = and_(cases.c.overdue, cases.c.excused.is_(False))
    query = select(cases.c.kind, late, func.count())
    query = query.where(*conditions.Parameters().any_of(branches))
    if case_class:
        query = query.where(cases.c.class_code == _code)
    return Statement(query.group_by(cases.c.kind, late))


_counts = lru_cache(_counted)


def _only_organisation(identity: Identity) -> bool:
    return (
        allowed(identity, "cases.read") and identity.organisation is not None and not identity.grids
    )


def _behind(wanted: Filter, after: tuple[Any, ...] | None) -> Branch:
    """Behind the last row of the page before."""
    if wanted.sort == "new":
        return () if after is None else (Condition("behind", "no", (after[0],)),)
    there = (Condition("there", "due_at"),)
    return there if after is None else (*there, Condition("later", "", (after[0], *after)))


def _conditions(wanted: Filter) -> Branch:
    if wanted.severity:
        _known("severity", wanted.severity, SEVERITIES)
    if wanted.kind:
        _known("kind", wanted.kind, (*KINDS, "open"))
    _known("sort", wanted.sort, ("new", "due"))
    texts_ = {
        "severity": wanted.severity,
        "state": wanted.state,
        "class_code": wanted.case_class,
        "handler": wanted.handler,
    }
    numbers = {
        "grid": wanted.grid,
        "organisation": wanted.organisation,
        "place": wanted.place,
        "overdue": wanted.overdue,
        "storm": wanted.storm,
    }
    return (
        *(equal(column, value) for column, value in texts_.items() if value),
        *(equal(column, value) for column, value in numbers.items() if value is not None),
    )


def _may_hold(connection: Connection, wanted: Filter, branch: Branch) -> bool:
    """Whether an organisation has any case of a class, by the counts that are kept: where it has
    none, all of its cases would be walked to find that out."""
    units = [one.values[0] for one in branch if one.column == "organisation"]
    units += [] if wanted.organisation is None else [wanted.organisation]
    if not wanted.case_class or not units:
        return True
    given = {"organisation_": units[0], "code_": wanted.case_class}
    held = {kind for (kind,) in _held_kinds.rows(connection, given)}
    asked = {"": held, "open": set(OPEN_KINDS)}.get(wanted.kind, {wanted.kind})
    return not held.isdisjoint(asked)


def one_kind(kinds: Collection[str]) -> str:
    """What a list may be narrowed to that asks for cases of these kinds; empty for nothing."""
    if len(kinds) == 1:
        return next(iter(kinds))
    return "open" if kinds and set(kinds) <= set(OPEN_KINDS) else ""


def _kinds(wanted: Filter, branch: Branch) -> list[Branch]:
    """Conditions on the kind, in the columns of the index that the branch walks: most have
    the column ``open`` behind what they begin with, or before it as that of deadlines, those by
    reporter do not. Each alternative is a walk of its own."""
    if wanted.handed_on:
        return _kinds_handed(wanted.kind)
    narrowed = (wanted.case_class, wanted.organisation, wanted.grid, wanted.handler)
    by_open = any(value not in (None, "") for value in narrowed)
    by_open = by_open or any(one.column in _WITH_OPEN for one in branch)
    if wanted.sort == "due" and wanted.kind in _USUAL:
        by_open = by_open or not branch
    if not wanted.kind:
        return [(OPEN,), (OVER,)] if by_open else [()]
    if wanted.kind == "open":
        return [(OPEN,) if not branch or by_open else (OF_OPEN_KIND,)]
    same = equal("kind", wanted.kind)
    if not by_open:
        return [(same,)]
    return [(same, OPEN if wanted.kind in OPEN_KINDS else OVER)]


def _kinds_handed(kind: str) -> list[Branch]:
    if not kind:
        return [()]
    side = conditions.HANDED_OPEN if kind in ("open", *OPEN_KINDS) else conditions.HANDED_OVER
    return [(side,) if kind == "open" else (equal("kind", kind), side)]


def _branches(connection: Connection, identity: Identity, wanted: Filter) -> list[Branch]:
    """The cases that the caller may see, as ``guards.may_see`` says of one: those that meet
    all conditions of any branch. Each branch walks an index of its own. What was handed on is
    nobody's work any longer and stands in a list of its own."""
    name = identity.name if identity.kind in ("user", "token") else ""
    reads = allowed(identity, "cases.read")
    if wanted.handed_on:
        unit = handed.follows(identity)
        return [(NEVER,)] if unit is None else [(Condition("handed", "handed", (unit, unit)),)]
    if sees_all(identity) and not wanted.mine:
        return [()]
    branches: list[Branch] = []
    if name and (reads or allowed(identity, "cases.read_own")):
        branches.append((equal("reporter", name),))
        joined = _joined(connection, name)
        branches += [(conditions.among("no", joined),)] if joined else []
    if name and reads:
        branches.append((equal("handler", name),))
    if reads and not wanted.mine:
        if identity.organisation is not None:
            branches.append((equal("organisation", identity.organisation),))
            joint = _joint(connection, identity.organisation)
            branches += [(conditions.among("no", joint),)] if joint else []
        branches += [(equal("grid", grid),) for grid in sorted(identity.grids)]
    return branches or [(NEVER,)]


def _last(table: Any, column: Any, value: Any) -> Statement:
    """The cases of the last rows of a table in which a column has a value."""
    query = select(table.c.case).where(column == value).order_by(table.c.id.desc())
    return Statement(query.limit(_MOST_JOINED))


_reported = _last(case_sources, case_sources.c.reporter, bindparam("name_", "", String))
_with_part = _last(case_parts, case_parts.c.organisation, bindparam("organisation_", 0, Key))


def _joined(connection: Connection, name: str) -> list[int]:
    """Cases to which reports of this person came, the last ones."""
    return sorted({no for (no,) in _reported.rows(connection, {"name_": name})})


def _joint(connection: Connection, organisation: int) -> list[int]:
    """Cases in which an organisation has a part, the last ones."""
    return sorted({no for (no,) in _with_part.rows(connection, {"organisation_": organisation})})


def _known(name: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise UnknownFilter(name, name=name, value=value, known=", ".join(options))
