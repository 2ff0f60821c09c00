"""All SQL of imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from yiwang.cases.importing.tables import case_import_refused, case_import_rows, case_imports
from yiwang.cases.tables import cases


class Known(NamedTuple):
    """What is known of a key: its case, the import that brought it, whether it has ended."""

    case: int
    imported_by: int
    ended: bool


def unfinished(connection: Connection, source: str, digest: str) -> int | None:
    query = select(case_imports.c.id).where(
        case_imports.c.source == source,
        case_imports.c.digest == digest,
        case_imports.c.finished_at.is_(None),
    )
    number: int | None = connection.execute(query).scalar()
    return number


def begin(connection: Connection, source: str, file: str, digest: str, at: int) -> int:
    values = {"source": source, "file": file[-300:], "digest": digest, "started_at": at}
    made = insert(case_imports).values(**values).returning(case_imports.c.id)
    return int(connection.execute(made).scalar_one())


def finish(connection: Connection, number: int, at: int, report: Mapping[str, Any]) -> None:
    change = update(case_imports).where(case_imports.c.id == number)
    connection.execute(change.values(finished_at=at, report=dict(report)))


def known(connection: Connection, source: str) -> dict[str, Known]:
    columns = case_import_rows.c
    query = select(columns.key, columns.case, columns.imported_by, columns.ended)
    rows = connection.execute(query.where(columns.source == source))
    return {row.key: Known(row.case, row.imported_by, row.ended) for row in rows}


def put_rows(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(case_import_rows), [dict(row) for row in rows])


def end_rows(connection: Connection, source: str, ended: Mapping[str, bool | None]) -> None:
    """Closings taken over, by key, with what the other system says of each."""
    if ended:
        change = (
            update(case_import_rows)
            .where(case_import_rows.c.source == source, case_import_rows.c.key == bindparam("b_k"))
            .values(ended=True, on_time=bindparam("b_on_time"))
        )
        rows = [{"b_k": key, "b_on_time": on_time} for key, on_time in ended.items()]
        connection.execute(change, rows)


def put_refused(connection: Connection, number: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Instead of those that this import has refused before it was interrupted."""
    connection.execute(
        delete(case_import_refused).where(case_import_refused.c.imported_by == number)
    )
    if rows:
        connection.execute(
            insert(case_import_refused), [dict(row) | {"imported_by": number} for row in rows]
        )


def refused(connection: Connection, number: int, most: int = 1000) -> list[Row[Any]]:
    query = select(case_import_refused).where(case_import_refused.c.imported_by == number)
    return list(connection.execute(query.order_by(case_import_refused.c.row).limit(most)))


def outcomes(connection: Connection, source: str) -> list[Row[Any]]:
    """Every case of a source as it is now, with what the other system says of it."""
    mine, row = cases.c, case_import_rows.c
    query = select(
        row.key,
        row.on_time,
        mine.no,
        mine.class_code,
        mine.organisation,
        mine.kind,
        mine.limit_minutes,
        mine.overdue,
        mine.opened_at,
        mine.due_at,
        mine.closed_at,
    ).join(cases, mine.no == row.case)
    return list(connection.execute(query.where(row.source == source).order_by(mine.no)))
