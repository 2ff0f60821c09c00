"""All SQL of requests, grants and complaints. Other parts of sharing ask ``of``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from yiwang.sharing.grants.model import OPEN, WAITING, Grant, Terms
from yiwang.sharing.grants.tables import share_grants, share_requests
from yiwang.store.database import Instant, Key
from yiwang.store.statements import Statement

_GRANT = [share_grants.c[name] for name in Grant.__struct_fields__]
_terms = msgspec.json.Decoder(Terms).decode

_in_force = Statement(
    select(*_GRANT)
    .where(
        share_grants.c.organisation == bindparam("organisation_", 0, Key),
        share_grants.c.resource == bindparam("resource_", 0, Key),
        share_grants.c.ended_at.is_(None),
        share_grants.c.expires_at > bindparam("at_", 0, Instant),
    )
    .order_by(share_grants.c.id.desc())
)


_ending = Statement(
    select(*_GRANT)
    .where(
        share_grants.c.ended_at.is_(None),
        share_grants.c.warned_at.is_(None),
        share_grants.c.expires_at > bindparam("at_", 0, Instant),
        share_grants.c.expires_at < bindparam("until_", 0, Instant),
    )
    .order_by(share_grants.c.id)
    .limit(500)
)


@cache
def _late(table: Table) -> Statement:
    held = table.c
    open_ = held.state.in_((WAITING, OPEN))
    past = held.answer_by < bindparam("at_", 0, Instant)
    query = select(table).where(open_, past, held.escalated_at.is_(None))
    return Statement(query.order_by(held.id).limit(500))


def of(connection: Connection, organisation: int, resource: int, at: int) -> list[Grant]:
    """The grants in force of an organisation for a resource, the newest first."""
    given = {"organisation_": organisation, "resource_": resource, "at_": at}
    rows = _in_force.rows(connection, given)
    found = [dict(zip(Grant.__struct_fields__, row, strict=True)) for row in rows]
    return [Grant(**(one | {"terms": _terms(one["terms"])})) for one in found]


def grant(connection: Connection, id: int) -> Grant | None:
    row = connection.execute(select(*_GRANT).where(share_grants.c.id == id)).first()
    return None if row is None else read_row(row)


def read_row(row: Any) -> Grant:
    values = {name: getattr(row, name) for name in Grant.__struct_fields__}
    return Grant(**(values | {"terms": msgspec.convert(values["terms"], Terms)}))


def terms_in(row: Row[Any]) -> Terms:
    return msgspec.convert(row.terms, Terms)


def add(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row; its number."""
    given = dict(values)
    if isinstance(given.get("terms"), Terms):
        given["terms"] = msgspec.to_builtins(given["terms"])
    made = connection.execute(insert(table).values(**given)).inserted_primary_key
    return int(made[0])  # type: ignore[index]


def row(connection: Connection, table: Table, id: int) -> Row[Any] | None:
    return connection.execute(select(table).where(table.c.id == id)).first()


def change(connection: Connection, table: Table, id: int, still: Any, **values: Any) -> bool:
    """Change a row that is ``still`` so (a condition); whether it was."""
    if isinstance(values.get("terms"), Terms):
        values["terms"] = msgspec.to_builtins(values["terms"])
    wanted = update(table).where(table.c.id == id, still).values(**values)
    return connection.execute(wanted).rowcount == 1


def held_back(connection: Connection, organisation: int, resource: int) -> bool:
    """Whether a grant was taken back from an organisation or narrowed, and none given since."""
    query = select(share_grants.c.id).where(*_held_back(organisation, resource)).limit(1)
    return connection.execute(query).first() is not None


def let_go(connection: Connection, organisation: int, resource: int) -> None:
    """What was held back before is settled by a new grant."""
    wanted = update(share_grants).where(*_held_back(organisation, resource))
    connection.execute(wanted.values(held_back=False))


def _held_back(organisation: int, resource: int) -> tuple[ColumnElement[bool], ...]:
    held = share_grants.c
    return held.organisation == organisation, held.resource == resource, held.held_back


def waiting(connection: Connection, organisation: int, resource: int) -> bool:
    """Whether an organisation has a request for a resource that waits."""
    held = share_requests.c
    query = select(held.id).where(
        held.organisation == organisation, held.resource == resource, held.state == WAITING
    )
    return connection.execute(query.limit(1)).first() is not None


def page(
    connection: Connection,
    table: Table,
    sight: tuple[int | None, str],
    where: Mapping[str, Any],
    before: int | None,
    limit: int,
) -> list[Row[Any]]:
    """Rows, the newest first. ``sight``: the organisation that asks (None: sees all), and as
    what: ``user``, ``provider`` or, empty, both."""
    organisation, side = sight
    query = select(table).order_by(table.c.id.desc()).limit(limit)
    if organisation is not None:
        own: dict[str, ColumnElement[bool]] = {
            "user": table.c.organisation == organisation,
            "provider": table.c.provider == organisation,
        }
        query = query.where(own[side] if side else or_(*own.values()))
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    if before is not None:
        query = query.where(table.c.id < before)
    return list(connection.execute(query))


def late(connection: Connection, table: Table, at: int) -> list[Any]:
    """What waits for an answer past its day and was not escalated yet."""
    return _late(table).named(connection, {"at_": at})


def ending(connection: Connection, at: int, until: int) -> list[Grant]:
    """Grants in force that end before ``until`` and whose users were not told."""
    return [read_row(row) for row in _ending.named(connection, {"at_": at, "until_": until})]


def grants_of(connection: Connection, resource: int, at: int) -> list[Grant]:
    """Every grant in force for a resource."""
    held = share_grants.c
    query = select(*_GRANT).where(
        held.resource == resource, held.ended_at.is_(None), held.expires_at > at
    )
    return [read_row(row) for row in connection.execute(query.order_by(held.id))]
