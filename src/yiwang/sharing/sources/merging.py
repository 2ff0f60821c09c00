"""Writing batches into tables by key, so that doing it twice changes nothing the second time.

All of a call happens in the caller's transaction.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv
from sqlalchemy import Connection

from yiwang.sharing.sources.model import Column

Encoded = Callable[[Any, Column], list[Any]]
"""An array as values that SQLite's or MySQL's driver takes."""


def plain(array: Any, column: Column) -> list[Any]:
    """Values for a table that is not ours: exact numbers and times as SQLite itself writes them."""
    return [_plain(value) for value in array.to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True)
class Target:
    """A table that is written to. ``key``: the columns by which a row is found again. ``stored``
    gives the table and a batch as they lie in the database, where that differs; ``uncompared``:
    columns in which a row may differ and be the same."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    schema: str | None = None
    encoded: Encoded = plain
    stored: Callable[[Target, Any], tuple[Target, Any]] | None = None
    uncompared: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.columns]

    @property
    def others(self) -> list[str]:
        return [name for name in self.names if name not in self.key]


def merge(connection: Connection, target: Target, batch: Any) -> int:
    """Insert the rows of a batch, in which no key comes twice, or change those that are there and
    differ. Returns how many were inserted or changed; the rest was there as it is."""
    if not batch.num_rows:
        return 0
    if target.stored is not None:
        target, batch = target.stored(target, batch)
    return _MERGES[connection.dialect.name](connection, target, batch)


def remove(connection: Connection, target: Target, keys: Any) -> int:
    """Delete the rows with the keys of a batch. Returns how many there were."""
    if not keys.num_rows:
        return 0
    sql = _Sql(connection, target)
    mark = _mark(connection)
    same = " AND ".join(f"{sql.quoted(name)} = {mark}" for name in target.key)
    statement = f"DELETE FROM {sql.table} WHERE {same}"
    rows = _rows(keys.select(list(target.key)), target)
    return _many(connection, statement, rows)


def stage_keys(connection: Connection, target: Target, store: str, keys: Any) -> None:
    """Note keys in a table ``store`` beside the target; those that stand there stay."""
    sql = _Sql(connection, target)
    columns, mark = sql.listed(target.key), _mark(connection)
    held = sql.named(store)
    values = ", ".join([mark] * len(target.key))
    end = "" if connection.dialect.name in _MYSQL else " ON CONFLICT DO NOTHING"
    verb = "INSERT IGNORE" if connection.dialect.name in _MYSQL else "INSERT"
    statement = f"{verb} INTO {held} ({columns}) VALUES ({values}){end}"
    _many(connection, statement, _rows(keys.select(list(target.key)), target))


def open_keys(connection: Connection, target: Target, store: str) -> None:
    """Make the table of ``stage_keys`` where it is not there."""
    sql = _Sql(connection, target)
    held, columns = sql.named(store), sql.listed(target.key)
    chosen = f"SELECT {columns} FROM {sql.table} WHERE 1 = 0"
    if connection.dialect.name in _MYSQL:
        made = f"CREATE TABLE IF NOT EXISTS {held} (PRIMARY KEY ({columns})) {chosen}"
        connection.exec_driver_sql(made)
        return
    connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {held} AS {chosen}")
    index = sql.quoted(f"{store}_key")
    connection.exec_driver_sql(f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {held} ({columns})")


def close_keys(connection: Connection, target: Target, store: str) -> None:
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_Sql(connection, target).named(store)}")


def remove_unstaged(connection: Connection, target: Target, store: str) -> int:
    """Delete the rows whose keys are not in ``store``. Returns how many there were."""
    sql = _Sql(connection, target)
    held = sql.named(store)
    same = " AND ".join(
        f"{held}.{sql.quoted(name)} = {sql.table}.{sql.quoted(name)}" for name in target.key
    )
    statement = f"DELETE FROM {sql.table} WHERE NOT EXISTS (SELECT 1 FROM {held} WHERE {same})"
    return int(connection.exec_driver_sql(statement).rowcount)


class _Sql:
    """The names of a target, quoted for one kind of database."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._prepare = connection.dialect.identifier_preparer
        self._schema = target.schema
        self.target = target

    @property
    def table(self) -> str:
        return self.named(self.target.table)

    def quoted(self, name: str) -> str:
        """Always quoted; a per cent sign is one of the drivers' marks."""
        return self._prepare.quote_identifier(name).replace("%%", "%").replace("%", "%%")

    def named(self, table: str) -> str:
        quoted = self.quoted(table)
        return f"{self.quoted(self._schema)}.{quoted}" if self._schema else quoted

    def listed(self, names: Sequence[str]) -> str:
        return ", ".join(self.quoted(name) for name in names)


_MYSQL = ("mysql", "mariadb")


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _rows(batch: Any, target: Target) -> list[tuple[Any, ...]]:
    columns = {one.name: one for one in target.columns}
    across = [
        target.encoded(array, columns[name])
        for name, array in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return list(zip(*across, strict=True))


def _many(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> int:
    driver = connection.connection.dbapi_connection
    cursor: Any = driver.cursor()  # type: ignore[union-attr]
    try:
        plain_ = connection.dialect.name == "sqlite"
        cursor.executemany(statement.replace("%%", "%") if plain_ else statement, rows)
        return max(int(cursor.rowcount), 0)
    finally:
        cursor.close()


def _merge_sqlite(connection: Connection, target: Target, batch: Any) -> int:
    sql = _Sql(connection, target)
    marks = ", ".join("?" * len(target.columns))
    statement = f"INSERT INTO {sql.table} ({sql.listed(target.names)}) VALUES ({marks}) "
    statement += _conflict(sql, "IS NOT")
    return _many(connection, statement, _rows(batch.select(target.names), target))


def _conflict(sql: _Sql, differs: str) -> str:
    target = sql.target
    head = f"ON CONFLICT ({sql.listed(target.key)}) DO "
    if not target.others:
        return head + "NOTHING"
    names = [sql.quoted(name) for name in target.others]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names)
    names = [sql.quoted(name) for name in target.others if name not in target.uncompared]
    some = " OR ".join(f"{sql.table}.{name} {differs} excluded.{name}" for name in names)
    return f"{head}UPDATE SET {changed} WHERE {some}"


def _merge_postgresql(connection: Connection, target: Target, batch: Any) -> int:
    sql = _Sql(connection, target)
    stage, columns = sql.quoted(_stage(target)), sql.listed(target.names)
    if _is_apart(connection, sql, batch) and _copied_straight(connection, sql, batch):
        return int(batch.num_rows)
    chosen = f"SELECT {columns} FROM {sql.table} WITH NO DATA"
    _exists_quietly(connection)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS AS {chosen}"
    )
    connection.exec_driver_sql(f"DELETE FROM {stage}")
    _copied(connection, stage, sql, batch)
    statement = f"INSERT INTO {sql.table} ({columns}) SELECT {columns} FROM {stage} "
    statement += _conflict(sql, "IS DISTINCT FROM")
    return int(connection.exec_driver_sql(statement).rowcount)


def _is_apart(connection: Connection, sql: _Sql, batch: Any) -> bool:
    """Whether the table has no row between the first and the last key of a batch: so it is where
    rows come for the first time, in the order of their keys."""
    key = list(sql.target.key)
    table = pa.Table.from_batches([batch.select(key)])
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in key])
    first, last = (table.slice(order[end].as_py(), 1).to_pylist()[0] for end in (0, -1))
    marks = ", ".join(["%s"] * len(key))
    held = f"({sql.listed(key)})"
    query = f"SELECT 1 FROM {sql.table} WHERE {held} >= ({marks}) AND {held} <= ({marks}) LIMIT 1"
    values = tuple(row[name] for row in (first, last) for name in key)
    return connection.exec_driver_sql(query, values).first() is None


def _copied_straight(connection: Connection, sql: _Sql, batch: Any) -> bool:
    """Copy a batch into the table itself, which spares writing it twice; False, and nothing done,
    where the table does not take it so."""
    driver: Any = connection.dialect.loaded_dbapi
    try:
        with connection.begin_nested():
            _copied(connection, sql.table, sql, batch)
        return True
    except (driver.IntegrityError, driver.NotSupportedError):
        return False


def _copied(connection: Connection, table: str, sql: _Sql, batch: Any) -> None:
    names = sql.target.names
    cursor: Any = connection.connection.cursor()
    try:
        loading = f"COPY {table} ({sql.listed(names)}) FROM STDIN (FORMAT csv)"
        with cursor.copy(loading.replace("%%", "%")) as copy:
            copy.write(_separated(batch.select(names)))
    finally:
        cursor.close()


def _exists_quietly(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL client_min_messages = warning")


def _separated(batch: Any) -> bytes:
    """CSV as COPY reads it: what is empty without quotes is null."""
    arrays = [_hex(one) if pa.types.is_binary(one.type) else one for one in batch.columns]
    made = pa.RecordBatch.from_arrays(arrays, batch.schema.names)
    held = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    pa_csv.write_csv(made, held, options)
    return held.getvalue()


def _hex(array: Any) -> Any:
    values = array.to_pylist()
    return pa.array([None if one is None else "\\x" + one.hex() for one in values], pa.string())


def _stage(target: Target) -> str:
    """A name of its own for each target and its columns."""
    told = "\0".join([target.schema or "", target.table, *target.names])
    return "yiwang_stage_" + blake2b(told.encode(), digest_size=8).hexdigest()


def _merge_mysql(connection: Connection, target: Target, batch: Any) -> int:
    """Not by ON DUPLICATE KEY, which would change another row that shares another unique value."""
    sql = _Sql(connection, target)
    stage, columns = sql.quoted(_stage(target)), sql.listed(target.names)
    chosen = f"SELECT {columns} FROM {sql.table} WHERE 1 = 0"
    key = sql.listed(target.key)
    made = f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} (PRIMARY KEY ({key})) {chosen}"
    connection.exec_driver_sql(made)
    connection.exec_driver_sql(f"DELETE FROM {stage}")
    marks = ", ".join(["%s"] * len(target.columns))
    loading = f"INSERT INTO {stage} ({columns}) VALUES ({marks})"
    _many(connection, loading, _rows(batch.select(target.names), target))
    same = " AND ".join(f"t.{sql.quoted(one)} = s.{sql.quoted(one)}" for one in target.key)
    changed = 0
    if target.others:
        names = [sql.quoted(name) for name in target.others]
        given = ", ".join(f"t.{name} = s.{name}" for name in names)
        equal = " AND ".join(f"BINARY t.{name} <=> BINARY s.{name}" for name in names)
        statement = f"UPDATE {sql.table} t JOIN {stage} s ON {same} SET {given} WHERE NOT ({equal})"
        changed = int(connection.exec_driver_sql(statement).rowcount)
    first = sql.quoted(target.key[0])
    listed = ", ".join(f"s.{sql.quoted(name)}" for name in target.names)
    absent = f"SELECT {listed} FROM {stage} s LEFT JOIN {sql.table} t ON {same}"
    statement = f"INSERT INTO {sql.table} ({columns}) {absent} WHERE t.{first} IS NULL"
    return changed + int(connection.exec_driver_sql(statement).rowcount)


_MERGES: dict[str, Callable[[Connection, Target, Any], int]] = {
    "sqlite": _merge_sqlite,
    "postgresql": _merge_postgresql,
    "mysql": _merge_mysql,
    "mariadb": _merge_mysql,
}


def unique(batch: Any, key: Sequence[str]) -> tuple[Any, list[int]]:
    """The batch with the first row of each key, and the places of the others."""
    table = pa.Table.from_batches([batch]).select(list(key))
    table = table.append_column("__place", pa.array(range(batch.num_rows), pa.int64()))
    first = table.group_by(list(key), use_threads=False).aggregate([("__place", "min")])
    if first.num_rows == batch.num_rows:
        return batch, []
    kept = set(first.column("__place_min").to_pylist())
    repeated = [place for place in range(batch.num_rows) if place not in kept]
    mask = pc.invert(pc.is_in(pa.array(range(batch.num_rows)), pa.array(repeated)))
    return batch.filter(mask), repeated
