"""The operational store: one SQLAlchemy engine over SQLite (WAL) or PostgreSQL.

Writing is serialised inside the process: ``write`` holds one lock, so a transaction never
meets SQLITE_BUSY from its own process and events get their numbers in commit order.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from select import POLLIN, poll
from typing import Any

import msgspec
import psycopg
from sqlalchemy import BigInteger, Connection, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import Text, TypeDecorator

from yiwang.store.errors import DatabaseUnreachable, DiskFull
from yiwang.store.turns import Turns

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer(), "sqlite")
"""Type of every generated integer key (SQLite only numbers an INTEGER by itself)."""

_WRITES = "yiwang_writes"

_CACHE_KIB = 16 * 1024
"""Memory for pages that each SQLite connection may take; what it does not hold is in the
operating system's."""
_LOG_PAGES = 32_000
"""Pages of SQLite's log, 128 MB, until a commit takes them over into the database, with everybody
waiting for the disk: where ``store/log.py`` has not done it by then."""
_MOST_IDLE = 4
"""Connections that are kept for reading; the pool has more than twice as many."""

_OPERATIONAL = (OperationalError, sqlite3.OperationalError, psycopg.OperationalError)
_NORMAL = 1
"""Of SQLite's ``synchronous``: commits do not wait for the disk, and stay in their order."""
_to_disk = getattr(os, "fdatasync", os.fsync)

Instant = BigInteger
"""Type of every instant: microseconds since the epoch."""


class Json(TypeDecorator[Any]):
    """JSON kept as text, alike on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return as_json(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        return from_json(value)


def as_json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def from_json(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


class Database:
    """Transactions on one database."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite: bool = self.engine.dialect.name == "sqlite"
        self.turns = Turns()
        self._idle: list[Connection] = []
        self._writers: list[Connection] = []
        self._closed = False

    def read(self) -> Reading:
        """One transaction that only reads: on SQLite all of it sees one state, that of its first
        statement."""
        return Reading(self)

    def to_read(self) -> Connection:
        return self._taken(self._idle) or self.engine.connect()

    def was_read(self, connection: Connection) -> None:
        self._let_go(connection, self._idle, _MOST_IDLE)

    @contextmanager
    def write(self, lasting: bool = True) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back whole on any error. One that need
        not be ``lasting`` at once does not wait for the disk: a loss of power may undo it,
        together with all behind it, until another that is lasting is committed or ``last``
        returns."""
        with self.turns, _translated():
            connection = self._taken(self._writers) or self._writer()
            driver = _driver(connection)
            remembered(connection).clear()
            waits = None
            try:
                if self.is_sqlite:
                    if not lasting:
                        waits = driver.execute("PRAGMA synchronous").fetchone()[0]
                        driver.execute(f"PRAGMA synchronous={min(waits, _NORMAL)}")
                    driver.execute("BEGIN IMMEDIATE")
                elif not lasting:
                    driver.execute("SET LOCAL synchronous_commit = off")
                yield connection
                if connection.in_transaction():  # SQLAlchemy has begun one of its own
                    connection.commit()
                driver.commit()
                if waits is not None:
                    driver.execute(f"PRAGMA synchronous={waits}")
            except BaseException:
                if waits is not None:
                    _wait_again(connection, waits)
                connection.close()
                raise
            self._let_go(connection, self._writers, 1)

    def last(self) -> None:
        """Of SQLite alone: return when all that any process has committed is on the disk, as a
        commit that is lasting does. Raises OSError where the disk does not take it."""
        try:
            # SQLite holds no locks on this file, which to close it would let go
            log = os.open(f"{self.engine.url.database}-wal", os.O_RDWR)
        except FileNotFoundError:
            return  # taken over into the database and written, when the last connection closed
        try:
            _to_disk(log)
        finally:
            os.close(log)

    def _writer(self) -> Connection:
        return self.engine.connect().execution_options(**{_WRITES: True})

    def _taken(self, kept: list[Connection]) -> Connection | None:
        """A connection that was kept: to take one from the pool and give it back costs more
        than most reads."""
        while kept:
            try:
                connection = kept.pop()
            except IndexError:
                return None
            if self.is_sqlite or not _ended(_driver(connection)):
                return connection
            connection.invalidate()
            connection.close()
        return None

    def _let_go(self, connection: Connection, kept: list[Connection], most: int) -> None:
        if len(kept) < most and not self._closed:
            kept.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        self._closed = True
        for kept in (self._idle, self._writers):
            while kept:
                kept.pop().close()
        self.engine.dispose()


class Reading:
    """A transaction of ``Database.read``; no generator, which would cost more than most reads."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Connection:
        try:
            self._connection = connection = self._database.to_read()
        except _OPERATIONAL as error:
            _translate(error)
            raise
        remembered(connection).clear()
        return connection

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        connection = self._connection
        if error is not None:
            connection.close()
            _translate(error)
            return
        try:
            start_over(connection)
            self._database.was_read(connection)
        except _OPERATIONAL as trouble:
            _translate(trouble)
            raise


def start_over(connection: Connection) -> None:
    """End what a reading transaction has seen so far: what comes next sees a state of its own."""
    connection.rollback()
    _driver(connection).rollback()  # what ran past SQLAlchemy, which knows nothing of it


def _wait_again(connection: Connection, level: int) -> None:
    """Let a connection of SQLite whose transaction has failed wait for the disk again, whoever
    has it next."""
    try:
        _driver(connection).rollback()
        _driver(connection).execute(f"PRAGMA synchronous={level}")
    except sqlite3.Error:
        connection.invalidate()


def _ended(driver: Any) -> bool:
    """Whether a server has ended a connection on which nothing is asked: it never speaks first
    but to say so."""
    if driver.closed:
        return True
    looking = poll()
    looking.register(driver.fileno(), POLLIN)
    return bool(looking.poll(0))


def remembered(connection: Connection) -> dict[Any, Any]:
    """What was read once in the transaction that runs, to be read no second time; whoever
    changes it forgets it. Empty when a transaction or a savepoint in it has been left."""
    found: dict[Any, Any] = vars(connection).setdefault("_yiwang_remembered", {})
    return found


def changes(connection: Connection) -> int:
    """Of SQLite alone: how many rows a connection has changed since it was made."""
    count: int = _driver(connection).total_changes
    return count


def given_up(connection: Connection) -> bool:
    """Of SQLite alone: whether it has ended the transaction itself, because it had to."""
    return not _driver(connection).in_transaction


class SavepointLost(RuntimeError):
    """The transaction around a savepoint has ended: nothing of it stays."""


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A part of a writing transaction that leaves nothing when it fails, and the rest alone.
    Raises SavepointLost where the database has given the whole transaction up."""
    driver = _driver(connection)
    driver.execute("SAVEPOINT part")
    try:
        yield
    except BaseException as error:
        remembered(connection).clear()
        _leave(driver, ("ROLLBACK TO SAVEPOINT part", "RELEASE SAVEPOINT part"), error)
        raise
    _leave(driver, ("RELEASE SAVEPOINT part",), None)


def _leave(driver: Any, statements: Sequence[str], reason: BaseException | None) -> None:
    try:
        for statement in statements:
            driver.execute(statement)
    except Exception as lost:
        raise SavepointLost(str(lost)) from reason or lost


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _OPERATIONAL as error:
        _translate(error)
        raise


def _translate(error: BaseException) -> None:
    """Raises a driver's error in our words, where we have any."""
    if not isinstance(error, _OPERATIONAL):
        return
    reason = str(error.orig if isinstance(error, OperationalError) else error)
    if "full" in reason.lower() or "no space" in reason.lower():
        raise DiskFull() from error
    if "unable to open" in reason or "connect" in reason.lower():
        raise DatabaseUnreachable(reason=reason.strip()) from error


def out_of_range(error: BaseException) -> bool:
    """Whether a number was given that is none of 64 bits."""
    if isinstance(error, OverflowError):
        return "SQLite INTEGER" in str(error)
    return isinstance(getattr(error, "orig", error), psycopg.errors.NumericValueOutOfRange)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=8, pool_pre_ping=True)
        event.listen(engine, "connect", _configure_postgresql)
        return engine
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for name, change in (("unicode_lower", str.lower), ("unicode_upper", str.upper)):
        connection.create_function(name, 1, _of_text(change), deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
    cursor.close()


def _configure_postgresql(connection: Any, _record: object) -> None:
    """Lists stop after a page, which the planner's costs do not say: it would compile for half a
    second what then runs in one millisecond."""
    connection.execute("SET jit = off")
    connection.commit()


def _of_text(change: Callable[[str], str]) -> Callable[[Any], str | None]:
    """SQLite's own lower() and upper() know ASCII only."""
    return lambda value: change(value) if isinstance(value, str) else None


def _begin_sqlite(connection: Connection) -> None:
    """A writing transaction takes the write lock at once, and waits for it: one that read first
    and then meets another process's write would fail without waiting."""
    driver = _driver(connection)
    if driver.in_transaction:
        return
    writes = connection.get_execution_options().get(_WRITES, False)
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_reading(driver: Any) -> None:
    """Let what follows on a connection of SQLite's driver see one state, from now on."""
    if not driver.in_transaction:
        driver.execute("BEGIN")


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection
