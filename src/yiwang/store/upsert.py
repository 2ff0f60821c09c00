"""Insert-or-update that reads the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection,
    table: Table,
    rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    update: Sequence[str] | None = None,
) -> None:
    """Insert rows; where ``keys`` exist already, overwrite ``update`` (all others by default;
    an empty list leaves the old row as it is)."""
    rows = [dict(rows)] if isinstance(rows, Mapping) else [dict(row) for row in rows]
    if not rows:
        return
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement: Any = build(table)
    changed = [name for name in rows[0] if name not in keys] if update is None else list(update)
    if changed:
        statement = statement.on_conflict_do_update(
            index_elements=list(keys), set_={name: statement.excluded[name] for name in changed}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    connection.execute(statement, rows)
