"""All SQL of uses and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from yiwang.sharing.gateway.tables import share_alarms, share_uses
from yiwang.store.upsert import upsert

if TYPE_CHECKING:
    from yiwang.sharing.gateway.alarms import Alarm

_COUNTED = ("calls", "rows", "checks", "misses")


class Counts(msgspec.Struct):
    calls: int = 0
    rows: int = 0
    checks: int = 0
    misses: int = 0

    def add(self, other: Counts) -> None:
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def used(connection: Connection, grant: int, day: str) -> int:
    """Rows and answers of a day."""
    held = share_uses.c
    query = select(held["rows"] + held.checks).where(held.grant == grant, held.day == day)
    return int(connection.execute(query).scalar() or 0)


def add(connection: Connection, counts: Mapping[tuple[int, str], Counts]) -> None:
    """Add to what stands in the table."""
    for (grant, day), more in counts.items():
        held = share_uses.c
        query = select(share_uses).where(held.grant == grant, held.day == day)
        row = connection.execute(query).first()
        before = Counts(**{name: row._mapping[name] for name in _COUNTED}) if row else Counts()
        before.add(more)
        values = {"grant": grant, "day": day, **msgspec.structs.asdict(before)}
        upsert(connection, share_uses, values, ["grant", "day"])


def rows_of(connection: Connection, grant: int, first: str, last: str) -> int:
    """Rows that were read from one day to another."""
    held = share_uses.c
    query = select(func.coalesce(func.sum(held["rows"]), 0))
    query = query.where(held.grant == grant, held.day >= first, held.day <= last)
    return int(connection.execute(query).scalar_one())


def raised(connection: Connection, kind: str, day: str, grant: int | None, who: str) -> bool:
    held = share_alarms.c
    same = held.grant.is_(None) if grant is None else held.grant == grant
    query = select(held.id).where(held.kind == kind, held.day == day, same, held.who == who)
    return connection.execute(query.limit(1)).first() is not None


def add_alarm(connection: Connection, alarm: Alarm) -> int:
    values = {
        name: getattr(alarm, name)
        for name in ("kind", "at", "day", "organisation", "resource", "grant", "who")
    }
    made = connection.execute(
        insert(share_alarms).values(**values, details=dict(alarm.details))
    ).inserted_primary_key
    return int(made[0])  # type: ignore[index]


def alarms(connection: Connection, before: int | None, limit: int) -> list[Row[Any]]:
    query = select(share_alarms).order_by(share_alarms.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(share_alarms.c.id < before)
    return list(connection.execute(query))
