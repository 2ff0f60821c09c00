"""The audit log: one line an action, in the action's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, insert

from yiwang.security.tables import audit_log

if TYPE_CHECKING:
    from yiwang.security.actions import Caller


def write(
    connection: Connection,
    caller: Caller,
    verb: str,
    outcome: str,
    subject: str,
    details: Mapping[str, Any],
) -> None:
    connection.execute(
        insert(audit_log).values(
            at=caller.clock.now(),
            who=caller.identity.label,
            verb=verb,
            outcome=outcome,
            subject=subject,
            origin=caller.origin,
            details=msgspec.json.encode(details).decode(),
        )
    )
