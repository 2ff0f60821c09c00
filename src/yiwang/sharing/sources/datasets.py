"""Tables that Yiwang itself keeps for resources, in a database of their own.

By default a SQLite file in the home; on PostgreSQL the schema ``datasets``. Both give the same
answers: texts are ordered by their code points, nothing comes before everything, exact numbers
are exact and times are local ones, to the microsecond.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    Connection,
    MetaData,
    String,
    Table,
    Text,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.schema import CreateColumn, CreateSchema, CreateTable

from yiwang.sharing.sources import arrays, kept, lookups, merging, positions, reading
from yiwang.sharing.sources.errors import DatasetDiffers, NoSuchDataset
from yiwang.sharing.sources.kept import Dataset
from yiwang.sharing.sources.lookups import Asked, Lookups
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import Column, Condition, Order, Refusal, Shape, with_required
from yiwang.sharing.sources.positions import Position
from yiwang.sharing.sources.reading import SIZE
from yiwang.store.database import Database

SCHEMA = "datasets"
"""The schema of the tables on PostgreSQL."""


class Written(msgspec.Struct, frozen=True):
    """What became of a batch: read = written + unchanged + refused."""

    written: int
    unchanged: int
    refused: tuple[Refusal, ...] = ()


class Datasets:
    """The tables that are kept. Safe to use from several threads."""

    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self._url = url
        self.zone = zone
        self._opened: Database | None = None
        self._lock = threading.Lock()
        self._known: dict[str, Dataset] = {}
        self._lookups: dict[str, Lookups] = {}

    def create(self, name: str, columns: Sequence[Column], key: Sequence[str]) -> Dataset:
        """Make a table. The same one again changes nothing. Raises BadDataset for names and types
        that cannot be, DatasetDiffers where it is there with other columns."""
        made = kept.checked(name, columns, key)
        with self._database().write() as connection:
            there = self._find(connection, name)
            if there is not None and there != made:
                raise DatasetDiffers(name, dataset=name)
            if there is None:
                connection.execute(CreateTable(self._table(made)))
                values = {"name": name, "shape": msgspec.json.encode(made).decode()}
                connection.execute(insert(self._register).values(**values))
        self._known[name] = made
        return made

    def alter(self, name: str, columns: Sequence[Column]) -> Dataset:
        """Give a table these columns: new ones are empty, those that are missing go with their
        values. Types, and the columns of the key, stay. Raises BadDataset, NoSuchDataset."""
        old = self.describe(name)
        made = kept.checked(name, columns, old.key)
        kept.check_change(old, made)
        before = {one.name for one in old.columns}
        after = {one.name for one in made.columns}
        table = self._table(made)
        with self._database().write() as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            named = connection.dialect.identifier_preparer.format_table(table)
            for one in made.columns:
                if one.name not in before:
                    described = CreateColumn(table.c[one.name]).compile(connection)
                    connection.exec_driver_sql(f"ALTER TABLE {named} ADD COLUMN {described}")
            for column in before - after:
                dropped = quote(column)
                connection.exec_driver_sql(f"ALTER TABLE {named} DROP COLUMN {dropped}")
            shape = msgspec.json.encode(made).decode()
            where = self._register.c.name == name
            connection.execute(update(self._register).where(where).values(shape=shape))
        self._known[name] = made
        return made

    def drop(self, name: str) -> None:
        """Raises NoSuchDataset."""
        found = self.describe(name)
        with self._database().write() as connection:
            self._table(found).drop(connection)
            connection.execute(delete(self._register).where(self._register.c.name == name))
        self._known.pop(name, None)

    def names(self) -> list[str]:
        query = select(self._register.c.name).order_by(self._register.c.name)
        with self._database().read() as connection:
            return sorted(connection.execute(query).scalars())

    def describe(self, name: str) -> Dataset:
        """Raises NoSuchDataset."""
        found = self._known.get(name)
        if found is None:
            with self._database().read() as connection:
                found = self._find(connection, name)
            if found is None:
                raise NoSuchDataset(name, dataset=name)
            self._known[name] = found
        return found

    def shape(self, name: str) -> Shape:
        found = self.describe(name)
        return Shape(name, found.columns, found.key, rows=self.count(name))

    def upsert(
        self, name: str, batch: Any, job: str = "", position: Position | None = None
    ) -> Written:
        """Insert or change rows by their key; rows that cannot be are refused and named. With a
        job, its position is stored in the same transaction. Doing it twice changes nothing."""
        target = self.target(name)
        good, refused = self._converted(target, batch)
        with self._database().write() as connection:
            written = merging.merge(connection, target, good)
            if position is not None:
                positions.put(connection, job, position, self.schema)
        return Written(written, good.num_rows - written, tuple(refused))

    def replace(self, name: str, batches: Iterable[Any]) -> Written:
        """All rows anew, in one transaction: readers see the old ones or the new ones. ``row`` of
        a refusal counts through all batches."""
        target, held, written, read = self.target(name), self.describe(name), 0, 0
        refused: list[Refusal] = []
        with self._database().write() as connection:
            connection.execute(delete(self._table(held)))
            for batch in batches:
                good, bad = self._converted(target, batch)
                added = merging.merge(connection, target, good)
                refused += [
                    Refusal(one.row + read, one.column, one.value, one.reason) for one in bad
                ]
                written += added
                read += batch.num_rows
        return Written(written, read - written - len(refused), tuple(refused))

    def remove(self, name: str, keys: Any) -> int:
        """Delete the rows with the keys of a batch; how many there were."""
        target = self.target(name)
        columns = [one for one in target.columns if one.name in target.key]
        good, _ = arrays.convert(keys, columns, self.zone)
        with self._database().write() as connection:
            return merging.remove(connection, target, good)

    def position(self, job: str) -> Position | None:
        with self._database().read() as connection:
            return positions.find(connection, job, self.schema)

    def read(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        after: Sequence[Any] | None = None,
        skip: int = 0,
        words: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """Rows as they are asked for; ``order`` is completed by the key, and ``after`` are the
        values of ``order`` and of the rest of the key of the row behind which to begin. To
        ``skip`` rows instead costs as much as reading them. ``words`` are each in one of the
        texts that are read.

        Raises NoSuchDataset, NoSuchColumn, BadCondition.
        """
        usual = after is None and limit is not None and not skip and not words
        asked = lookups.asked(columns, where, order) if usual else None
        if asked is not None and limit is not None:
            return self._looked_up(name, asked, limit)
        wanted, query = self._query(name, columns, where, order, after, words)
        with self._database().read() as connection:
            rows = connection.execute(query.limit(limit).offset(skip or None)).all()
        names = [one.name for one in wanted]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def batches(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
    ) -> Iterator[Any]:
        """The same rows as Arrow record batches of the columns' types, in bounded memory."""
        wanted, query = self._query(name, columns, where, order, after)
        schema = arrays.schema_of(wanted)
        with self._database().engine.connect() as connection:
            streamed = connection.execution_options(stream_results=True, max_row_buffer=size)
            for rows in streamed.execute(query).partitions(size):
                across = zip(*rows, strict=True)
                made = [
                    kept.array_of(values, one) for values, one in zip(across, wanted, strict=True)
                ]
                yield kept.batch(made, schema)

    def is_row(self, name: str, named: Collection[str]) -> bool:
        """Whether values of these columns name at most one row of a table that was read."""
        found = self._known.get(name)
        return found is not None and set(found.key).issubset(named)

    def count(
        self,
        name: str,
        where: Sequence[Condition] = (),
        columns: Sequence[str] = (),
        words: Sequence[str] = (),
    ) -> int:
        """Rows that meet the conditions and hold the ``words`` in one of these columns."""
        found = self.describe(name)
        table = self._table(found)
        query = select(func.count()).select_from(table)
        query = query.where(*self._holding(found, table, columns, words))
        with self._database().read() as connection:
            query = query.where(*self._clauses(found, table, where))
            return int(connection.execute(query).scalar_one())

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def schema(self) -> str | None:
        return None if self._url.startswith("sqlite") else SCHEMA

    def database(self) -> Database:
        """For exchange, which writes rows and positions together."""
        return self._database()

    def target(self, name: str) -> Target:
        found = self.describe(name)
        encoded = kept.encoded if self.schema is None else merging.plain
        columns = with_required(found.columns, found.key)
        return Target(kept.PREFIX + name, columns, found.key, self.schema, encoded)

    def _converted(self, target: Target, batch: Any) -> tuple[Any, list[Refusal]]:
        numbered = kept.numbered(batch)
        good, refused = arrays.convert(numbered, (*target.columns, kept.PLACE), self.zone)
        good, repeated = merging.unique(good, target.key)
        more = kept.repeated(numbered, good, refused, target.key) if repeated else []
        return good.select(target.names), sorted([*refused, *more], key=lambda one: one.row)

    def _looked_up(self, name: str, asked: Asked, limit: int) -> list[dict[str, Any]]:
        found = self.describe(name)
        held = self._lookups.get(name)
        if held is None or held.dataset is not found:
            held = self._lookups[name] = Lookups(found, self._table(found))

        def build(bound: reading.Bound) -> Any:
            return self._query(name, asked.columns, asked.where, asked.order, bound=bound)[1]

        with self._database().read() as connection:
            return held.rows(connection, asked, limit, build, self._local)

    def _query(
        self,
        name: str,
        columns: Sequence[str] | None,
        where: Sequence[Condition],
        order: Sequence[Order],
        after: Sequence[Any] | None = None,
        words: Sequence[str] = (),
        bound: reading.Bound | None = None,
    ) -> tuple[list[Column], Any]:
        found = self.describe(name)
        table = self._table(found)
        bound = bound or self._bound(table)
        shape = Shape(name, with_required(found.columns, found.key), found.key)
        wanted = reading.chosen(shape, columns)
        held = {one.name: table.c[one.name] for one in found.columns}
        dialect = "sqlite" if self.schema is None else "postgresql"
        named = {one.column for one in order}
        full = (*order, *(Order(one) for one in found.key if one not in named))
        query = select(*(held[one.name] for one in wanted))
        query = query.where(*reading.clauses(shape, where, held, dialect, bound))
        query = query.where(*self._holding(found, table, [one.name for one in wanted], words))
        query = query.order_by(*reading.ordering(shape, full, held, dialect))
        if after is not None:
            query = query.where(reading.behind(shape, full, after, held, dialect, bound))
        return wanted, query

    def _clauses(self, found: Dataset, table: Table, where: Sequence[Condition]) -> list[Any]:
        shape = Shape(found.name, found.columns, found.key)
        held = {one.name: table.c[one.name] for one in found.columns}
        dialect = "sqlite" if self.schema is None else "postgresql"
        return reading.clauses(shape, where, held, dialect, self._bound(table))

    def _holding(
        self, found: Dataset, table: Table, columns: Sequence[str], words: Sequence[str]
    ) -> list[Any]:
        """Each word in a text of one of the columns."""
        texts = [one.name for one in found.columns if one.type in "CM" and one.name in columns]
        return [
            or_(
                false(),
                *self._clauses(found, table, [Condition(one, "contains", word) for one in texts]),
            )
            for word in words
        ]

    def _bound(self, table: Table) -> reading.Bound:
        return lambda name, value: literal(self._local(name, value), table.c[name].type)

    def _local(self, name: str, value: Any) -> Any:
        return kept.local(value, self.zone)

    def _table(self, found: Dataset) -> Table:
        return kept.table(found, self.schema, self.schema is None)

    def _find(self, connection: Connection, name: str) -> Dataset | None:
        where = self._register.c.name == name
        found = connection.execute(select(self._register.c.shape).where(where)).scalar()
        return None if found is None else msgspec.json.decode(found, type=Dataset)

    @cached_property
    def _register(self) -> Table:
        return Table(
            "yiwang_datasets",
            MetaData(schema=self.schema),
            SqlColumn("name", String(63), primary_key=True),
            SqlColumn("shape", Text, nullable=False),
        )

    def _database(self) -> Database:
        """Opened, and made, when first needed."""
        with self._lock:
            if self._opened is None:
                opened = Database(self._url)
                with opened.write() as connection:
                    if self.schema is not None:
                        connection.execute(CreateSchema(self.schema, if_not_exists=True))
                    self._register.create(connection, checkfirst=True)
                    positions.ensure(connection, self.schema)
                self._opened = opened
            return self._opened
