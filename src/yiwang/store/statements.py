"""Statements that are compiled once and run past SQLAlchemy, which takes ten times as long over
a row that is found by its key as the database does."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import psycopg
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Dialect,
    Insert,
    Select,
    Table,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

from yiwang.store.database import Json, as_json, begin_reading, from_json

T = TypeVar("T")
Rows = list[tuple[Any, ...]]
_Change = Callable[[Any], Any]
_MOST_LISTED = 512
"""Values in one ``in``."""
_MARK = re.compile(r"%\(([^)]+)\)s|%%")


class _Compiled(NamedTuple):
    """``order`` puts parameters as the driver takes them; ``values`` are those that need not be
    given. ``into`` and ``out_of``: what has to be converted on the way in and out, by place."""

    text: str
    order: _Change
    values: dict[str, Any]
    into: tuple[tuple[int, _Change], ...]
    out_of: tuple[tuple[int, _Change], ...]

    def parameters(self, given: Mapping[str, Any]) -> Any:
        try:
            ordered = self.order(given)
        except KeyError:
            ordered = self.order({**self.values, **given})
        return _changed(ordered, self.into) if self.into else ordered


class _Kept:
    """A statement with one text for each kind of database."""

    def __init__(self, made: Callable[[str], Any]) -> None:
        self._made = made
        self._compiled: dict[str, _Compiled] = {}

    def for_(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            made = self._made(dialect.name)
            compiled = self._compiled[dialect.name] = _compile(made, dialect)
        return compiled


class Statement:
    """A select, run inside of ``Database.read`` or ``write`` with other values for its
    parameters. Each of these has a value of its own, which stands where none is given, and a
    type that needs no conversion."""

    def __init__(self, chosen: Select[Any]) -> None:
        self._kept = _Kept(lambda _: chosen)
        self._names = chosen.selected_columns.keys

    @cached_property
    def _row(self) -> Any:
        """Makes a row of its values; to call the class itself takes twice as long."""
        return partial(tuple.__new__, namedtuple("Row", self._names()))

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """All rows as the driver gives them: JSON as text, and a truth of SQLite as 0 or 1.
        Raises what SQLAlchemy raises."""
        compiled = self._kept.for_(connection.dialect)
        found: Rows = _run(connection, compiled, values).fetchall()
        return found

    def records(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """All rows as SQLAlchemy gives them, but as plain tuples; parameters may be of any
        type."""
        compiled = self._kept.for_(connection.dialect)
        found: Rows = _run(connection, compiled, values).fetchall()
        return _converted(found, compiled.out_of) if compiled.out_of else found

    def named(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """``records`` whose values are reached by the names of their columns."""
        compiled = self._kept.for_(connection.dialect)
        found: Rows = _run(connection, compiled, values).fetchall()
        return _converted(found, compiled.out_of, self._row)

    def alone(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """``records`` by a statement that sees one state of its own: on SQLite, where nothing was
        read before it in its transaction, none is begun."""
        compiled = self._kept.for_(connection.dialect)
        found: Rows = _run(connection, compiled, values, begun=False).fetchall()
        return _converted(found, compiled.out_of) if compiled.out_of else found

    def value(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row; None where there is none."""
        found = self.rows(connection, values)
        return found[0][0] if found else None


class Among:
    """A select of the rows in which a column has one of some values, however many: a kept
    statement for each power of two of them, and several of the longest."""

    def __init__(self, chosen: Select[Any], column: ColumnElement[Any]) -> None:
        self._chosen = chosen
        self._column = column
        self._statements: dict[int, Statement] = {}

    def records(
        self, connection: Connection, among: Iterable[Any], values: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """As those of ``Statement``; an order holds within as many as one statement asks for."""
        for statement, given in self._parts(among, values or {}):
            yield from statement.records(connection, given)

    def named(
        self, connection: Connection, among: Iterable[Any], values: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        for statement, given in self._parts(among, values or {}):
            yield from statement.named(connection, given)

    def _parts(
        self, among: Iterable[Any], values: Mapping[str, Any]
    ) -> Iterator[tuple[Statement, dict[str, Any]]]:
        left = iter(among)
        while part := list(islice(left, _MOST_LISTED)):
            given = listed("among", part)
            yield self._statement(len(given)), {**given, **values}

    def _statement(self, size: int) -> Statement:
        found = self._statements.get(size)
        if found is None:
            given = [bindparam(f"among{place}", None, self._column.type) for place in range(size)]
            found = Statement(self._chosen.where(self._column.in_(given)))
            self._statements[size] = found
        return found


class Writing:
    """A statement that changes rows, run inside of ``Database.write``."""

    def __init__(self, made: UpdateBase | Callable[[str], UpdateBase]) -> None:
        self._kept = _Kept(made if callable(made) else lambda _: made)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Returns how many rows were changed."""
        compiled = self._kept.for_(connection.dialect)
        count: int = _run(connection, compiled, values).rowcount
        return count

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """What a statement with ``returning`` returns."""
        compiled = self._kept.for_(connection.dialect)
        found: Rows = _run(connection, compiled, values).fetchall()
        return found

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Once for each of the rows, which have the same names; returns how many were changed."""
        if len(rows) == 1:
            return self.run(connection, rows[0])
        compiled = self._kept.for_(connection.dialect)
        given = [compiled.parameters(row) for row in rows]
        driver: Any = connection.connection.dbapi_connection
        is_sqlite = connection.dialect.name == "sqlite"
        cursor = driver.cursor() if is_sqlite else _cursor(connection, driver)
        try:
            cursor.executemany(compiled.text, given)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _told(connection, compiled.text, given, error) from error
        count: int = cursor.rowcount
        return count


def listed(prefix: str, values: Collection[T]) -> dict[str, T]:
    """Values for an ``in`` of a kept statement, by the names of their parameters: a power of two
    in number, so that there are few statements; the last value fills what is left."""
    held = list(values)
    size = 1 << (len(held) - 1).bit_length() if held else 0
    held += held[-1:] * (size - len(held))
    return dict(zip(_names(prefix, size), held, strict=True))


@lru_cache
def _names(prefix: str, size: int) -> list[str]:
    return [f"{prefix}{place}" for place in range(size)]


def inserting(table: Table, names: Iterable[str] = ()) -> Writing:
    """Insert rows with these columns; without names all but generated keys."""
    chosen = list(names) or [
        column.name for column in table.c if column is not table.autoincrement_column
    ]
    return Writing(table.insert().inline().values({name: bindparam(name) for name in chosen}))


def adding(table: Table, keys: Sequence[str], column: str) -> Writing:
    """Insert a row, or add to a column of the one that is there."""

    def made(dialect: str) -> Insert:
        build: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
        names = [*keys, column]
        statement = build(table).inline().values({name: bindparam(name) for name in names})
        set_ = {column: table.c[column] + statement.excluded[column]}
        added: Insert = statement.on_conflict_do_update(index_elements=list(keys), set_=set_)
        return added

    return Writing(made)


def keeping(table: Table, keys: Sequence[str]) -> Writing:
    """Insert a row with all columns but a generated key; one that is there stays as it is."""
    names = [column.name for column in table.c if column is not table.autoincrement_column]

    def made(dialect: str) -> Insert:
        build: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
        statement = build(table).inline().values({name: bindparam(name) for name in names})
        kept: Insert = statement.on_conflict_do_nothing(index_elements=list(keys))
        return kept

    return Writing(made)


def replacing(table: Table, keys: Sequence[str]) -> Writing:
    """Insert a row with all columns of a table, or write it over the one that is there."""

    def made(dialect: str) -> Insert:
        build: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
        names = [column.name for column in table.c]
        statement = build(table).inline().values({name: bindparam(name) for name in names})
        set_ = {name: statement.excluded[name] for name in names if name not in keys}
        replaced: Insert = statement.on_conflict_do_update(index_elements=list(keys), set_=set_)
        return replaced

    return Writing(made)


def _run(
    connection: Connection, compiled: _Compiled, given: Mapping[str, Any], begun: bool = True
) -> Any:
    driver: Any = connection.connection.dbapi_connection
    parameters = compiled.parameters(given)
    try:
        if connection.dialect.name != "sqlite":
            return _cursor(connection, driver).execute(compiled.text, parameters)
        if begun:
            begin_reading(driver)
        return driver.execute(compiled.text, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, compiled.text, parameters, error) from error


def _cursor(connection: Connection, driver: Any) -> Any:
    """The one cursor of a connection to PostgreSQL: what it found is fetched before it is used
    again. It takes PostgreSQL's own ``$1``: psycopg would look for its marks in the text anew
    for every statement that is long."""
    held: Any = vars(connection).get("_yiwang_cursor")
    if held is None or held.connection is not driver:
        held = vars(connection)["_yiwang_cursor"] = psycopg.RawCursor(driver)
    return held


def _told(connection: Connection, text: str, parameters: Any, error: Exception) -> Exception:
    """A driver's error as SQLAlchemy tells it."""
    base = connection.dialect.loaded_dbapi.Error
    made: Any = DBAPIError.instance(text, parameters, error, base, dialect=connection.dialect)
    told: Exception = made
    return told


def _numbered(text: str) -> tuple[str, list[str]]:
    """A statement with PostgreSQL's own marks for psycopg's, and whose each is."""
    places: dict[str, int] = {}

    def mark(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${places.setdefault(name, len(places) + 1)}"

    return _MARK.sub(mark, text), list(places)


def _ordering(names: Sequence[str]) -> _Change:
    """Parameters in their order."""
    if len(names) < 2:
        return lambda given: [given[name] for name in names]
    return itemgetter(*names)


def _converted(
    rows: Rows, out_of: Iterable[tuple[int, _Change]], made: Callable[[Any], Any] = tuple
) -> list[Any]:
    return [made(_changed(row, out_of)) for row in rows]


def _changed(row: Iterable[Any], changes: Iterable[tuple[int, _Change]]) -> list[Any]:
    found = list(row)
    for place, change in changes:
        found[place] = change(found[place])
    return found


def _compile(statement: Any, dialect: Dialect) -> _Compiled:
    made: Any = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    text, names = (str(made), made.positiontup) if made.positional else _numbered(str(made))
    into = [
        (place, change)
        for bind, own in made.bind_names.items()
        if (change := _conversion(bind.type, dialect, "bind_processor")) is not None
        for place, name in enumerate(names)
        if name == own
    ]
    columns = getattr(statement, "selected_columns", ())
    out_of = [
        (place, change)
        for place, column in enumerate(columns)
        if (change := _conversion(column.type, dialect, "result_processor")) is not None
    ]
    return _Compiled(text, _ordering(names), made.params, tuple(into), tuple(out_of))


def _conversion(type_: Any, dialect: Dialect, way: str) -> _Change | None:
    """What SQLAlchemy does with a value of this type; only these differ in the drivers."""
    inward = way == "bind_processor"
    if isinstance(type_, Json):
        return as_json if inward else from_json
    if isinstance(type_, Boolean) and inward:
        return None  # a driver of either database takes a bool
    if not isinstance(type_, TypeDecorator | Boolean | Date | DateTime):
        return None
    ends = (dialect,) if inward else (dialect, None)
    change: _Change | None = getattr(type_.dialect_impl(dialect), way)(*ends)
    return change
