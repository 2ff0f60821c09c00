"""All SQL of declared sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from yiwang.sharing.sources.errors import NoSuchSource
from yiwang.sharing.sources.model import Source
from yiwang.sharing.sources.tables import share_sources


def source(connection: Connection, code: str) -> Source:
    """Raises NoSuchSource."""
    found = connection.execute(select(share_sources).where(share_sources.c.code == code)).first()
    if found is None:
        raise NoSuchSource(code, source=code)
    return _source(found)


def exists(connection: Connection, code: str) -> bool:
    query = select(share_sources.c.id).where(share_sources.c.code == code)
    return connection.execute(query).first() is not None


def hold(connection: Connection, code: str) -> None:
    """Until the transaction ends, whoever holds the same source waits."""
    query = select(share_sources.c.id).where(share_sources.c.code == code).with_for_update()
    connection.execute(query)


def listed(
    connection: Connection, organisation: int | None, all_: bool, after: str, limit: int
) -> list[Source]:
    """Sources by code, those behind a code: of one organisation, or all."""
    query = select(share_sources).order_by(share_sources.c.code).limit(limit)
    if after:
        query = query.where(share_sources.c.code > after)
    if not all_:
        query = query.where(share_sources.c.organisation == organisation)
    return [_source(row) for row in connection.execute(query)]


def add(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(share_sources).values(**values))


def change(connection: Connection, code: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(share_sources).where(share_sources.c.code == code).values(**values))


def remove(connection: Connection, code: str) -> None:
    connection.execute(delete(share_sources).where(share_sources.c.code == code))


def _source(row: Row[Any]) -> Source:
    return Source(
        row.id, row.code, row.name, row.organisation, row.kind, row.options, row.has_secret
    )
