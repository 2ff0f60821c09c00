"""What protection costs: uses written to the log beside plain inserts of the same rows in as many
transactions, proofs and verification, masks, and tracing among 1,000 receivers."""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from yiwang.kernel.clock import SystemClock
from yiwang.security.evidence import export, store
from yiwang.security.evidence.log import Log, line
from yiwang.security.protection.masking import Masker
from yiwang.security.protection.masks import Mask
from yiwang.security.protection.watermark import Mark, marked, scores
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

WIDE = {"grant": 12, "fields": ["a", "b"], "rows": 1, "purpose": "checking", "asked": "0" * 64}
MASKS = {
    "keep": Mask("keep", first=3, last=4),
    "hash": Mask("hash"),
    "format": Mask("format", kind="mobile"),
    "range": Mask("generalise", to="range", width=1000),
}


def timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


async def uses(log: Log, count: int, clients: int) -> None:
    async def client(place: int) -> None:
        for number in range(count // clients):
            about = f"resource:{place}"
            await log.use(line(number, "token:tax", "sharing.use", about, WIDE))

    await asyncio.gather(*(client(place) for place in range(clients)))


def evidence(count: int, clients: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = Database(f"sqlite:///{home / 'yiwang.db'}")
        migrate(database)
        log = Log(database, SystemClock(), home, "")
        busy = time.process_time()
        took = timed(lambda: asyncio.run(uses(log, count, clients)))
        busy = time.process_time() - busy
        raw = timed(lambda: plain(home / "plain.db", count, clients))
        sealed = timed(log.seal)
        with database.read() as connection:
            size = (store.about(connection) or ("", "", 0))[2]
            proof = timed(lambda: log.inclusion(connection, size // 3, size))
            lines = list(export.written(connection, log.signing.last() or "", 0))
        verified = timed(lambda: export.verify(lines, [log.verifier()], []))
        log.close()
        database.close()
    return {
        "uses_per_s": round(count / took),
        "processor_us": round(busy / count * 1e6, 1),
        "plain_inserts_per_s": round(count / raw),
        "sealed_per_s": round(count / sealed),
        "proof_ms": round(proof * 1e3, 2),
        "verified_per_s": round(count / verified),
    }


def plain(file: Path, count: int, clients: int) -> None:
    """The same texts, as many in a transaction as there are clients."""
    database = sqlite3.connect(file, isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, entry TEXT NOT NULL)")
    for start in range(0, count, clients):
        rows = [
            (start + one, line(start, "token:tax", "sharing.use", f"resource:{one}", WIDE))
            for one in range(clients)
        ]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO entries VALUES (?, ?)", rows)
        database.execute("COMMIT")
    database.close()


def masks(rows: int) -> dict[str, int]:
    """Values a second of one column, each of them distinct."""
    chance = Random(1)
    phones = pa.array([f"13{one:09d}" for one in chance.sample(range(10**9), rows)])
    numbers = pa.array([chance.uniform(0, 1e5) for _ in range(rows)])
    found = {}
    for name, mask in MASKS.items():
        column = numbers if name == "range" else phones
        masker = Masker(mask, b"k" * 32)
        found[name] = round(rows / timed(lambda m=masker, c=column: m.values(c)))  # type: ignore[misc]
    return found


def tracing(rows: int) -> dict[str, float]:
    chance = Random(1)
    table = pa.table({"id": range(rows), "n": [chance.randrange(10**6) for _ in range(rows)]})
    marks = [Mark("n", ("id",), unit=1)]
    copy = marked(table, marks, b"s" * 32, 617)
    return {
        "rows_marked_per_s": round(rows / timed(lambda: marked(table, marks, b"s" * 32, 617))),
        "rows_traced_per_s": round(rows / timed(lambda: scores(copy, marks, b"s" * 32, 1000))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    runs = [evidence(given.count, given.clients) for _ in range(given.runs)]
    middle = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    found = {"evidence": middle, "masks": masks(given.count), "tracing": tracing(given.count)}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
