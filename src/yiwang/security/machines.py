"""Accounts of machines: each has one key, and no password that anybody knows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, update

from yiwang.kernel.ids import secret
from yiwang.security import errors
from yiwang.security.accounts import digest
from yiwang.security.tables import tokens, users


def give_key(
    connection: Connection, name: str, display: str, role: str, organisation: int | None, now: int
) -> str:
    """A new key for a machine, whose account is made where there is none; its former ones end.
    The key is returned once and never stored. Raises NameTaken where the name is somebody else's.
    """
    row = connection.execute(select(users).where(users.c.name == name)).first()
    if row is not None and list(row.roles) != [role]:
        raise errors.NameTaken(name=name)
    values = {"display": display[:128], "organisation": organisation, "active": True}
    if row is None:
        made = {"name": name, "password": "", "roles": [role], "grids": [], "created_at": now}
        connection.execute(insert(users).values(**made, **values))
    else:
        connection.execute(update(users).where(users.c.id == row.id).values(**values))
        end_keys(connection, name, now)
    user = select(users.c.id).where(users.c.name == name).scalar_subquery()
    value = secret()
    connection.execute(
        insert(tokens).values(digest=digest(value), user=user, label="node", created_at=now)
    )
    return value


def end_keys(connection: Connection, name: str, now: int) -> bool:
    """Whether there was a key that counts no more."""
    mine = select(users.c.id).where(users.c.name == name)
    ended = update(tokens).where(tokens.c.user.in_(mine), tokens.c.revoked_at.is_(None))
    return connection.execute(ended.values(revoked_at=now)).rowcount > 0


def key_times(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """When the key of each machine that has one was made."""
    found = (
        select(users.c.name, func.max(tokens.c.created_at))
        .join(tokens, tokens.c.user == users.c.id)
        .where(users.c.name.in_(names), tokens.c.revoked_at.is_(None))
        .group_by(users.c.name)
    )
    return {row[0]: int(row[1]) for row in connection.execute(found)}
