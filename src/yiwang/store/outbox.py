"""The outbox: events written in the transaction that made them true, and read in order.

A consumer keeps its place in the same database and moves it in the transaction that holds
its effects, so each event has its effects once, whatever crashes when.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
)

from yiwang.store.database import Instant, Json, Key, metadata
from yiwang.store.statements import Statement, Writing, inserting, replacing

outbox = Table(
    "outbox",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("topic", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Column("at", Instant, nullable=False),
)

outbox_place = Table(
    "outbox_place",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("last", Key, nullable=False),
)

_insert = inserting(outbox)
_advance = replacing(outbox_place, ["consumer"])
_slowest = Statement(select(func.min(outbox_place.c.last)))
_first_since = Statement(
    select(outbox.c.id)
    .where(outbox.c.at >= bindparam("at_", 0, Instant))
    .order_by(outbox.c.id)
    .limit(1)
)
_oldest = Statement(select(outbox.c.at).order_by(outbox.c.id).limit(1))
_prune = Writing(delete(outbox).where(outbox.c.id < bindparam("kept_", 0, Key)))


class Queued(Protocol):
    topic: ClassVar[str]


@dataclass(frozen=True)
class Delivery:
    """One event as a consumer sees it."""

    id: int
    topic: str
    body: dict[str, Any]
    at: int


def put(connection: Connection, events: Iterable[Any], at: int) -> None:
    """Queue dataclass events (each with a ``topic``) in the running transaction."""
    rows = [{"topic": item.topic, "body": _body(item), "at": at} for item in events]
    if rows:
        _insert.many(connection, rows)


def _body(event: Any) -> dict[str, Any]:
    """The fields of an event, not copied: they are written at once."""
    return dict(vars(event))


def pending(
    connection: Connection, consumer: str, topics: Sequence[str], limit: int = 500
) -> list[Delivery]:
    """The next events for this consumer, oldest first."""
    return of_topics(connection, place(connection, consumer), topics, limit)


def of_topics(
    connection: Connection, last: int, topics: Sequence[str], limit: int
) -> list[Delivery]:
    """The next events of some topics behind a number, oldest first."""
    given = {f"topic{number}": topic for number, topic in enumerate(topics)}
    values = given | {"last_": last, "most_": limit}
    rows = _pending(len(topics)).records(connection, values)
    return [Delivery(*row) for row in rows]


def behind(connection: Connection, last: int, newest: int) -> list[Delivery]:
    """All events behind one number and up to another, oldest first."""
    rows = _behind.records(connection, {"last_": last, "newest_": newest})
    return [Delivery(*row) for row in rows]


_columns = (outbox.c.id, outbox.c.topic, outbox.c.body, outbox.c.at)


@lru_cache
def _pending(topics: int) -> Statement:
    among = [bindparam(f"topic{number}", "", String) for number in range(topics)]
    return Statement(
        select(*_columns)
        .where(outbox.c.id > bindparam("last_", 0, Key), outbox.c.topic.in_(among))
        .order_by(outbox.c.id)
        .limit(bindparam("most_", 500, BigInteger))
    )


_behind = Statement(
    select(*_columns)
    .where(outbox.c.id > bindparam("last_", 0, Key), outbox.c.id <= bindparam("newest_", 0, Key))
    .order_by(outbox.c.id)
)
_place = Statement(
    select(outbox_place.c.last).where(outbox_place.c.consumer == bindparam("consumer_", "", String))
)
_topics = Statement(
    select(outbox.c.topic).where(outbox.c.id > bindparam("last_", 0, Key)).distinct()
)
_newest = Statement(select(func.max(outbox.c.id)))


def place(connection: Connection, consumer: str) -> int:
    return _place.value(connection, {"consumer_": consumer}) or 0


def newest(connection: Connection) -> int:
    """The number of the last event that was queued; 0 before the first."""
    return _newest.value(connection, {}) or 0


def topics_behind(connection: Connection, last: int) -> set[str]:
    """The topics of the events behind a number."""
    return {topic for (topic,) in _topics.rows(connection, {"last_": last})}


def advance(connection: Connection, consumer: str, to: int) -> None:
    """Move the consumer behind event ``to``; call it in the transaction of its effects."""
    _advance.run(connection, {"consumer": consumer, "last": to})


def is_older(connection: Connection, than: int) -> bool:
    """Whether any event is older than an instant."""
    oldest = _oldest.value(connection, {})
    return oldest is not None and oldest < than


def prune(connection: Connection, older_than: int) -> int:
    """Delete delivered events that are older than an instant, up to the first that is not; returns
    how many went.

    The newest stays whatever its age: SQLite counts on from the largest number that it holds,
    and a number given twice would lie behind the places of the consumers.
    """
    last = newest(connection)
    since = _first_since.value(connection, {"at_": older_than})
    delivered = _slowest.value(connection, {}) or 0
    kept = min(delivered + 1, last if since is None else since, last)
    return _prune.run(connection, {"kept_": kept})
