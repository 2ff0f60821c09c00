"""All SQL that reads and writes single cases; lists are in ``lists.py``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from yiwang.cases.errors import ChangedMeanwhile
from yiwang.cases.record import COLUMNS, Record
from yiwang.cases.tables import (
    SENSED,
    case_counts,
    case_numbers,
    case_photos,
    case_sources,
    case_timeline,
    cases,
)

_CHUNK = 1000
_FIXED = ("no", "opened_at", "received_at", "reporter")
_changed = [name for name in COLUMNS if name not in _FIXED]

_one = select(cases).where(cases.c.no == bindparam("b_no"))
_update = (
    update(cases)
    .where(and_(cases.c.no == bindparam("b_no"), cases.c.version == bindparam("b_version")))
    .values({name: bindparam(name) for name in _changed})
)


def get(connection: Connection, no: int) -> Record | None:
    row = connection.execute(_one, {"b_no": no}).first()
    return None if row is None else Record(**row._mapping)


def many(connection: Connection, column: Any, values: Collection[Any]) -> Iterator[Record]:
    """Cases in which a column of ``cases`` has one of the values."""
    query = select(cases).where(column.is_not(None))
    for part in _chunks(values):
        for row in connection.execute(query.where(column.in_(part))):
            yield Record(**row._mapping)


def sources_of_findings(connection: Connection, findings: Collection[int]) -> dict[int, Any]:
    """For each finding that led to a case: its source (id, case, cleared_at, withdrawn_at)."""
    wanted = select(
        case_sources.c.finding,
        case_sources.c.id,
        case_sources.c.case,
        case_sources.c.cleared_at,
        case_sources.c.withdrawn_at,
    )
    found: dict[int, Any] = {}
    for part in _chunks(findings):
        for row in connection.execute(wanted.where(case_sources.c.finding.in_(part))):
            found[row.finding] = row
    return found


def sources_of_troubles(connection: Connection, troubles: Collection[int]) -> dict[int, Any]:
    """For each trouble of a device that led to a case: its source (id, case, cleared_at)."""
    columns = (case_sources.c.trouble, case_sources.c.id, case_sources.c.case)
    wanted = select(*columns, case_sources.c.cleared_at)
    found: dict[int, Any] = {}
    for part in _chunks(troubles):
        for row in connection.execute(wanted.where(case_sources.c.trouble.in_(part))):
            found[row.trouble] = row
    return found


def sources(connection: Connection, no: int, most: int = 500) -> list[Row[Any]]:
    query = select(case_sources).where(case_sources.c.case == no).order_by(case_sources.c.id)
    return list(connection.execute(query.limit(most)))


def has_reporter(connection: Connection, no: int, name: str) -> bool:
    query = select(case_sources.c.id).where(
        case_sources.c.case == no, case_sources.c.reporter == name
    )
    return connection.execute(query.limit(1)).first() is not None


def timeline(connection: Connection, no: int) -> list[Row[Any]]:
    query = select(case_timeline).where(case_timeline.c.case == no).order_by(case_timeline.c.id)
    return list(connection.execute(query))


def photos(connection: Connection, no: int, since: int | None = None) -> list[Row[Any]]:
    query = select(case_photos).where(case_photos.c.case == no).order_by(case_photos.c.at)
    if since is not None:
        query = query.where(case_photos.c.at >= since)
    return list(connection.execute(query))


def first_number(connection: Connection) -> int:
    """The last number given so far, locked until this transaction ends."""
    take = (
        update(case_numbers)
        .where(case_numbers.c.name == "case")
        .values(last=case_numbers.c.last)
        .returning(case_numbers.c.last)
    )
    last: int | None = connection.execute(take).scalar()
    if last is None:
        connection.execute(insert(case_numbers).values(name="case", last=0))
        return 0
    return last


def set_number(connection: Connection, last: int) -> None:
    connection.execute(update(case_numbers).where(case_numbers.c.name == "case").values(last=last))


def insert_cases(connection: Connection, records: Sequence[Record]) -> None:
    if records:
        connection.execute(insert(cases), [record.values() for record in records])


def update_cases(connection: Connection, changed: Sequence[tuple[Record, int]]) -> None:
    """Write records over the version that was read. Raises ChangedMeanwhile."""
    rows = [
        {name: getattr(record, name) for name in _changed}
        | {"b_no": record.no, "b_version": version}
        for record, version in changed
    ]
    if rows and connection.execute(_update, rows).rowcount != len(rows):
        raise ChangedMeanwhile(f"case:{rows[0]['b_no']}", no=rows[0]["b_no"], step="", actor="")


def insert_rows(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])


def mark_sources(connection: Connection, column: str, marks: Sequence[tuple[int, int]]) -> None:
    """Set ``cleared_at`` or ``withdrawn_at`` of sources: (id, instant)."""
    if marks:
        statement = (
            update(case_sources)
            .where(case_sources.c.id == bindparam("b_id"))
            .values({column: bindparam("b_at")})
        )
        connection.execute(statement, [{"b_id": key, "b_at": at} for key, at in marks])


def add_counts(connection: Connection, deltas: Mapping[tuple[str, int, str, bool], int]) -> None:
    rows = [
        {"class_code": code, "organisation": organisation, "kind": kind, "overdue": overdue}
        | {"count": delta}
        for (code, organisation, kind, overdue), delta in sorted(deltas.items())
        if delta
    ]
    if not rows:
        return
    connection.execute(_adding(connection.dialect.name), rows)


@cache
def _adding(dialect: str) -> Any:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(case_counts)
    return statement.on_conflict_do_update(
        index_elements=["class_code", "organisation", "kind", "overdue"],
        set_={"count": case_counts.c.count + statement.excluded["count"]},
    )


def move_sources(connection: Connection, came_from: int, to: int) -> int:
    """Give all sources of one case to another."""
    change = update(case_sources).where(case_sources.c.case == came_from).values(case=to)
    return connection.execute(change).rowcount


def take_back_sources(connection: Connection, came_to: int, holder: int) -> int:
    """The sources that first led to ``came_to`` leave ``holder`` and go back."""
    change = (
        update(case_sources)
        .where(case_sources.c.came_to == came_to, case_sources.c.case == holder)
        .values(case=came_to)
    )
    return connection.execute(change).rowcount


def tally(connection: Connection, no: int) -> dict[str, int]:
    """The columns of a case that count its sources."""
    one: Any = literal_column("1")
    finding = case_sources.c.kind.in_(SENSED)
    valid = case_sources.c.withdrawn_at.is_(None)
    query = select(
        func.count().label("sources"),
        func.count(one).filter(valid).label("valid_sources"),
        func.count(one).filter(finding).label("findings"),
        func.count(one)
        .filter(and_(finding, valid, case_sources.c.cleared_at.is_(None)))
        .label("live_findings"),
    ).where(case_sources.c.case == no)
    return dict(connection.execute(query).one()._mapping)


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    while part := list(islice(left, _CHUNK)):
        yield part
