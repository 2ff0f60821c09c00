"""Fixtures for every test: a database of each kind, a clock that stands still, a caller."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

from tests import mariadb, postgres
from yiwang.kernel.clock import ManualClock, parse
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import Identity, system
from yiwang.store import database as databases
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
"""A busy machine is slow; nothing here is a measurement."""

START = parse("2026-07-01T00:00:00Z")


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords are hashed as ever, but not at the fifth of a second that keeps guessers away."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts, "_hasher", cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_engines() -> Iterator[None]:
    """Every database of this process has its statements compiled once for all tests, and SQLite
    waits for no disk: no test takes the power away, what the operating system holds stays."""
    make = databases._engine
    first: dict[str, Engine] = {}
    compiled = LRUCache[Any, Any](2000)

    def made(url: str) -> Engine:
        engine = make(url)
        engine.dialect = first.setdefault(engine.dialect.name, engine).dialect
        engine.update_execution_options(compiled_cache=compiled)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _without_waiting)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "_engine", made)
        yield


@pytest.fixture(scope="session", autouse=True)
def migrated_once() -> Iterator[None]:
    """Migrations run on the first SQLite database of this process; every other empty one gets the
    tables that they made of it. In them is nothing but the version."""
    upgrade = command.upgrade
    made: list[str] = []

    def quick(config: Config, revision: str) -> None:
        connection: Connection = config.attributes["connection"]
        if revision != "head" or connection.dialect.name != "sqlite" or _schema(connection):
            upgrade(config, revision)
        elif made:
            for statement in made:
                connection.exec_driver_sql(statement)
        else:
            upgrade(config, revision)
            made.extend(_schema(connection))
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            made.append(f"INSERT INTO alembic_version VALUES ('{version}')")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", quick)
        yield


def _schema(connection: Connection) -> list[str]:
    """The statements that make a SQLite database's tables. What SQLite makes itself is left out:
    its own indexes and sequence, and the tables below a virtual one."""
    rows = connection.exec_driver_sql(
        "SELECT m.sql FROM sqlite_master m LEFT JOIN pragma_table_list t ON t.name = m.tbl_name "
        "WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND coalesce(t.type, '') <> 'shadow' AND coalesce(t.schema, 'main') = 'main' "
        "ORDER BY m.rowid"
    )
    return [row[0] for row in rows]


def _without_waiting(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _shared(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    base = factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "servers"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """URL prefix of the tests' PostgreSQL server; add the name of a database."""
    return postgres.server(_shared(tmp_path_factory, worker_id))


@pytest.fixture(scope="session")
def mariadb_port(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> int:
    """Port of the tests' MariaDB server on 127.0.0.1."""
    return mariadb.server(_shared(tmp_path_factory, worker_id))


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "yiwang.db"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return file


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str, worker_id: str) -> Iterator[postgres.Emptied]:
    """This worker's database on PostgreSQL, migrated once and emptied after each test."""
    url = f"{postgres_url}/tests_{worker_id}"
    postgres.run(f"{postgres_url}/postgres", f"CREATE DATABASE tests_{worker_id}")
    database = Database(_with_driver(url))
    migrate(database)
    database.close()
    with postgres.Emptied(url) as kept:
        yield kept


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database in a file."""
    file = tmp_path / "yiwang.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    kept: postgres.Emptied = request.getfixturevalue("postgres_database")
    made = Database(_with_driver(kept.url))
    yield made
    made.close()
    kept.empty()


def _with_driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def caller_for(database: Database, clock: ManualClock) -> Callable[..., Caller]:
    """Callers by role: ``caller_for("auditor")``."""

    def make(*roles: str, organisation: int | None = None, grids: tuple[int, ...] = ()) -> Caller:
        name = "+".join(roles) or "nobody"
        identity = Identity("user", 1, name, frozenset(roles), None, organisation, frozenset(grids))
        return Caller(identity, database, clock)

    return make


@pytest.fixture
def system_caller(database: Database, clock: ManualClock) -> Caller:
    return Caller(system("test"), database, clock)


def pytest_configure() -> None:
    """Garbage is looked for seldom: what tests throw away is little beside what stays."""
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end; nobody need look through them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After all has been shuffled: the slow ones first, so that none keeps the rest waiting."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controlling process stops the servers that a worker may have started."""
    if hasattr(session.config, "workerinput"):
        return
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is not None:
        postgres.stop(factory.getbasetemp() / "servers")
        mariadb.stop(factory.getbasetemp() / "servers")
