"""SQL of sensing that is shared by its actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from yiwang.sensing.tables import id_counters
from yiwang.store.database import Json


def take_ids(connection: Connection, table: Table, count: int = 1) -> int:
    """The first of ``count`` new, consecutive ids for rows of ``table``.

    Belongs to the running transaction: when it is rolled back the ids are free again.
    """
    name = table.info.get("counter", table.name)
    own = id_counters.c.name == name
    last = connection.execute(select(id_counters.c.last).where(own).with_for_update()).scalar()
    if last is None:
        connection.execute(insert(id_counters).values(name=name, last=count))
        return 1
    connection.execute(update(id_counters).where(own).values(last=last + count))
    return int(last) + 1


class Ids(FunctionElement[int]):
    """Many numbers, to stand behind IN. Clause: a JSON array as text."""

    type = BigInteger()
    inherit_cache = True


@compiles(Ids, "sqlite")
def _ids_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **kw)}))"


@compiles(Ids)
def _ids(element: Any, compiler: Any, **kw: Any) -> str:
    array = f"translate({compiler.process(element.clauses, **kw)}, '[]', '{{}}')"
    return f"(SELECT unnest(CAST({array} AS bigint[])))"


def array(ids: Iterable[int]) -> str:
    """Numbers as a parameter of ``among``."""
    return msgspec.json.encode(list(ids)).decode()


def among(
    column: ColumnElement[Any], ids: BindParameter[Any] | Iterable[int]
) -> ColumnElement[bool]:
    """Whether a number is one of any number of others, which are given or are a parameter."""
    if not isinstance(ids, BindParameter):
        ids = bindparam(None, array(ids), Text)
    # An operator, for SQLite uses no index where a function is compared with true.
    return column.op("IN", is_comparison=True)(Ids(ids))


def fetch(
    connection: Connection, query: Select[Any], values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """All rows of a large query of plain columns, as the driver gives them: three times as
    fast as rows of SQLAlchemy, without its types."""
    result: Any = connection.execute(query, values)
    rows: list[tuple[Any, ...]] = result.cursor.fetchall()
    result.close()
    return rows


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert very many rows of plain columns, past SQLAlchemy and its types."""
    listed = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name != "postgresql":
        places = ", ".join("?" for _ in names)
        statement = f'INSERT INTO "{table.name}" ({listed}) VALUES ({places})'
        connection.exec_driver_sql(statement, [tuple(row) for row in rows])
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows that all name the same columns. PostgreSQL copies them in, which is
    five times as fast as its INSERT; columns not named stay NULL."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), list(rows))
        return
    names = list(rows[0])
    json = {name: kind for name in names if isinstance(kind := table.c[name].type, Json)}
    listed = ", ".join(f'"{name}"' for name in names)
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(
                [
                    json[name].process_bind_param(value, None) if name in json else value
                    for name, value in row.items()
                ]
            )
