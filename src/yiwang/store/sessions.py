"""Which processes still have sessions at the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, func, select

from yiwang.store.database import Database

_KEYS = {"writer": 7_992_654, "feeder": 7_992_655}
"""Of advisory locks; PostgreSQL has them apart for each of its databases."""


def announce(database: Database, process: str) -> None:
    """From now on every session of this process can be waited for."""

    def hold(connection: Any, _record: object) -> None:
        connection.execute("SELECT pg_advisory_lock_shared(%s)", [_KEYS[process]])
        connection.commit()

    if not database.is_sqlite:
        event.listen(database.engine, "connect", hold)


def wait_until_gone(database: Database, process: str) -> None:
    """Until the sessions of a process that has ended are over, and with them what it left to be
    committed: else its events could get their numbers before others and be seen after them. A
    writer of SQLite waits for that by itself, and the system ends it with the process."""
    if not database.is_sqlite:
        with database.read() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_KEYS[process])))
