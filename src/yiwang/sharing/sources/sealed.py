"""Columns of kept tables that are encrypted at rest (字段加密).

A sealed column holds what ``FieldKeys`` makes of its values, bound to table, column and row; beside
it stands the keyed digest of each, by which a value is found again. Nobody who has the database
alone reads or exchanges them. What is sealed is compared with ``=`` and ``in``, and sorted by not
at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import Connection, Index, MetaData, Table, insert, select
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.sources import kept, model
from yiwang.sharing.sources.errors import BadCondition
from yiwang.sharing.sources.kept import DIGEST, Dataset
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import Column, Condition, Order

_COMPARED = ("=", "in", "null", "present")
_AT_ONCE = 2000
_NEW = "~new"


class Sealer:
    """Seals and opens the rows of one table."""

    def __init__(self, found: Dataset, keys: FieldKeys, zone: ZoneInfo) -> None:
        self.dataset = found
        self._keys = keys
        self._zone = zone

    def needed(self, names: Sequence[str]) -> list[str]:
        """Columns to read, so that those asked for can be opened: rows are known by their key."""
        if not set(names) & set(self.dataset.sealed):
            return list(names)
        return [*names, *(one for one in self.dataset.key if one not in names)]

    def plain(
        self,
        names: Sequence[str],
        wanted: Sequence[str],
        rows: Iterable[Sequence[Any]],
        opened: Collection[str],
    ) -> list[tuple[Any, ...]]:
        """Rows of the columns ``names`` as rows of those ``wanted``. Sealed values of columns
        that are not ``opened`` are left out. Raises NoFieldKey, SealBroken."""
        places = {name: place for place, name in enumerate(names)}
        keys = [places[name] for name in self.dataset.key if name in places]
        chosen = [(places[name], self._opening(name, opened)) for name in wanted]
        found = []
        for row in rows:
            key = _joined([row[place] for place in keys])
            found.append(
                tuple(row[place] if act is None else act(row[place], key) for place, act in chosen)
            )
        return found

    def _opening(self, name: str, opened: Collection[str]) -> Any:
        if name not in self.dataset.sealed:
            return None
        if name not in opened:
            return lambda value, key: None
        column = replace(self.dataset.column(name), length=None)

        def act(value: Any, key: str) -> Any:
            if value is None:
                return None
            return model.parsed(self._keys.open(value, self._place(name, key)), column)

        return act

    def stored(self, target: Target, batch: Any) -> tuple[Target, Any]:
        """A batch, and where it goes, with its sealed columns as they lie in the table."""
        names = [one for one in target.names if one in self.dataset.sealed]
        keys = batch.select(list(target.key)).to_pylist()
        rows = [_joined([row[name] for name in target.key]) for row in keys]
        columns = {one.name: one for one in target.columns}
        arrays = {name: batch.column(name) for name in target.names}
        for name in names:
            values = arrays[name].to_pylist()
            arrays[name] = pa.array(
                [self.sealed(name, *one) for one in zip(values, rows, strict=True)], pa.string()
            )
            digests = [self.digest(name, value) for value in values]
            arrays[DIGEST + name] = pa.array(digests, pa.string())
            columns[name] = Column(name, "M")
            columns[DIGEST + name] = Column(DIGEST + name, "M")
        made = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
        listed = tuple(columns[name] for name in arrays)
        return replace(target, columns=listed, stored=None, uncompared=frozenset(names)), made

    def sealed(self, name: str, value: Any, key: str) -> str | None:
        """A value as it lies in the row of this key."""
        if value is None:
            return None
        return self._keys.seal(model.shown(value), self._place(name, key))

    def digest(self, name: str, value: Any) -> str | None:
        """By what a value is found: the same for the same value, however it is written."""
        value = kept.local(value, self._zone)
        if value is None:
            return None
        if isinstance(value, Decimal):
            value = value.normalize() + 0
        return self._keys.digest(model.shown(value), f"{self.dataset.name}.{name}")

    def _place(self, name: str, key: str) -> str:
        return f"{self.dataset.name}.{name}:{key}"

    def check(self, where: Sequence[Condition], order: Sequence[Order]) -> None:
        """Raises BadCondition for what would need the values of all rows."""
        asked = [(one.column, one.operator) for one in where]
        asked += [(one.column, "order") for one in order]
        for name, operator in asked:
            if name in self.dataset.sealed and operator not in _COMPARED:
                wanted = ", ".join(_COMPARED)
                raise BadCondition(self.dataset.name, column=name, value=operator, wanted=wanted)


def rewrite(connection: Connection, before: Table, after: Table, sealer: Sealer) -> None:
    """Put the rows of a table into one that seals more of its columns and takes its place, in the
    caller's transaction."""
    dataset, name = sealer.dataset, after.name
    fresh = after.to_metadata(MetaData(), name=f"{name}{_NEW}")
    connection.execute(CreateTable(fresh))
    added = [one for one in dataset.sealed if DIGEST + one not in before.c]
    streamed = connection.execute(select(before), execution_options={"stream_results": True})
    for rows in streamed.partitions(_AT_ONCE):
        made = [dict(row._mapping) for row in rows]
        for row in made:
            key = _joined([row[one] for one in dataset.key])
            for one in added:
                row[DIGEST + one] = sealer.digest(one, row[one])
                row[one] = sealer.sealed(one, row[one], key)
        connection.execute(insert(fresh), made)
    if connection.dialect.name == "sqlite":  # what was plain stays in no freed page
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    connection.execute(DropTable(before))
    prepare = connection.dialect.identifier_preparer
    named = prepare.format_table(fresh)
    connection.exec_driver_sql(f"ALTER TABLE {named} RENAME TO {prepare.quote_identifier(name)}")
    for one in dataset.sealed:
        told = blake2b(f"{name}\0{one}".encode(), digest_size=8).hexdigest()
        connection.execute(CreateIndex(Index(f"ix_sealed_{told}", after.c[DIGEST + one])))


def _joined(values: Sequence[Any]) -> str:
    return "\x1f".join(model.shown(one) for one in values)
