"""All SQL of opening."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, or_, select, update

from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.files import store as files
from yiwang.sharing.files.model import Version
from yiwang.sharing.opening import model
from yiwang.sharing.opening.model import Opening, Public
from yiwang.sharing.opening.tables import (
    share_open_uses,
    share_openings,
    share_ratings,
    share_wishes,
)
from yiwang.store.upsert import upsert

_COUNTED = ("views", "downloads", "calls")


def opening(connection: Connection, resource: int) -> Opening | None:
    """The release in force of a resource."""
    held = share_openings.c
    query = select(share_openings).where(held.resource == resource, held.withdrawn_at.is_(None))
    row = connection.execute(query.order_by(held.id.desc()).limit(1)).first()
    return None if row is None else _opening(row)


def public(connection: Connection, resource: int) -> Public | None:
    """A resource as everybody sees it; None where it is not open."""
    held = opening(connection, resource)
    found = None if held is None else catalogue.find(connection, resource)
    if held is None or found is None:
        return None
    return model.public(found, held, files.opened(connection, held.id))


def every(connection: Connection) -> list[Public]:
    """Everything that is open, the newest release first."""
    held = share_openings.c
    query = select(share_openings).where(held.withdrawn_at.is_(None)).order_by(held.id.desc())
    newest: dict[int, Opening] = {}
    for row in connection.execute(query):
        newest.setdefault(row.resource, _opening(row))
    resources = catalogue.with_items(connection, catalogue.some(connection, list(newest)))
    by_number = {one.id: one for one in resources}
    of: dict[int | None, list[Version]] = {}
    for version in files.opened(connection):
        of.setdefault(version.opening, []).append(version)
    found = [
        model.public(by_number[number], one, of.get(one.id, ())) for number, one in newest.items()
    ]
    return [one for one in found if one is not None]


def by_name(connection: Connection, name: str) -> Public | None:
    """By the name of addresses, by the code or by the number, as text."""
    held, of = share_openings.c, share_resources.c
    code = func.lower(of.code) == name.lower().replace("-", "/")
    number = [of.id == int(name)] if name.isascii() and name.isdigit() and len(name) < 16 else []
    query = (
        select(of.id)
        .join(share_openings, held.resource == of.id)
        .where(held.withdrawn_at.is_(None), or_(code, *number))
    )
    found = connection.execute(query.limit(1)).scalar()
    return None if found is None else public(connection, found)


def release(connection: Connection, values: Mapping[str, Any]) -> int:
    made = connection.execute(insert(share_openings).values(**values)).inserted_primary_key
    return int(made[0])  # type: ignore[index]


def withdraw(connection: Connection, resource: int, values: Mapping[str, Any]) -> int:
    """End every release of a resource that is in force; how many there were."""
    held = share_openings.c
    wanted = update(share_openings).where(held.resource == resource, held.withdrawn_at.is_(None))
    return connection.execute(wanted.values(**values)).rowcount


def releases(connection: Connection, resource: int) -> list[Row[Any]]:
    """Every release of a resource, the newest first."""
    held = share_openings.c
    query = select(share_openings).where(held.resource == resource).order_by(held.id.desc())
    return list(connection.execute(query))


def add_uses(connection: Connection, resource: int, day: str, more: Mapping[str, int]) -> None:
    held = share_open_uses.c
    query = select(share_open_uses).where(held.resource == resource, held.day == day)
    row = connection.execute(query).first()
    before = row._mapping if row else dict.fromkeys(_COUNTED, 0)
    values = {name: before[name] + more.get(name, 0) for name in _COUNTED}
    upsert(
        connection,
        share_open_uses,
        {"resource": resource, "day": day, **values},
        ["resource", "day"],
    )


def uses(connection: Connection, resource: int) -> dict[str, int]:
    """How often a resource was looked at, downloaded and called, all together."""
    held = share_open_uses.c
    sums = [func.coalesce(func.sum(held[name]), 0) for name in _COUNTED]
    row = connection.execute(select(*sums).where(held.resource == resource)).one()
    return dict(zip(_COUNTED, map(int, row), strict=True))


def rate(connection: Connection, values: Mapping[str, Any]) -> None:
    upsert(connection, share_ratings, values, ["resource", "who"])


def ratings(connection: Connection, resource: int) -> list[Row[Any]]:
    held = share_ratings.c
    query = select(share_ratings).where(held.resource == resource).order_by(held.at.desc())
    return list(connection.execute(query))


def add_wish(connection: Connection, values: Mapping[str, Any]) -> int:
    made = connection.execute(insert(share_wishes).values(**values)).inserted_primary_key
    return int(made[0])  # type: ignore[index]


def wish(connection: Connection, id: int) -> Row[Any] | None:
    return connection.execute(select(share_wishes).where(share_wishes.c.id == id)).first()


def answer_wish(connection: Connection, id: int, values: Mapping[str, Any]) -> bool:
    held = share_wishes.c
    wanted = update(share_wishes).where(held.id == id, held.state == "open")
    return connection.execute(wanted.values(**values)).rowcount == 1


def wishes(connection: Connection, before: int | None, limit: int) -> list[Row[Any]]:
    query = select(share_wishes).order_by(share_wishes.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(share_wishes.c.id < before)
    return list(connection.execute(query))


def _opening(row: Row[Any]) -> Opening:
    values = {name: row._mapping[name] for name in Opening.__struct_fields__}
    return msgspec.convert(values | {"columns": tuple(values["columns"])}, Opening)
