"""A MariaDB server of the tests' own, on a loopback port, started when first asked for."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

from tests.postgres import _free_port

USER, PASSWORD = "yiwang", "a secret of the tests"


class NoMariaDB(RuntimeError):
    pass


def server(shared: Path) -> int:
    """The port of a running server; workers that share the folder share the server."""
    shared.mkdir(parents=True, exist_ok=True)
    note = shared / "mariadb.json"
    with (shared / "mariadb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(json.dumps(_start()))
        return int(json.loads(note.read_text())["port"])


def run(port: int, *statements: str, database: str | None = None) -> None:
    connection = pymysql.connect(
        host="127.0.0.1", port=port, user=USER, password=PASSWORD, database=database
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def fresh(port: int, name: str) -> str:
    """The name of a database without tables. Workers share the server, so it holds the worker's."""
    run(port, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    return name


def stop(shared: Path) -> None:
    note = shared / "mariadb.json"
    if not note.exists():
        return
    held = json.loads(note.read_text())
    os.kill(held["pid"], signal.SIGKILL)
    shutil.rmtree(held["folder"], ignore_errors=True)
    note.unlink()


def _start() -> dict[str, object]:
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None:
        server = "/usr/sbin/mariadbd" if Path("/usr/sbin/mariadbd").exists() else None
    if server is None or install is None:
        raise NoMariaDB("MariaDB is not installed; run: make setup")
    folder = Path(tempfile.mkdtemp(prefix="yiwang-maria-", dir="/tmp"))
    account = "mysql" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:
        shutil.chown(folder, account, account)
    data = folder / "data"
    made = ["--no-defaults", f"--datadir={data}", f"--user={account}"]
    quick = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    done = subprocess.run(
        [install, *made, *quick], capture_output=True, text=True, cwd="/tmp", check=False
    )
    if done.returncode:
        raise NoMariaDB(f"{done.stdout}{done.stderr}")
    port = _free_port()
    first = folder / "first.sql"
    first.write_text(
        f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON *.* TO '{USER}'@'127.0.0.1';\n"
    )
    command = [server, *made, f"--port={port}", "--bind-address=127.0.0.1"]
    command += [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
    command += ["--skip-name-resolve", f"--init-file={first}", f"--log-error={folder / 'log'}"]
    command += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"]
    command += ["--character-set-server=utf8mb4"]
    running = subprocess.Popen(command, cwd="/tmp", stdout=subprocess.DEVNULL)
    for _ in range(200):
        try:
            run(port, "SELECT 1")
            return {"port": port, "pid": running.pid, "folder": str(folder)}
        except pymysql.OperationalError:
            time.sleep(0.1)
    raise NoMariaDB(f"MariaDB did not start; see {folder / 'log'}")
