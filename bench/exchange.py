"""What it costs to carry a table from PostgreSQL to PostgreSQL: plain COPY, Yiwang, dlt.

    python -m bench.exchange [--rows 10000000] [--batch 100000] [--dlt PYTHON] [--out FILE.json]

A server of its own holds two databases with the same table of nine columns and a primary key.
Each way runs in a process of its own into an empty table: COPY OUT piped into COPY IN, which
checks and counts nothing; a full job of Yiwang (upsert by key, positions, reconciliation by
reading back); the same job again, with nothing changed; dlt merging by key (``--dlt`` names a
Python that has ``dlt[postgres]``, SQLAlchemy, pyarrow and psycopg2; without it that line is
missing). The server keeps its defaults: it writes to the disk before it answers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from bench import frost

from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sharing.exchange import service
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.running import Means
from yiwang.sharing.exchange.service import Given
from yiwang.sharing.sources import service as sources_service
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.service import Declared
from yiwang.sharing.sources.vault import Vault
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

TABLE = """CREATE TABLE people (id bigint PRIMARY KEY, code varchar(18) NOT NULL, name text,
    amount numeric(12,2), rate double precision, born date, changed timestamptz, alive boolean,
    note text)"""
FILL = """INSERT INTO people SELECT n, lpad(n::text, 18, '0'), '居民' || n, (n %% 100000) / 7.0,
    n / 3.0, date '1950-01-01' + (n %% 25000)::int, timestamptz '2026-07-01' + n * interval '1 s',
    n %% 2 = 0, CASE WHEN n %% 5 = 0 THEN NULL ELSE md5(n::text) END
    FROM generate_series(1, %s) n"""
DLT = """
import sys, dlt
from dlt.sources.sql_database import sql_table
left, right, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
to = dlt.destinations.postgres(right)
made = dlt.pipeline("bench", destination=to, dataset_name="public2", pipelines_dir=sys.argv[4])
rows = sql_table(left, table="people", backend="pyarrow", chunk_size=batch, reflection_level="full")
rows.apply_hints(primary_key="id", write_disposition={"disposition": "merge", "strategy": "upsert"})
made.run(rows).raise_on_failed_jobs()
"""


def copied(server: str) -> None:
    """The raw limit: what one database gives, the other takes."""
    with (
        psycopg.connect(f"{server}/left_side") as left,
        psycopg.connect(f"{server}/right_side") as right,
        left.cursor().copy("COPY people TO STDOUT (FORMAT binary)") as given,
        right.cursor().copy("COPY people FROM STDIN (FORMAT binary)") as taken,
    ):
        for part in given:
            taken.write(part)


def carried(server: str, home: Path, batch: int) -> dict[str, Any]:
    """A job of Yiwang, made on the first call and run."""
    database = Database(f"sqlite:///{home / 'yiwang.db'}")
    migrate(database)
    zone, clock = ZoneInfo("Asia/Shanghai"), SystemClock()
    sources = Sources(Vault(home / "keys"), zone=zone.key)
    datasets = Datasets(f"sqlite:///{home / 'datasets.db'}", zone)
    means = Means(database, clock, sources, datasets, zone)
    ports = {Sources: sources, Datasets: datasets, Means: means}
    by = Caller(system("bench"), database, clock, ports)
    if not sources_service.list_sources(by):
        port = int(server.rpartition(":")[2])
        for code in ("left", "right"):
            options = {"host": "127.0.0.1", "port": port, "user": "frost"}
            options["database"] = f"{code}_side"
            sources_service.declare_source(by, Declared(code, code, "postgresql", options))
        ends = {name: {"source": name, "table": "people"} for name in ("left", "right")}
        given = {"from": ends["left"], "to": ends["right"], "batch": batch}
        service.put_exchange_job(by, Given("people", "people", msgspec.convert(given, Spec)))
    run = service.run_here(by, "people")
    database.close()
    shown: dict[str, Any] = service.shown_run(run)
    assert shown["state"] == "done" and shown["compared"]["same"] is True, shown
    return shown


def apart(command: list[str], rows: int) -> dict[str, float]:
    """Seconds, rows/s and peak memory of a process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:4]} failed")
    return {
        "seconds": round(taken, 2),
        "rows_per_s": round(rows / taken),
        "processor_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_rss_mb": round(used.ru_maxrss / 1024),
    }


def measure(server: str, folder: Path, rows: int, batch: int, dlt: str) -> dict[str, Any]:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in ("left_side", "right_side"):
            connection.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(f"{server}/left_side", autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute(FILL, [rows])
        connection.execute("VACUUM ANALYZE people")
    found: dict[str, Any] = {"rows": rows, "batch": batch}
    own = [sys.executable, "-m", "bench.exchange", "--server", server, "--folder", str(folder)]
    own += ["--batch", str(batch), "--way"]
    for title, way, fresh in (
        ("copy", "copy", True),
        ("yiwang", "yiwang", True),
        ("yiwang_again", "yiwang", False),
    ):
        if fresh:
            _empty(server)
        found[title] = apart([*own, way], rows)
    if dlt:
        _empty(server)
        named = server.replace("frost@", "frost:any@")
        left = f"{named}/left_side".replace("postgresql:", "postgresql+psycopg2:", 1)
        given = [left, f"{named}/right_side", str(batch), str(folder)]
        found["dlt"] = apart([dlt, "-c", DLT, *given], rows)
        with psycopg.connect(f"{server}/right_side") as connection:
            counted = connection.execute("SELECT count(*) FROM public2.people").fetchone()
        assert counted == (rows,), counted
    for name in ("copy", "dlt"):
        if name in found:
            ratio = found["yiwang"]["rows_per_s"] / found[name]["rows_per_s"]
            found[f"yiwang_to_{name}"] = round(ratio, 2)
    return found


def _empty(server: str) -> None:
    with psycopg.connect(f"{server}/right_side", autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS public2 CASCADE")
        connection.execute("DROP TABLE IF EXISTS people, yiwang_exchange_position")
        connection.execute(TABLE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--batch", type=int, default=100_000)
    parser.add_argument("--dlt", default="", help="a Python that has dlt")
    parser.add_argument("--out", type=Path)
    for name in ("--way", "--server", "--folder"):
        parser.add_argument(name, default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way == "copy":
        copied(asked.server)
    elif asked.way == "yiwang":
        carried(asked.server, Path(asked.folder), asked.batch)
    else:
        with tempfile.TemporaryDirectory(prefix="yiwang-exchange-") as held:
            folder = Path(held)
            folder.chmod(0o755)
            with frost.postgres(folder) as port:
                server = f"postgresql://frost@127.0.0.1:{port}"
                (folder / "home").mkdir()
                found = measure(server, folder / "home", asked.rows, asked.batch, asked.dlt)
        text = json.dumps(found, indent=1)
        print(text)
        if asked.out:
            asked.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
