"""All SQL of the registry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from yiwang.kernel.ids import secret
from yiwang.registry import tables
from yiwang.registry.nouns import NOUNS, Noun
from yiwang.store.database import remembered
from yiwang.store.statements import Statement
from yiwang.store.upsert import upsert

_PART = 500
_stamps = Statement(select(tables.stamps.c.noun, tables.stamps.c.stamp))


def record(noun: Noun, row: Row[Any]) -> Any:
    """A row as the noun's dataclass."""
    values = dict(row._mapping)
    values.pop("removed_at")
    for name in ("functions", "skills", "days", "co_organisations"):
        if name in values:
            values[name] = tuple(values[name])
    return noun.kind(**values)


def get(connection: Connection, noun: Noun, id: int) -> Any | None:
    """One record, also a removed one."""
    row = connection.execute(select(noun.table).where(noun.table.c.id == id)).first()
    return None if row is None else record(noun, row)


def every(connection: Connection, noun: Noun, **where: Any) -> list[Any]:
    """All records that are not removed and have these values, by number."""
    table = noun.table
    wanted = [table.c[name] == value for name, value in where.items()]
    query = select(table).where(table.c.removed_at.is_(None), *wanted).order_by(table.c.id)
    return [record(noun, row) for row in connection.execute(query)]


def page(
    connection: Connection, noun: Noun, where: Mapping[str, Any], text: str, after: int, limit: int
) -> list[Any]:
    """Records behind number ``after``; ``text`` is looked for in codes and names."""
    table = noun.table
    wanted = [table.c.removed_at.is_(None), table.c.id > after]
    wanted += [table.c[name] == value for name, value in where.items()]
    if text:
        columns = [
            table.c[name] for name in ("code", "name", "name_zh", "name_en") if name in table.c
        ]
        pattern = text.lower()
        wanted.append(
            or_(*(func.lower(column).contains(pattern, autoescape=True) for column in columns))
        )
    query = select(table).where(*wanted).order_by(table.c.id).limit(limit)
    return [record(noun, row) for row in connection.execute(query)]


def numbers(
    connection: Connection, noun: Noun, codes: Collection[str] | None = None
) -> dict[tuple[Any, ...], int]:
    """Numbers by key of the records that are not removed: of all, or of those with some codes."""
    columns = [noun.table.c[name] for name in noun.keys]
    query = select(noun.table.c.id, *columns).where(noun.table.c.removed_at.is_(None))
    parts = [query] if codes is None else [query.where(one) for one in _among(noun, "code", codes)]
    return {tuple(row[1:]): row.id for part in parts for row in connection.execute(part)}


def of_codes(connection: Connection, noun: Noun, codes: Collection[str]) -> list[Any]:
    """The records with some codes that are not removed."""
    query = select(noun.table).where(noun.table.c.removed_at.is_(None))
    parts = [query.where(one) for one in _among(noun, "code", codes)]
    return [record(noun, row) for part in parts for row in connection.execute(part)]


def there(connection: Connection, noun: Noun, ids: Collection[int]) -> set[int]:
    """Which of these numbers are of records that are not removed."""
    query = select(noun.table.c.id).where(noun.table.c.removed_at.is_(None))
    parts = [query.where(one) for one in _among(noun, "id", ids)]
    return {number for part in parts for number in connection.scalars(part)}


def _among(noun: Noun, column: str, values: Collection[Any]) -> Iterator[ColumnElement[bool]]:
    listed = sorted(values)
    for low in range(0, len(listed), _PART):
        yield noun.table.c[column].in_(listed[low : low + _PART])


def write(connection: Connection, noun: Noun, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite by key; what was removed comes back."""
    upsert(connection, noun.table, [{**row, "removed_at": None} for row in rows], noun.keys)


def change(connection: Connection, noun: Noun, id: int, values: Mapping[str, Any]) -> None:
    if values:
        connection.execute(update(noun.table).where(noun.table.c.id == id).values(**values))


def find(connection: Connection, noun: Noun, keys: Sequence[Any]) -> int | None:
    """The number of the record with a key, removed or not."""
    same = [noun.table.c[name] == key for name, key in zip(noun.keys, keys, strict=True)]
    query = select(noun.table.c.id).where(*same)
    return connection.execute(query).scalar()


def referring(connection: Connection, noun: Noun, id: int) -> tuple[int, str]:
    """How many records of which noun refer to this one: the first that do."""
    for other in NOUNS.values():
        columns = [
            other.table.c[name]
            for name, entry in other.fields.items()
            if entry.refers == noun.name and not entry.many
        ]
        if not columns:
            continue
        live = and_(other.table.c.removed_at.is_(None), or_(*(column == id for column in columns)))
        count = connection.execute(
            select(func.count()).select_from(other.table).where(live)
        ).scalar()
        if count:
            return count, other.name
    return 0, ""


def set_grids(connection: Connection, grids: Mapping[int, int | None]) -> None:
    for place, grid in grids.items():
        statement = update(tables.places).where(tables.places.c.id == place).values(grid=grid)
        connection.execute(statement)


def stamp(connection: Connection, noun: str) -> str:
    """The noun's stamp: two readings with the same stamp saw the same records. All are read once
    in a transaction."""
    known = remembered(connection)
    found = known.get(_stamps)
    if found is None:
        found = known[_stamps] = dict(_stamps.rows(connection, {}))
    value: str = found.get(noun, "")
    return value


def restamp(connection: Connection, nouns: Iterable[str]) -> None:
    remembered(connection).clear()
    rows = [{"noun": name, "stamp": secret(16)} for name in nouns]
    upsert(connection, tables.stamps, rows, ["noun"])


def counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.execute(
            select(func.count()).select_from(noun.table).where(noun.table.c.removed_at.is_(None))
        ).scalar()
        or 0
        for name, noun in NOUNS.items()
    }


def former(connection: Connection, entry: int | None = None) -> list[Any]:
    """Former entries of the matrix (rows), the newest first: of one entry or all."""
    own = tables.former_responsibilities
    query = select(own).order_by(own.c.id.desc())
    if entry is not None:
        query = query.where(own.c.entry == entry)
    return list(connection.execute(query))


def corrected(connection: Connection, entries: Collection[int]) -> set[int]:
    """Which of these entries of the matrix have former ones."""
    own, listed = tables.former_responsibilities.c, sorted(entries)
    query = select(own.entry).distinct()
    parts = [listed[low : low + _PART] for low in range(0, len(listed), _PART)]
    return {
        number for part in parts for number in connection.scalars(query.where(own.entry.in_(part)))
    }


def move_former(connection: Connection, entry: int, old: int, new: int) -> None:
    """The successor of what ended at ``old`` begins at another instant."""
    own = tables.former_responsibilities
    mine = (own.c.entry == entry) & (own.c.ends_at == old)
    connection.execute(update(own).where(mine).values(ends_at=new))


def keep_former(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(tables.former_responsibilities), list(rows))
