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

import psycopg


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
