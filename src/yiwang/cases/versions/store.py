"""All SQL of versions and moves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from yiwang.cases.tables import case_classes, case_timeline, cases
from yiwang.cases.versions.tables import case_move_members, case_moves
from yiwang.store.database import Json
from yiwang.store.statements import Statement

_PART = 1000
_members = case_move_members.c
_under_way = Statement(
    select(case_moves.c.id)
    .where(case_moves.c.state.in_(("moving", "undoing")))
    .order_by(case_moves.c.id)
)


def version(connection: Connection, number: int, lock: bool = False) -> Row[Any] | None:
    columns = [case_classes.c[name] for name in ("id", "code", "pack", "active", "installed_at")]
    query = select(*columns).where(case_classes.c.id == number)
    return connection.execute(query.with_for_update() if lock else query).first()


def versions(connection: Connection, code: str, after: str, most: int) -> list[Row[Any]]:
    """The versions of ``most`` classes behind a code (or of one class), the newest first."""
    own = case_classes.c
    chosen = select(own.code).distinct().where(own.code == code if code else own.code > after)
    codes = list(connection.execute(chosen.order_by(own.code).limit(most)).scalars())
    columns = [own[name] for name in ("id", "code", "pack", "active", "installed_at")]
    query = select(*columns).where(own.code.in_(codes)).order_by(own.code, own.id.desc())
    return list(connection.execute(query))


def running(connection: Connection, codes: Collection[str]) -> dict[int, int]:
    """How many cases run by each version of these classes."""
    query = (
        select(cases.c.case_class, func.count())
        .where(cases.c.class_code.in_(sorted(codes)), cases.c.open)
        .group_by(cases.c.case_class)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def mark(connection: Connection) -> int:
    """The newest line of all timelines: what came later was not seen."""
    return connection.execute(select(func.max(case_timeline.c.id))).scalar() or 0


def selected(
    code: str, to: int, chosen: Mapping[str, Any], areas: Sequence[int]
) -> list[ColumnElement[bool]]:
    """Running cases of a class that are not of version ``to``, narrowed as ``chosen`` says."""
    found = [cases.c.class_code == code, cases.c.open, cases.c.case_class != to]
    many = {
        cases.c.case_class: chosen.get("versions"),
        cases.c.state: chosen.get("states"),
        cases.c.no: chosen.get("numbers"),
        cases.c.grid: areas,
    }
    found += [column.in_(values) for column, values in many.items() if values]
    unit = chosen.get("organisation")
    return found if unit is None else [*found, cases.c.organisation == unit]


def walk(connection: Connection, chosen: list[ColumnElement[bool]]) -> Iterator[list[int]]:
    """The numbers of the cases in parts, rising."""
    last = 0
    while True:
        query = select(cases.c.no).where(*chosen, cases.c.no > last).order_by(cases.c.no)
        numbers = list(connection.execute(query.limit(_PART)).scalars())
        if not numbers:
            return
        last = numbers[-1]
        yield numbers


def changed_since(connection: Connection, numbers: Sequence[int], line: int) -> set[int]:
    """Those of these cases that have a line behind ``line``."""
    own = case_timeline.c
    query = select(own.case).distinct().where(own.case.in_(numbers), own.id > line)
    return set(connection.execute(query).scalars())


def since_step(
    connection: Connection, numbers: Sequence[int], step: str, move: int
) -> dict[int, list[Any]]:
    """For each case the lines (step, actor, at) behind the one that this move wrote."""
    own = case_timeline.c
    query = select(own.case, own.step, own.actor, own.at, own.details)
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query.where(own.case.in_(numbers)).order_by(own.id)):
        if row.step == step and row.details.get("move") == move:
            found[row.case] = []
        elif row.case in found:
            found[row.case].append(row)
    return found


# Moves


def get(connection: Connection, id: int, lock: bool = False) -> Row[Any] | None:
    query = select(case_moves).where(case_moves.c.id == id)
    return connection.execute(query.with_for_update() if lock else query).first()


def by_digest(connection: Connection, digest: str) -> Row[Any] | None:
    return connection.execute(select(case_moves).where(case_moves.c.digest == digest)).first()


def under_way(connection: Connection) -> list[int]:
    return [id for (id,) in _under_way.records(connection, {})]


def listing(connection: Connection, code: str, after: int, most: int) -> list[Row[Any]]:
    """Moves, the newest first, before number ``after`` (0: from the newest)."""
    query = select(case_moves).order_by(case_moves.c.id.desc()).limit(most)
    if code:
        query = query.where(case_moves.c.class_code == code)
    return list(connection.execute(query.where(case_moves.c.id < after) if after else query))


def begin(
    connection: Connection, values: Mapping[str, Any], chosen: list[ColumnElement[bool]]
) -> int:
    """A new move with the chosen cases as its members."""
    made = insert(case_moves).values(**values).returning(case_moves.c.id)
    id: int = connection.execute(made).scalar_one()
    blank = literal({}, Json)
    query = select(literal(id), cases.c.no, literal("pending"), blank, blank).where(*chosen)
    columns = ["move", "case", "outcome", "why", "was"]
    connection.execute(insert(case_move_members).from_select(columns, query))
    return id


def change(connection: Connection, id: int, **values: Any) -> None:
    connection.execute(update(case_moves).where(case_moves.c.id == id).values(**values))


def members(
    connection: Connection, id: int, outcome: str, most: int, after: int = 0
) -> list[Row[Any]]:
    query = select(case_move_members).where(_members.move == id, _members.case > after)
    if outcome:
        query = query.where(_members.outcome == outcome)
    return list(connection.execute(query.order_by(_members.case).limit(most)))


def counts(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    query = select(_members.move, _members.outcome, func.count()).where(_members.move.in_(ids))
    found: dict[int, dict[str, int]] = {id: {} for id in ids}
    for move, outcome, count in connection.execute(query.group_by(_members.move, _members.outcome)):
        found[move][outcome] = count
    return found


_settle = (
    update(case_move_members)
    .where(_members.move == bindparam("b_move"), _members.case == bindparam("b_case"))
    .values(outcome=bindparam("outcome"), why=bindparam("why", type_=Json))
)


def settle(connection: Connection, id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what became of members: ``case``, ``outcome``, ``why`` and, moved, ``was``."""
    for with_was in (True, False):
        given = [
            {"b_move": id, "b_case": one["case"]}
            | {key: one[key] for key in ("outcome", "why", "was") if key in one}
            for one in rows
            if ("was" in one) == with_was
        ]
        statement = _settle.values(was=bindparam("was", type_=Json)) if with_was else _settle
        if given:
            connection.execute(statement, given)


def give_up(connection: Connection, id: int) -> None:
    """Members that were not reached stay where they are."""
    pending = (_members.move == id, _members.outcome == "pending")
    why = {"code": "stopped", "fields": {}}
    connection.execute(update(case_move_members).where(*pending).values(outcome="stayed", why=why))
