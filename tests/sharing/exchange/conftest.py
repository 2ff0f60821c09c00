"""A yard of databases and files between which jobs carry rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import text

from tests import mariadb, postgres
from tests.sharing.granting import small
from yiwang.kernel.clock import ManualClock
from yiwang.security.actions import Caller
from yiwang.security.model import Identity, system
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.exchange import service
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.running import Means, nothing
from yiwang.sharing.exchange.service import Given
from yiwang.sharing.exchange.store import Run
from yiwang.sharing.sources import service as sources_service
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.service import Declared
from yiwang.sharing.sources.vault import Vault
from yiwang.store.database import Database

ZONE = ZoneInfo("Asia/Shanghai")
PEOPLE = {
    "pg": """CREATE TABLE people (no bigint PRIMARY KEY, name varchar(20), paid numeric(12,2),
        born date, seen timestamptz, alive boolean, note text, exact numeric)""",
    "my": """CREATE TABLE people (no bigint PRIMARY KEY, name varchar(20), paid decimal(12,2),
        born date, seen datetime(6), alive boolean, note text, exact decimal(20,4))""",
    "lite": """CREATE TABLE people (no integer PRIMARY KEY, name varchar(20), paid numeric(12,2),
        born date, seen datetime, alive boolean, note text, exact decimal(20,4))""",
}
NAMES = "no, name, paid, born, seen, alive, note, exact"


__all__ = ["small"]


class Yard:
    """Sources ``pg``, ``my``, ``lite`` and ``files``, datasets, and who runs jobs."""

    def __init__(self, database: Database, clock: ManualClock, folder: Path) -> None:
        self.database, self.clock, self.folder = database, clock, folder
        self.sources = Sources(Vault(), zone="Asia/Shanghai")
        file = f"sqlite:///{folder / 'datasets.db'}"
        self.datasets = Datasets(file, ZONE, FieldKeys(folder))
        ends = (self.sources, self.datasets)
        self.means = Means(database, clock, *ends, ZONE, Protection(folder))
        self.ports: dict[type, Any] = {
            Sources: self.sources,
            Datasets: self.datasets,
            Means: self.means,
        }
        self.platform = Caller(system("test"), database, clock, self.ports)
        (folder / "files").mkdir()
        self.declare("files", "files", {"path": str(folder / "files")})

    def declare(self, code: str, kind: str, options: dict[str, Any], secret: str = "") -> None:
        given = Declared(code, code, kind, options, secret=secret or None)
        sources_service.declare_source(self.platform, given)

    def lite(self) -> str:
        file = self.folder / "lite.db"
        file.touch()
        self.declare("lite", "sqlite", {"path": str(file)})
        return "lite"

    def caller(self, role: str, organisation: int | None = None) -> Caller:
        identity = Identity("user", 1, role, frozenset({role}), None, organisation)
        return Caller(identity, self.database, self.clock, self.ports)

    def do(self, code: str, *statements: str, rows: Sequence[dict[str, Any]] = ()) -> None:
        engine = self.sources.engine(self.means.source(code))
        with engine.begin() as connection:
            for statement in statements:
                if rows:
                    connection.execute(text(statement), list(rows))
                else:
                    connection.exec_driver_sql(statement)
        engine.dispose()

    def ask(self, code: str, statement: str) -> list[tuple[Any, ...]]:
        engine = self.sources.engine(self.means.source(code))
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(statement)]
        engine.dispose()
        return found

    def fill(self, code: str, first: int, last: int, name: str = "p") -> None:
        """People with numbers first … last."""
        rows = [
            {
                "no": no,
                "name": None if no % 7 == 0 else f"{name}{no}",
                "paid": f"{no}.25",
                "born": f"1990-01-{no % 28 + 1:02d}",
                "seen": f"2026-07-01 08:{no % 60:02d}:00",
                "alive": no % 2 == 0,
                "note": '"quoted", \n' if no % 5 else "",
                "exact": "0.5000",
            }
            for no in range(first, last + 1)
        ]
        values = ", ".join(f":{one.strip()}" for one in NAMES.split(","))
        self.do(code, f"INSERT INTO people ({NAMES}) VALUES ({values})", rows=rows)

    def job(self, code: str = "job", organisation: int | None = None, **spec: Any) -> str:
        made = msgspec.convert(spec, Spec)
        service.put_exchange_job(self.platform, Given(code, code, made, organisation))
        return code

    def run(self, code: str = "job", watch: Any = nothing) -> Run:
        return service.run_here(self.platform, code, watch)

    def rejects(self, run: Run, code: str = "job") -> list[dict[str, Any]]:
        found = service.list_exchange_rejects(self.platform, code, run.id, None, 1000)
        items: list[dict[str, Any]] = found["items"]
        return items


@pytest.fixture
def yard(sqlite: Database, clock: ManualClock, tmp_path: Path) -> Iterator[Yard]:
    made = Yard(sqlite, clock, tmp_path)
    yield made
    made.datasets.close()


@pytest.fixture
def lite(yard: Yard) -> Yard:
    """With a SQLite database that has an empty table of people."""
    yard.lite()
    yard.do("lite", PEOPLE["lite"])
    return yard


@pytest.fixture
def servers(yard: Yard, postgres_url: str, mariadb_port: int, worker_id: str) -> Yard:
    """With empty tables of people on MariaDB and, two of them, on PostgreSQL."""
    left, right = f"left_office_{worker_id}", f"right_office_{worker_id}"
    for name in (left, right):
        postgres.fresh(postgres_url, name)
    mariadb.fresh(mariadb_port, left)
    server = {"host": "127.0.0.1", "user": "yiwang"}
    port = int(postgres_url.rpartition(":")[2])
    yard.declare("pg", "postgresql", {**server, "port": port, "database": left})
    yard.declare("pg2", "postgresql", {**server, "port": port, "database": right})
    given = {**server, "port": mariadb_port, "database": left}
    yard.declare("my", "mysql", given, mariadb.PASSWORD)
    yard.do("pg", PEOPLE["pg"])
    yard.do("pg2", PEOPLE["pg"])
    yard.do("my", PEOPLE["my"])
    return yard
