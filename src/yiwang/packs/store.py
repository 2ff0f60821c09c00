"""All SQL of packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from yiwang.kernel import clock
from yiwang.packs.tables import pack_history, packs
from yiwang.security.actions import Context
from yiwang.store.upsert import upsert


@dataclass(frozen=True)
class Row:
    pack: str
    version: str
    digest: str
    builtin: bool
    state: str
    errors: Sequence[Mapping[str, str]]
    accepted: Mapping[str, Any]
    changed_at: int


def rows(connection: Connection) -> dict[str, Row]:
    return {row.pack: Row(**row._mapping) for row in connection.execute(select(packs))}


def write(connection: Connection, row: Row) -> None:
    upsert(connection, packs, asdict(row), ["pack"])


def remove(connection: Connection, name: str) -> None:
    connection.execute(delete(packs).where(packs.c.pack == name))


def accept(connection: Connection, name: str, accepted: Mapping[str, Any]) -> None:
    """What the city agreed to, for a pack that is there already."""
    connection.execute(update(packs).where(packs.c.pack == name).values(accepted=dict(accepted)))


def note(ctx: Context, name: str, version: str, what: str, lines: Sequence[str]) -> None:
    ctx.connection.execute(
        insert(pack_history).values(
            pack=name,
            version=version,
            what=what,
            who=ctx.identity.label,
            at=ctx.now,
            difference=list(lines),
        )
    )


def history(connection: Connection, name: str) -> list[dict[str, Any]]:
    wanted = select(pack_history).where(pack_history.c.pack == name)
    return [
        {
            "version": row.version,
            "what": row.what,
            "who": row.who,
            "at": clock.render(row.at),
            "difference": row.difference,
        }
        for row in connection.execute(wanted.order_by(pack_history.c.id.desc()))
    ]
