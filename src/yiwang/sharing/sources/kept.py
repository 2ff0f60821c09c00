"""The tables that are kept: which names and types they may have, and how values lie in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    func,
    or_,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.types import TypeDecorator

from yiwang.kernel.text import Words
from yiwang.security.protection.sealing import MARK
from yiwang.sharing.sources import arrays, model
from yiwang.sharing.sources.errors import BadDataset, words
from yiwang.sharing.sources.merging import plain
from yiwang.sharing.sources.model import Column, Refusal

PREFIX = "d_"
"""Before the names of tables, so that none is one of the database's or ours."""
MOST_DIGITS = model.INT64_DIGITS
DIGEST = "~"
"""Before the name of a sealed column: the column of its digests."""
PLACE = Column("__place", "N", None, 0)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_MOST_COLUMNS = 500
_COLUMN_BYTES = 60


class Dataset(msgspec.Struct, frozen=True):
    """A table that is kept: its columns, the key by which a row is found, and which columns are
    encrypted at rest."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sealed: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Raises KeyError."""
        return model.next_of(self.columns, name)


def checked(name: str, columns: Sequence[Column], key: Sequence[str]) -> Dataset:
    """A dataset whose names every database takes and whose numbers every database keeps exactly.
    Raises BadDataset."""
    if not _NAME.fullmatch(name):
        raise _bad(name, "", words("name_signs"))
    names = [one.name for one in columns]
    folded = {one.casefold() for one in names}
    if not names or len(names) > _MOST_COLUMNS or len(folded) != len(names):
        raise _bad(name, "", words("columns", most=_MOST_COLUMNS))
    if not key or len(set(key)) != len(key) or not set(key) <= set(names):
        raise _bad(name, ", ".join(key), words("key_of_columns"))
    made = tuple(_usual(name, one) for one in columns)
    for one in made:
        if one.name in key and (one.type == "G" or _floating(one)):
            raise _bad(name, one.name, words("exact_key"))
    return Dataset(name, made, tuple(key))


def sealing(found: Dataset, names: Sequence[str]) -> Dataset:
    """The dataset with these columns sealed, too. Raises BadDataset for one of the key, by which
    rows are found and kept in order."""
    for one in names:
        if one in found.key or one not in {each.name for each in found.columns}:
            raise _bad(found.name, one, words("sealed_column"))
        if DIGEST + one in {each.name for each in found.columns}:
            raise _bad(found.name, DIGEST + one, words("digest_name"))
    more = [one for one in dict.fromkeys(names) if one not in found.sealed]
    return msgspec.structs.replace(found, sealed=(*found.sealed, *more))


def _usual(name: str, column: Column) -> Column:
    """The column with the length and scale that it is kept with."""
    good = column.name.isprintable() and column.name.strip() == column.name != ""
    if not good or len(column.name.encode()) > _COLUMN_BYTES or '"' in column.name:
        raise _bad(name, column.name, words("printable_name", most=_COLUMN_BYTES))
    if column.type not in model.TYPES:
        known = ", ".join(model.TYPES)
        raise _bad(name, column.name, words("one_type", known=known))
    if column.type not in "NY" or _floating(column):
        return column
    scale = model.MONEY_SCALE if column.scale is None else column.scale
    length = column.length or MOST_DIGITS
    if not 0 <= scale <= length <= MOST_DIGITS:
        raise _bad(name, column.name, words("most_digits", most=MOST_DIGITS))
    return replace(column, length=length, scale=scale)


def _floating(column: Column) -> bool:
    return column.type == "N" and column.scale is None


def _bad(name: str, column: str, wanted: Words) -> BadDataset:
    return BadDataset(name, dataset=name, column=column, wanted=wanted)


def check_change(old: Dataset, new: Dataset) -> None:
    """Raises BadDataset where a change would turn values into others."""
    for one in new.columns:
        try:
            before = old.column(one.name)
        except KeyError:
            continue
        wider = (one.length is None) or (before.length is not None and before.length <= one.length)
        texts = one.type in "CM" and before.type in "CM" and wider
        same = (one.type, one.scale) == (before.type, before.scale)
        if not (texts or (same and (before.length == one.length or (one.type in "NY" and wider)))):
            raise _bad(new.name, one.name, words("kept_type", type=before.type))


class _Scaled(TypeDecorator[Decimal]):
    """An exact number as a whole one, in units of its last digit."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def process_bind_param(self, value: Any, dialect: Any) -> int | None:
        return None if value is None else int(Decimal(value).scaleb(self.scale))

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)


def _type(column: Column, sqlite: bool) -> Any:
    if column.type in "CM":
        return Text() if sqlite else Text(collation="C")
    if _floating(column):
        return Double()
    if column.type in "NY":
        scale = column.scale or 0
        exact = _Scaled(scale) if sqlite else Numeric(MOST_DIGITS, scale)
        return BigInteger() if scale == 0 else exact
    return {"D": Date(), "T": DateTime(), "L": Boolean(), "G": LargeBinary()}[column.type]


@lru_cache(maxsize=256)
def table(found: Dataset, schema: str | None, sqlite: bool) -> Table:
    """One object for one table, so that statements about it are compiled once. Beside a sealed
    column stand its digests: nothing that is not sealed gets in by mistake."""
    columns: list[SqlColumn[Any]] = []
    parts: list[Any] = [PrimaryKeyConstraint(*found.key)]
    for one in found.columns:
        type_ = Text() if one.name in found.sealed else _type(one, sqlite)
        columns.append(SqlColumn(one.name, type_, nullable=one.name not in found.key, quote=True))
        if one.name in found.sealed:
            columns.append(SqlColumn(DIGEST + one.name, Text(), quote=True))
            value, digest = columns[-2], columns[-1]
            none = and_(value.is_(None), digest.is_(None))
            both = and_(value.is_not(None), digest.is_not(None))
            good = and_(both, func.substr(value, 1, len(MARK)) == MARK)
            parts.append(CheckConstraint(or_(none, good)))
    return Table(PREFIX + found.name, MetaData(schema=schema), *columns, *parts)


def local(value: Any, zone: ZoneInfo) -> Any:
    """A time with a zone as the local one."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    return value


def encoded(array: Any, column: Column) -> list[Any]:
    """An array as it lies in SQLite: see ``_type``."""
    if column.type == "T":
        return [
            None if one is None else one.isoformat(" ", "microseconds") for one in array.to_pylist()
        ]
    if pa.types.is_decimal(array.type):
        scale = array.type.scale
        return [None if one is None else int(one.scaleb(scale)) for one in array.to_pylist()]
    return plain(array, column)


def numbered(given: Any) -> Any:
    """A batch with the place of each row in it."""
    places = pa.array(range(given.num_rows), pa.int64())
    return pa.RecordBatch.from_arrays([*given.columns, places], [*given.schema.names, PLACE.name])


def repeated(
    given: Any, good: Any, refused: Sequence[Refusal], key: Sequence[str]
) -> list[Refusal]:
    """The refusals of rows whose key came before in the same batch."""
    taken = set(good.column(PLACE.name).to_pylist()) | {one.row for one in refused}
    rows = given.select(list(key)).to_pylist()
    return [
        Refusal(
            row, ", ".join(key), ", ".join(str(one) for one in rows[row].values()), "repeated_key"
        )
        for row in range(given.num_rows)
        if row not in taken
    ]


def array_of(values: Sequence[Any], column: Column) -> Any:
    return pa.array(values, arrays.type_of(column))


def batch(made: Sequence[Any], schema: Any) -> Any:
    return pa.RecordBatch.from_arrays(list(made), schema=schema)
