"""The audit log: one line an action, in the action's own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from yiwang.security.tables import audit_log
from yiwang.store.statements import inserting

if TYPE_CHECKING:
    from yiwang.security.actions import Caller

_insert = inserting(audit_log)


def write(
    connection: Connection,
    caller: Caller,
    verb: str,
    outcome: str,
    subject: str,
    details: Mapping[str, Any],
) -> None:
    _insert.run(connection, line(caller, verb, outcome, subject, details))


def write_all(connection: Connection, lines: Sequence[dict[str, Any]]) -> None:
    _insert.many(connection, lines)


def line(
    caller: Caller, verb: str, outcome: str, subject: str, details: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "at": caller.clock.now(),
        "who": caller.identity.label,
        "verb": verb,
        "outcome": outcome,
        "subject": subject,
        "origin": caller.origin,
        "details": msgspec.json.encode(details).decode(),
    }


def page(
    connection: Connection,
    limit: int,
    before: int | None = None,
    subject: str = "",
    who: str = "",
) -> list[dict[str, Any]]:
    """Lines of the log, the newest first, those behind number ``before``."""
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    if subject:
        query = query.where(audit_log.c.subject == subject)
    if who:
        query = query.where(audit_log.c.who == who)
    return [
        {**row._mapping, "details": msgspec.json.decode(row.details)}
        for row in connection.execute(query)
    ]
