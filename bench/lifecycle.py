"""Lifecycles of cases over HTTP (create, assign, resolve, search) by a process of its own, with
few and with many cases stored, and the lists and maps that a screen asks for.

    python -m bench.lifecycle [--stored 0,100000,1000000] [--seconds 20] [--at-once 16]
        [--databases sqlite,postgresql] [--folder /somewhere/large] [--out FILE.json] [--minimal]

``--minimal``: every change is answered with number, state and version alone (``Prefer:
return=minimal``), as a program asks that takes cases through their life; else with the whole case,
as its page shows it. Every commit reaches the disk. ``processor_ms`` is what a lifecycle costs
``yiwang up``, of all its threads and of the processes beside it; PostgreSQL's own is given with
it, and the memory is that of the first process. Budget: 300 lifecycles a second
with 1,000,000 stored, not less than 0.8 of the rate when empty, p95 of a call under 100 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from bench import frost, screen_lists
from bench.running import processor_s, up
from bench.stored_cases import fill, make_city

from yiwang.store.database import Database


def measure(
    kind: str, sizes: list[int], seconds: float, at_once: int, folder: Path, minimal: bool
) -> list[dict[str, Any]]:
    with provided(kind, folder) as (url, others):
        database = Database(url)
        tokens = make_city(database)
        database.close()
        file = folder / "tokens.json"
        file.write_text(json.dumps(tokens))
        home = folder / "home"
        home.mkdir(exist_ok=True)
        (home / "yiwang.yaml").write_text(f"database: {url}\nlearn_days: 0\n")
        found = []
        for size in sizes:
            found.append({"database": kind, "stored": size, "minimal": minimal})
            found[-1] |= _point(home, url, others, size, file, seconds, at_once, minimal)
            print(json.dumps(found[-1], ensure_ascii=False), file=sys.stderr, flush=True)
        return found


def _point(
    home: Path,
    url: str,
    others: Any,
    size: int,
    tokens: Path,
    seconds: float,
    at_once: int,
    minimal: bool,
) -> dict[str, Any]:
    if size:
        database = Database(url)
        fill(database, size)
        database.close()
    with up(home, "--mqtt-port", "0") as running:
        _at_rest(running.process.pid)
        _load(running.url, tokens, min(seconds, 6), at_once, 999, minimal)
        before, beside = _platform_s(running.process.pid), others()
        found = _load(running.url, tokens, seconds, at_once, size, minimal)
        lives = max(1, found["lives"])
        found["processor_ms"] = round((_platform_s(running.process.pid) - before) / lives * 1000, 2)
        found["database_processor_ms"] = round((others() - beside) / lives * 1000, 2)
        found["resident_mb"] = round(running.resident_mb(), 1)
        found["lists"] = screen_lists.measured(
            running.url, json.loads(tokens.read_text()), seconds / 20
        )
    found["load"] = round(os.getloadavg()[0], 2)
    return found


def _load(
    url: str, tokens: Path, seconds: float, at_once: int, seed: int, minimal: bool = False
) -> Any:
    command = [sys.executable, "-m", "bench.lifecycle_load", url, "--tokens", str(tokens)]
    command += ["--seconds", str(seconds), "--at-once", str(at_once), "--seed", str(seed)]
    command += ["--minimal"] if minimal else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


@contextlib.contextmanager
def provided(kind: str, folder: Path) -> Iterator[tuple[str, Any]]:
    """Yields the URL of an empty database, and what its own processes have used, in seconds."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'yiwang.db'}", lambda: 0.0
        return
    with frost.postgres(folder) as port:
        server = f"postgresql://frost@127.0.0.1:{port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE yiwang")
        postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        yield f"postgresql+psycopg://frost@127.0.0.1:{port}/yiwang", lambda: _children_s(postmaster)


def _at_rest(pid: int, most_s: int = 120) -> None:
    """Wait until the platform has seen to what became late long ago: of a stored city everything
    that is open."""
    for _ in range(most_s):
        before = _platform_s(pid)
        time.sleep(1)
        if _platform_s(pid) - before < 0.1:
            return


def _platform_s(pid: int) -> float:
    """Processor seconds of the platform and of the processes beside it."""
    return processor_s(pid) + _children_s(pid)


def _children_s(parent: int) -> float:
    """Processor seconds of a process's children that still run."""
    found = 0.0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found += processor_s(int(status.parent.name))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stored", default="0,100000,1000000")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minimal", action="store_true")
    given = parser.parse_args()
    sizes = [int(part) for part in given.stored.split(",")]
    found: list[dict[str, Any]] = []
    for kind in given.databases.split(","):
        folder = Path(tempfile.mkdtemp(prefix="yiwang-lifecycle-", dir=given.folder))
        folder.chmod(0o755)
        try:
            found += measure(kind, sizes, given.seconds, given.at_once, folder, given.minimal)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    written = json.dumps(found, indent=1, ensure_ascii=False)
    print(written)
    if given.out:
        given.out.write_text(written + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
