"""Tables that Yiwang itself keeps for resources, in a database of their own.

By default a SQLite file in the home; on PostgreSQL the schema ``datasets``. Both give the same
answers: texts are ordered by their code points, nothing comes before everything, exact numbers
are exact and times are local ones, to the microsecond.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
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
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.schema import CreateColumn, CreateSchema, CreateTable

from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.sources import arrays, kept, lookups, merging, positions, sealed
from yiwang.sharing.sources.errors import BadDataset, DatasetDiffers, NoSuchDataset, words
from yiwang.sharing.sources.kept import Dataset
from yiwang.sharing.sources.lookups import Chosen, Lookups
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import Column, Condition, Order, Refusal, Shape, with_required
from yiwang.sharing.sources.positions import Position
from yiwang.sharing.sources.questions import Questions
from yiwang.sharing.sources.reading import SIZE
from yiwang.sharing.sources.sealed import Sealer
from yiwang.store.database import Database
from yiwang.store.statements import Statement

SCHEMA = "datasets"
"""The schema of the tables on PostgreSQL."""


class Written(msgspec.Struct, frozen=True):
    """What became of a batch: read = written + unchanged + refused."""

    written: int
    unchanged: int
    refused: tuple[Refusal, ...] = ()


class Datasets:
    """The tables that are kept. Safe to use from several threads."""

    def __init__(self, url: str, zone: ZoneInfo, keys: FieldKeys | None = None) -> None:
        """``keys``: those of sealed columns; without any, nothing is sealed or opened."""
        self._url = url
        self.zone = zone
        self._keys = keys
        self._opened: Database | None = None
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, Dataset]] = {}
        self._lookups: dict[str, Lookups] = {}

    def create(self, name: str, columns: Sequence[Column], key: Sequence[str]) -> Dataset:
        """Make a table. The same one again changes nothing. Raises BadDataset for names and types
        that cannot be, DatasetDiffers where it is there with other columns."""
        made = kept.checked(name, columns, key)
        with self._database().write() as connection:
            there = self._find(connection, name)
            if there is not None:
                if msgspec.structs.replace(there, sealed=()) != made:
                    raise DatasetDiffers(name, dataset=name)
                made = there
            else:
                connection.execute(CreateTable(self._table(made)))
                values = {"name": name, "shape": msgspec.json.encode(made).decode()}
                connection.execute(insert(self._register).values(**values))
        return made

    def alter(self, name: str, columns: Sequence[Column]) -> Dataset:
        """Give a table these columns: new ones are empty, those that are missing go with their
        values. Types, and the columns of the key, stay. Raises BadDataset, NoSuchDataset."""
        with self._database().write() as connection:
            old = self._held(connection, name)
            made = kept.checked(name, columns, old.key)
            kept.check_change(old, made)
            made = kept.sealing(made, old.sealed)
            before = {one.name for one in old.columns}
            after = {one.name for one in made.columns}
            table = self._table(made)
            quote = connection.dialect.identifier_preparer.quote_identifier
            named = connection.dialect.identifier_preparer.format_table(table)
            for one in made.columns:
                if one.name not in before:
                    described = CreateColumn(table.c[one.name]).compile(connection)
                    connection.exec_driver_sql(f"ALTER TABLE {named} ADD COLUMN {described}")
            for column in before - after:
                dropped = quote(column)
                connection.exec_driver_sql(f"ALTER TABLE {named} DROP COLUMN {dropped}")
            self._register_as(connection, made)
        return made

    def seal(self, name: str, columns: Collection[str]) -> bool:
        """Encrypt columns at rest, with all values that they have; whether any was not yet. Other
        writers wait. Raises NoSuchDataset, BadDataset."""
        if set(columns) <= set(self.describe(name).sealed):
            return False
        with self._database().write() as connection:
            old = self._held(connection, name)
            made = kept.sealing(old, sorted(columns))
            sealed.rewrite(connection, self._table(old), self._table(made), self._sealer(made))
            self._register_as(connection, made)
        return True

    def drop(self, name: str) -> None:
        """Raises NoSuchDataset."""
        found = self.describe(name)
        with self._database().write() as connection:
            self._table(found).drop(connection)
            connection.execute(delete(self._register).where(self._register.c.name == name))
        self._known.pop(name, None)
        self._lookups.pop(name, None)

    def names(self) -> list[str]:
        query = select(self._register.c.name).order_by(self._register.c.name)
        with self._database().read() as connection:
            return sorted(connection.execute(query).scalars())

    def describe(self, name: str) -> Dataset:
        """Raises NoSuchDataset."""
        with self._database().read() as connection:
            return self._described(connection, name)

    def shape(self, name: str) -> Shape:
        """Columns and key; rows are not counted, for a node's every batch asks. Raises
        NoSuchDataset."""
        found = self.describe(name)
        return Shape(name, found.columns, found.key)

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
        opened: Collection[str] = (),
    ) -> list[dict[str, Any]]:
        """Rows as they are asked for; ``order`` is completed by the key, and ``after`` are the
        values of ``order`` and of the rest of the key of the row behind which to begin. To
        ``skip`` rows instead costs as much as reading them. ``words`` are each in one of the
        texts that are read. Of sealed columns only those of ``opened`` have values.

        Raises NoSuchDataset, NoSuchColumn, BadCondition, NoFieldKey, SealBroken.
        """
        rows: Sequence[Sequence[Any]] | None = None
        usual = after is None and limit is not None and not skip and not words
        with self._database().read() as connection:
            known = self._known.get(name) if usual else None
            if known is not None:
                chosen = self._chosen(known[1], columns)
                asked = lookups.asked(chosen.names, where, order)
                if asked is not None:
                    rows = self._questions(chosen.of).rows_as_known(connection, asked, limit or 0)
            if rows is None:
                chosen = self._chosen(self._described(connection, name), columns)
                held = self._questions(chosen.of)
                asked = lookups.asked(chosen.names, where, order) if usual else None
                if asked is not None:
                    rows = held.rows(connection, asked, limit or 0)
                else:
                    query = held.asking.rows(chosen.names, where, order, after, words)[1]
                    rows = connection.execute(query.limit(limit).offset(skip or None)).all()
        return chosen.shown(rows, opened)

    def batches(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
        opened: Collection[str] = (),
    ) -> Iterator[Any]:
        """The same rows as Arrow record batches of the columns' types, in bounded memory."""
        found = self.describe(name)
        sealer = self._opener(found)
        asked = [one.name for one in found.columns] if columns is None else list(columns)
        names = asked if sealer is None else sealer.needed(asked)
        selected, query = self._questions(found).asking.rows(names, where, order, after)
        wanted = selected[: len(asked)]
        schema = arrays.schema_of(wanted)
        with self._database().engine.connect() as connection:
            streamed = connection.execution_options(stream_results=True, max_row_buffer=size)
            rows: Sequence[Sequence[Any]]
            for rows in streamed.execute(query).partitions(size):
                if sealer is not None:
                    rows = sealer.plain(names, asked, rows, opened)
                across = zip(*rows, strict=True)
                made = [
                    kept.array_of(values, one) for values, one in zip(across, wanted, strict=True)
                ]
                yield kept.batch(made, schema)

    def is_row(self, name: str, named: Collection[str]) -> bool:
        """Whether values of these columns name at most one row of a table that was read."""
        found = self._known.get(name)
        return found is not None and set(found[1].key).issubset(named)

    def count(
        self,
        name: str,
        where: Sequence[Condition] = (),
        columns: Sequence[str] = (),
        words: Sequence[str] = (),
    ) -> int:
        """Rows that meet the conditions and hold the ``words`` in one of these columns."""
        query = self._questions(self.describe(name)).asking.count(where, columns, words)
        with self._database().read() as connection:
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
        made = Target(kept.PREFIX + name, columns, found.key, self.schema, encoded)
        return replace(made, stored=self._sealer(found).stored) if found.sealed else made

    def _converted(self, target: Target, batch: Any) -> tuple[Any, list[Refusal]]:
        numbered = kept.numbered(batch)
        good, refused = arrays.convert(numbered, (*target.columns, kept.PLACE), self.zone)
        good, repeated = merging.unique(good, target.key)
        more = kept.repeated(numbered, good, refused, target.key) if repeated else []
        return good.select(target.names), sorted([*refused, *more], key=lambda one: one.row)

    def _chosen(self, found: Dataset, columns: Sequence[str] | None) -> Chosen:
        wanted = [one.name for one in found.columns] if columns is None else list(columns)
        sealer = self._opener(found)
        return Chosen(found, wanted, wanted if sealer is None else sealer.needed(wanted), sealer)

    def _questions(self, found: Dataset) -> Lookups:
        """Kept as long as the table is as it is."""
        held = self._lookups.get(found.name)
        if held is None or held.asking.dataset is not found:
            dialect = "sqlite" if self.schema is None else "postgresql"
            table, sealer = self._table(found), self._opener(found)
            made = Questions(found, table, self.zone, sealer, dialect)
            known, named = self._known.get(found.name), self._register.c.name == found.name
            text = known[0] if known is not None and known[1] is found else None
            register = select(self._register.c.shape).where(named).scalar_subquery()
            held = self._lookups[found.name] = Lookups(made, text, register)
        return held

    def _table(self, found: Dataset) -> Table:
        return kept.table(found, self.schema, self.schema is None)

    def _register_as(self, connection: Connection, made: Dataset) -> None:
        shape = msgspec.json.encode(made).decode()
        where = self._register.c.name == made.name
        connection.execute(update(self._register).where(where).values(shape=shape))

    def _opener(self, found: Dataset) -> Sealer | None:
        """None where nothing is sealed."""
        return self._sealer(found) if found.sealed else None

    def _sealer(self, found: Dataset) -> Sealer:
        """Raises BadDataset without keys."""
        if self._keys is None:
            raise BadDataset(
                found.name, dataset=found.name, column="", wanted=words("keys_of_fields")
            )
        return Sealer(found, self._keys, self.zone)

    def _held(self, connection: Connection, name: str) -> Dataset:
        """As it is; whoever would make it another waits until the transaction ends. Raises
        NoSuchDataset."""
        where = self._register.c.name == name
        connection.execute(select(self._register.c.name).where(where).with_for_update())
        return self._described(connection, name)

    def _described(self, connection: Connection, name: str) -> Dataset:
        """Raises NoSuchDataset."""
        found = self._find(connection, name)
        if found is None:
            raise NoSuchDataset(name, dataset=name)
        return found

    def _find(self, connection: Connection, name: str) -> Dataset | None:
        """As the register says it now, for another process may have changed it: the same object
        as long as it is the same."""
        text = self._shape_of.value(connection, {"name_": name})
        if text is None:
            self._known.pop(name, None)
            return None
        held = self._known.get(name)
        if held is None or held[0] != text:
            held = self._known[name] = (text, msgspec.json.decode(text, type=Dataset))
        return held[1]

    @cached_property
    def _shape_of(self) -> Statement:
        held = self._register.c
        return Statement(select(held.shape).where(held.name == bindparam("name_", "", String)))

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
