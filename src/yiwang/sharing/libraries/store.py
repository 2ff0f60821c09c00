"""SQL of libraries, their feeds and records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.libraries.errors import NoSuchFeed, NoSuchLibrary
from yiwang.sharing.libraries.model import Feed
from yiwang.sharing.libraries.tables import (
    share_libraries,
    share_library_feeds,
    share_library_keys,
    share_library_records,
    share_library_versions,
)
from yiwang.store.upsert import upsert

T = TypeVar("T")
PART = 1000


def parts(some: Iterable[T], size: int = PART) -> Iterator[list[T]]:
    """Lists that fit into one statement."""
    listed = list(some)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def library(connection: Connection, code: str, lock: bool = False) -> Row[Any]:
    """``lock``: nobody else changes the library or its records until the transaction ends.
    Raises NoSuchLibrary."""
    query = select(share_libraries).where(share_libraries.c.code == code)
    found = connection.execute(query.with_for_update() if lock else query).first()
    if found is None:
        raise NoSuchLibrary(code, library=code[:80])
    return found


def libraries(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(share_libraries).order_by(share_libraries.c.code)))


def put_library(connection: Connection, code: str, values: Mapping[str, Any]) -> None:
    held = share_libraries
    there = connection.execute(select(held.c.id).where(held.c.code == code)).first()
    if there is None:
        blank: dict[str, Any] = {"phase": "", "after": 0, "tally": {}, "former": None}
        connection.execute(insert(held).values(**(blank | dict(values)), code=code))
    else:
        connection.execute(update(held).where(held.c.code == code).values(**values))


def change_library(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(share_libraries).where(share_libraries.c.id == id).values(**values))


def drop_library(connection: Connection, id: int) -> None:
    connection.execute(delete(share_libraries).where(share_libraries.c.id == id))


def feeds(connection: Connection, library: int) -> list[Row[Any]]:
    held = share_library_feeds
    query = select(held).where(held.c.library == library).order_by(held.c.code)
    return list(connection.execute(query))


def feed(connection: Connection, library: int, code: str) -> Row[Any]:
    """Raises NoSuchFeed."""
    for row in feeds(connection, library):
        if row.code == code:
            return row
    raise NoSuchFeed(code, feed=code[:80])


def as_feed(row: Row[Any]) -> Feed:
    spec = row.spec
    return Feed(
        row.id, row.code, row.resource, row.rank, spec["columns"], spec["ranks"], spec["since"],
        row.removed_at is not None,
    )  # fmt: skip


def put_feed(connection: Connection, library: int, code: str, values: Mapping[str, Any]) -> None:
    held = share_library_feeds
    where = (held.c.library == library, held.c.code == code)
    if connection.execute(select(held.c.id).where(*where)).first() is None:
        blank: dict[str, Any] = {"forced": False, "state": "", "tally": {}}
        connection.execute(
            insert(held).values(**(blank | dict(values)), library=library, code=code)
        )
    else:
        connection.execute(update(held).where(*where).values(**values))


def change_feed(
    connection: Connection, id: int, values: Mapping[str, Any], due_at: int | None = None
) -> None:
    """``due_at``: only where it is still due since then."""
    held = share_library_feeds
    where = [held.c.id == id] if due_at is None else [held.c.id == id, held.c.due_at == due_at]
    connection.execute(update(held).where(*where).values(**values))


def feeds_of_dataset(connection: Connection, dataset: str) -> list[int]:
    """Feeds, by number, whose resource has its rows in a table of Datasets."""
    held, of = share_library_feeds, share_resources
    query = select(held.c.id).join(of, of.c.id == held.c.resource)
    query = query.where(of.c.dataset == dataset, held.c.removed_at.is_(None))
    return list(connection.execute(query).scalars())


def due_feed(connection: Connection, now: int) -> Row[Any] | None:
    """The feed that has waited longest for a run, with its library's code."""
    held, of = share_library_feeds, share_libraries
    query = select(held, of.c.code.label("library_code")).join(of, of.c.id == held.c.library)
    query = query.where(held.c.due_at <= now, of.c.phase == "")
    return connection.execute(query.order_by(held.c.due_at, held.c.id).limit(1)).first()


def records(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    held = share_library_records
    return [
        row
        for part in parts(ids)
        for row in connection.execute(select(held).where(held.c.id.in_(part)))
    ]


def records_of(connection: Connection, entities: Collection[int]) -> list[Row[Any]]:
    """The records of entities, by number."""
    held = share_library_records
    return [
        row
        for part in parts(entities)
        for row in connection.execute(
            select(held).where(held.c.entity.in_(part)).order_by(held.c.id)
        )
    ]


def entity_of(connection: Connection, library: int, record: int) -> int | None:
    held = share_library_records
    where = (held.c.id == record, held.c.library == library)
    found: int | None = connection.execute(select(held.c.entity).where(*where)).scalar()
    return found


def following(connection: Connection, library: int, after: int, limit: int) -> list[int]:
    """The numbers of the records of a library behind one."""
    held = share_library_records
    query = select(held.c.id).where(held.c.library == library, held.c.id > after)
    return list(connection.execute(query.order_by(held.c.id).limit(limit)).scalars())


def marked(
    connection: Connection, feed: int, marks: Collection[str]
) -> dict[str, tuple[int, str, bool]]:
    """By mark, the number of a record, its digest and whether it has ended."""
    held = share_library_records
    columns = (held.c.mark, held.c.id, held.c.digest, held.c.ended_at)
    return {
        row.mark: (row.id, row.digest, row.ended_at is not None)
        for part in parts(marks)
        for row in connection.execute(
            select(*columns).where(held.c.feed == feed, held.c.mark.in_(part))
        )
    }


def living(connection: Connection, feed: int, after: str, limit: int) -> list[tuple[str, int]]:
    """Marks and numbers of the records of a feed that have not ended, by mark."""
    held = share_library_records
    query = select(held.c.mark, held.c.id).where(
        held.c.feed == feed, held.c.mark > after, held.c.ended_at.is_(None)
    )
    rows = connection.execute(query.order_by(held.c.mark).limit(limit))
    return [(row.mark, row.id) for row in rows]


def next_record(connection: Connection) -> int:
    found = connection.execute(select(func.max(share_library_records.c.id))).scalar()
    return (found or 0) + 1


def next_version(connection: Connection) -> int:
    found = connection.execute(select(func.max(share_library_versions.c.id))).scalar()
    return (found or 0) + 1


def add_records(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(share_library_records), list(rows))


def add_versions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(share_library_versions), list(rows))


def change_record(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    held = share_library_records
    connection.execute(update(held).where(held.c.id == id).values(**values))


def change_version(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    held = share_library_versions
    connection.execute(update(held).where(held.c.id == id).values(**values))


def versions(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    """What records said before, the oldest first."""
    held = share_library_versions
    return [
        row
        for part in parts(ids)
        for row in connection.execute(
            select(held).where(held.c.record.in_(part)).order_by(held.c.id)
        )
    ]


def sharing(connection: Connection, keys: Collection[int]) -> dict[int, set[int]]:
    """By key, the records that have it."""
    held, found = share_library_keys, dict[int, set[int]]()
    for part in parts(keys):
        for key, record in connection.execute(select(held).where(held.c.key.in_(part))):
            found.setdefault(key, set()).add(record)
    return found


def found_by(connection: Connection, key: int, after: int, limit: int) -> list[int]:
    """Entities, by number, that have a record with a key."""
    held, of = share_library_keys, share_library_records
    query = select(of.c.entity).join(held, held.c.record == of.c.id).where(held.c.key == key)
    query = query.where(of.c.entity > after).distinct().order_by(of.c.entity)
    return list(connection.execute(query.limit(limit)).scalars())


def add_keys(connection: Connection, rows: Collection[tuple[int, int]]) -> None:
    """Those that are there stay."""
    listed = [{"key": key, "record": record} for key, record in rows]
    upsert(connection, share_library_keys, listed, ["key", "record"], [])


def drop_keys(connection: Connection, rows: Collection[tuple[int, int]]) -> None:
    held = share_library_keys
    gone = delete(held).where(held.c.key == bindparam("k"), held.c.record == bindparam("r"))
    if rows:
        connection.execute(gone, [{"k": key, "r": record} for key, record in rows])
