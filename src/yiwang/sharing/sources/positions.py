"""How far an exchange has come, kept in the target: rows and position are one transaction."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, MetaData, String, Table, Text, delete, insert, select

NAME = "yiwang_exchange_position"


class Position(msgspec.Struct, frozen=True):
    """``batch``: batches that are in; ``after``: what the next one comes behind, as the source
    understands it; ``tally``: rows by what became of them, up to here; ``by``: source and column
    of the first of ``after``, where a later run may begin behind it."""

    run: str
    batch: int
    after: Any = None
    tally: dict[str, int] = {}
    by: str = ""


@lru_cache
def _table(schema: str | None) -> Table:
    return Table(
        NAME,
        MetaData(schema=schema),
        Column("job", String(100), primary_key=True),
        Column("position", Text, nullable=False),
    )


def ensure(connection: Connection, schema: str | None = None) -> None:
    """Make the table of positions where there is none."""
    _table(schema).create(connection, checkfirst=True)


def find(
    connection: Connection, job: str, schema: str | None = None, lock: bool = False
) -> Position | None:
    """``lock``: nobody else moves it until the transaction ends."""
    table = _table(schema)
    query = select(table.c.position).where(table.c.job == job)
    found = connection.execute(query.with_for_update() if lock else query).scalar()
    return None if found is None else msgspec.json.decode(found, type=Position)


def put(connection: Connection, job: str, position: Position, schema: str | None = None) -> None:
    drop(connection, job, schema)
    body = msgspec.json.encode(position).decode()
    connection.execute(insert(_table(schema)).values(job=job, position=body))


def drop(connection: Connection, job: str, schema: str | None = None) -> None:
    table = _table(schema)
    connection.execute(delete(table).where(table.c.job == job))
