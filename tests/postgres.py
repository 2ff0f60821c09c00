"""A PostgreSQL server of the tests' own, on a loopback port, started when first asked for."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from glob import glob
from pathlib import Path
from typing import Self

import psycopg

LARGE = 1 << 20
"""Bytes of a table from which it is made anew."""


class NoPostgres(RuntimeError):
    pass


def server(shared: Path) -> str:
    """The URL prefix of a running server; workers that share the folder share the server."""
    shared.mkdir(parents=True, exist_ok=True)
    note = shared / "postgres.json"
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            return str(json.loads(note.read_text())["url"])
        url = _start(shared)
        note.write_text(json.dumps({"url": url}))
        return url


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def fresh(url: str, name: str) -> str:
    """The URL of a database without tables; whoever was connected to the former one is thrown out.
    Workers share the server, so the name holds the worker's."""
    run(f"{url}/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    run(f"{url}/postgres", f"CREATE DATABASE {name}")
    return f"{url}/{name}"


class Emptied:
    """A database that is made as it was at first, in a tenth of the time of a new one: rows of
    tests are taken away, numbering begins anew. Tests leave its tables as they are."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = psycopg.connect(url, autocommit=True)
        self._tables = self._listed()
        some = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in self._tables
        )
        self._filled = some
        self._first = set(self._ask(some))
        assert self._first == {"alembic_version"}, "migrations fill tables: keep their rows"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def empty(self) -> None:
        """Ends what a test left open, and takes away what it left behind."""
        self._ask(
            "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert self._listed() == self._tables, "a test changed the tables of the shared database"
        filled = [table for table in self._ask(self._filled) if table not in self._first]
        if filled:
            with self._connection.transaction():
                self._connection.execute("SET LOCAL session_replication_role = replica")
                self._connection.execute("; ".join(f'DELETE FROM "{table}"' for table in filled))
            self._cut(filled)
        used = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
        for sequence in self._ask(used):
            self._connection.execute(f'ALTER SEQUENCE "{sequence}" RESTART')

    def _cut(self, tables: list[str]) -> None:
        """Takes its size from a table that has had many rows; it costs more than deleting few."""
        size = "SELECT t FROM unnest(%s::text[]) t WHERE pg_relation_size(quote_ident(t)) > %s"
        grown = [row[0] for row in self._connection.execute(size, [tables, LARGE])]
        if grown:
            listed = ", ".join(f'"{table}"' for table in grown)
            self._connection.execute(f"TRUNCATE {listed} CASCADE")

    def _listed(self) -> list[str]:
        return self._ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")

    def _ask(self, query: str) -> list[str]:
        rows = self._connection.execute(query).fetchall()
        return [row[0] for row in rows]


def stop(shared: Path) -> None:
    note = shared / "cluster"
    if not note.exists():
        return
    data = Path(note.read_text())
    _as_postgres([str(_binaries() / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"])
    shutil.rmtree(data.parent, ignore_errors=True)
    note.unlink()


def _binaries() -> Path:
    found = sorted(glob("/usr/lib/postgresql/*/bin"))
    if not found:
        raise NoPostgres("PostgreSQL is not installed; run: make setup")
    return Path(found[-1])


def _start(shared: Path) -> str:
    folder = Path(tempfile.mkdtemp(prefix="yiwang-pg-", dir="/tmp"))
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    binaries = _binaries()
    _as_postgres([str(binaries / "initdb"), "-D", str(data), "-U", "yiwang", "-A", "trust", "-N"])
    port = _free_port()
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
        "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    )
    log = str(folder / "log")
    _as_postgres([str(binaries / "pg_ctl"), "-D", str(data), "-l", log, "-o", options, "start"])
    (shared / "cluster").write_text(str(data))
    url = f"postgresql://yiwang@127.0.0.1:{port}"
    for _ in range(100):
        try:
            psycopg.connect(f"{url}/postgres").close()
            return url
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise NoPostgres(f"PostgreSQL did not start; see {log}")


def _as_postgres(command: list[str]) -> None:
    if os.getuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/tmp", check=False)
    if done.returncode:
        raise NoPostgres(f"{' '.join(command)}: {done.stderr}{done.stdout}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
