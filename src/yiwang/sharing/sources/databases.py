"""Sources that are databases: PostgreSQL, MySQL and MariaDB, SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Text, cast, func, inspect, literal, select, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy import types as sql
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from yiwang.sharing.sources import arrays, copying, reading
from yiwang.sharing.sources.errors import NoSuchTable, SourceUnreachable
from yiwang.sharing.sources.model import Column, Condition, Order, Shape
from yiwang.sharing.sources.reading import SIZE, Refused

_MEMO = 254
"""Longer texts are memos (备注型)."""


class SqlReader:
    """A database of a department, opened for reading only."""

    ordered = True

    def __init__(self, engine: Engine, schema: str | None = None) -> None:
        self.engine = engine
        self.schema = schema
        self._shapes: dict[str, Shape] = {}

    @property
    def dialect(self) -> str:
        return "mysql" if self.engine.dialect.name == "mariadb" else self.engine.dialect.name

    def tables(self) -> list[str]:
        with self._asking():
            found = inspect(self.engine)
            return sorted(found.get_table_names(self.schema) + found.get_view_names(self.schema))

    def shape(self, table: str, samples: int = 3) -> Shape:
        with self._asking():
            shape = self._shape(table)
            with self.engine.connect() as connection:
                rows = _estimate(connection, self.dialect, table, self.schema)
                some = self._samples(connection, shape, samples) if samples else {}
        return Shape(shape.table, shape.columns, shape.key, shape.comment, rows, some)

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
        refused: Refused | None = None,
    ) -> Iterator[Any]:
        with self._asking():
            shape = self._shape(table)
        wanted = reading.chosen(shape, columns)
        query = self._query(shape, wanted, where, order, after)
        with self._asking(), self.engine.connect() as connection:
            if self.dialect == "postgresql":
                yield from copying.batches(connection, query, wanted, size)
                return
            streamed = connection.execution_options(stream_results=True, max_row_buffer=size)
            for rows in streamed.execute(query).partitions(size):
                yield arrays.batch_of(rows, wanted)

    def close(self) -> None:
        self.engine.dispose()

    def selecting(self, shape: Shape, wanted: Sequence[Column], where: Sequence[Condition]) -> Any:
        """The statement that reads some columns of a table."""
        return self._query(shape, wanted, where, (), None)

    def _query(
        self,
        shape: Shape,
        wanted: Sequence[Column],
        where: Sequence[Condition],
        order: Sequence[Order],
        after: Sequence[Any] | None,
    ) -> Any:
        query = self._narrowed(shape, select(*(self._read(one) for one in wanted)), where)
        columns = _columns(shape)
        shape = self._comparing(shape)
        if order:
            query = query.order_by(*reading.ordering(shape, order, columns, self.dialect))
        if after is not None:
            args = (shape, order, after, columns, self.dialect, literal_)
            query = query.where(reading.behind(*args))
        return query

    def _narrowed(self, shape: Shape, query: Any, where: Sequence[Condition]) -> Any:
        query = query.select_from(sql_table(shape.table, schema=self.schema))
        shape = self._comparing(shape)
        found = reading.clauses(shape, where, _columns(shape), self.dialect, literal_)
        return query.where(*found)

    def _comparing(self, shape: Shape) -> Shape:
        """SQLite compares dates and times as the texts that they are."""
        if self.dialect != "sqlite":
            return shape
        columns = tuple(
            replace(one, type="C") if one.type in "DT" else one for one in shape.columns
        )
        return replace(shape, columns=columns)

    def _read(self, column: Column) -> Any:
        """How a column is asked for: what a driver would refuse to make a value of comes as the
        database writes it."""
        found: Any = sql_column(column.name)
        if self.dialect == "sqlite" or column.type == "G":
            return found
        if self.dialect == "mysql" and column.type in "DT":
            return cast(found, sql.CHAR).label(column.name)
        if self.dialect == "postgresql" and column.type in "CMDT":
            return cast(found, Text).label(column.name)
        if column.type == "N" and column.length is None and column.scale is None:
            return cast(found, Text if self.dialect == "postgresql" else sql.CHAR).label(
                column.name
            )
        return found

    def _shape(self, table: str) -> Shape:
        if table not in self._shapes:
            self._shapes[table] = self._reflected(table)
        return self._shapes[table]

    def _reflected(self, table: str) -> Shape:
        found = inspect(self.engine)
        try:
            infos = found.get_columns(table, self.schema)
        except NoSuchTableError:
            raise NoSuchTable(table, table=table) from None
        key = found.get_pk_constraint(table, self.schema).get("constrained_columns") or []
        columns = tuple(_column(one, one["name"] in key) for one in infos)
        required = {one.name for one in columns if one.required}
        if not key:
            unique = found.get_unique_constraints(table, self.schema)
            named = [one["column_names"] for one in unique if required >= set(one["column_names"])]
            key = next((list(filter(None, names)) for names in named), [])
        return Shape(table, columns, tuple(key), _comment(found, table, self.schema))

    def _samples(self, connection: Connection, shape: Shape, most: int) -> dict[str, Any]:
        query = self._query(shape, shape.columns, (), (), None).limit(most)
        rows = connection.execute(query).all()
        found: dict[str, Any] = {}
        for place, one in enumerate(shape.columns):
            values = (row[place] for row in rows if row[place] is not None)
            found[one.name] = tuple(dict.fromkeys(_shown(value) for value in values))
        return found

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            reason = str(getattr(error, "orig", None) or error).strip()
            raise SourceUnreachable(reason=reason[:500]) from error


def literal_(name: str, value: Any) -> Any:
    return literal(value)


def _shown(value: Any) -> str:
    text_ = value.hex() if isinstance(value, bytes) else str(value)
    return text_ if len(text_) <= 80 else text_[:79] + "…"


def _columns(shape: Shape) -> dict[str, Any]:
    return {one.name: sql_column(one.name) for one in shape.columns}


def _comment(found: Any, table: str, schema: str | None) -> str:
    try:
        return found.get_table_comment(table, schema)["text"] or ""
    except NotImplementedError:
        return ""


def _column(info: Any, in_key: bool) -> Column:
    code, length, scale = _type(info["type"])
    required = in_key or not info["nullable"]
    return Column(info["name"], code, length, scale, required, info.get("comment") or "")


def _type(found: Any) -> tuple[str, int | None, int | None]:
    """The guide's code, length and scale of a database's type."""
    if isinstance(found, sql.Boolean):
        return "L", None, None
    if isinstance(found, sql.Integer):
        digits = 20 if getattr(found, "unsigned", False) else None
        return "N", digits, 0
    if isinstance(found, sql.Float):
        return "N", 15, None
    if isinstance(found, sql.Numeric):
        return "N", found.precision, found.scale if found.precision is not None else None
    if isinstance(found, sql.DateTime):
        return "T", None, None
    if isinstance(found, sql.Date):
        return "D", None, None
    if isinstance(found, sql.LargeBinary | sql._Binary):
        return "G", None, None
    if isinstance(found, sql.JSON) or not isinstance(found, sql.String):
        return "M" if isinstance(found, sql.JSON) else "C", None, None
    long = isinstance(found, sql.Text) or (found.length or 0) > _MEMO
    return "M" if long else "C", found.length if not isinstance(found, sql.Text) else None, None


_ROWS = {
    "postgresql": "SELECT reltuples::bigint FROM pg_class c JOIN pg_namespace n "
    "ON n.oid = c.relnamespace WHERE c.relname = :table "
    "AND n.nspname = coalesce(:schema, current_schema())",
    "mysql": "SELECT table_rows FROM information_schema.tables WHERE table_name = :table "
    "AND table_schema = coalesce(:schema, database())",
}


def _estimate(connection: Connection, dialect: str, table: str, schema: str | None) -> int | None:
    """How many rows the database believes a table to have; a small one is counted."""
    if dialect in _ROWS:
        found = connection.execute(text(_ROWS[dialect]), {"table": table, "schema": schema})
        rows = found.scalar()
        return None if rows is None or rows < 0 else int(rows)
    few = select(literal(1)).select_from(sql_table(table)).limit(100_001).subquery()
    counted = int(connection.execute(select(func.count()).select_from(few)).scalar_one())
    return counted if counted <= 100_000 else None
