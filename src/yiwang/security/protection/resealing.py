"""Stored values sealed anew with the current key: a batch at a time, beside everything else."""

from __future__ import annotations

from sqlalchemy import Column, Table, select

from yiwang.security.protection.sealing import FieldKeys
from yiwang.store.database import Database

BATCH = 500


def place(column: Column[str], row: object) -> str:
    """Where a value of a column stands: ``table.column:row``."""
    return f"{column.table.name}.{column.name}:{row}"


def reseal(database: Database, keys: FieldKeys, column: Column[str]) -> int:
    """Seal every value of a column with the current key; how many were. The table has a key of one
    column. What fails to open stops it, with the place; what is done stays done."""
    table = column.table
    assert isinstance(table, Table)
    (key,) = table.primary_key.columns
    done, last = 0, None
    while True:
        query = select(key, column).order_by(key).limit(BATCH)
        if last is not None:
            query = query.where(key > last)
        with database.write() as connection:
            rows = connection.execute(query).all()
            for number, sealed in rows:
                if sealed is not None and not keys.is_current(sealed):
                    where = place(column, number)
                    fresh = keys.seal(keys.open(sealed, where), where)
                    change = table.update().where(key == number).values({column.name: fresh})
                    connection.execute(change)
                    done += 1
        if len(rows) < BATCH:
            return done
        last = rows[-1][0]
