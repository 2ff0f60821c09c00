"""What a fixture once wrote into an empty database, to be put into others as empty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from yiwang.store.database import Database, metadata


class Rows:
    """All rows of a database as its driver gives them, and how far its sequences are."""

    def __init__(self, database: Database) -> None:
        self._statements: list[tuple[str, list[tuple[Any, ...]]]] = []
        self._sequences: list[tuple[Any, ...]] = []
        with database.read() as connection:
            mark = "?" if database.is_sqlite else "%s"
            for table in metadata.sorted_tables:
                rows = _asked(connection, f'SELECT * FROM "{table.name}"')
                if rows:
                    marks = ", ".join([mark] * len(rows[0]))
                    insert = f'INSERT INTO "{table.name}" VALUES ({marks})'
                    self._statements.append((insert, rows))
            if not database.is_sqlite:
                used = "SELECT last_value, sequencename FROM pg_sequences WHERE last_value > 0"
                self._sequences = _asked(connection, used)

    def put(self, database: Database) -> None:
        """Rows of one table come in the order in which they lay, a child before its parent too."""
        with database.write() as connection:
            cursor = connection.connection.cursor()
            late = "PRAGMA defer_foreign_keys = ON"
            cursor.execute(late if database.is_sqlite else _UNCHECKED)
            for statement, rows in self._statements:
                cursor.executemany(statement, rows)
            for value, name in self._sequences:
                cursor.execute(f"SELECT setval('\"{name}\"', {value})")
            cursor.close()


_UNCHECKED = "SET LOCAL session_replication_role = replica"


def _asked(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(query)]
