"""The whole main line, accept → judge → store → cases, driven by ``yiwang replay``.

Beside it, in the same run, the raw limit of the store: the same rows inserted into SQLite (WAL,
durable) in batches of the same size, with no index. The recording is made here: heat detectors
that report every minute, of which one in two thousand gets hot for a while.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 50_000
START = 1_782_864_000_000_000
MAPPING = """
source: made_up
time: {column: time}
device: {kind: heat_detector, code: code}
values: {temperature: {column: temperature}}
places: {kind: premises}
"""


def record(folder: Path, rows: int, devices: int) -> Path:
    """A recording of ``rows`` observations in event-time order."""
    random = np.random.default_rng(1)
    device = np.arange(rows) % devices
    moment = START + (np.arange(rows) // devices) * 60_000_000 + device * 50
    value = np.round(24 + random.normal(0, 1.5, rows), 1)
    minute = np.arange(rows) // devices
    hot = (device % 2000 == 7) & (minute % 40 > 30)
    value[hot] += 60
    table = pa.table(
        {
            "code": pa.array([f"D{number:06d}" for number in device]),
            "time": pa.array(moment, pa.timestamp("us", "UTC")),
            "temperature": value,
        }
    )
    pq.write_table(table, folder / "made_up.parquet")
    (folder / "mapping.yaml").write_text(MAPPING)
    return folder / "made_up.parquet"


def replayed(file: Path, mapping: Path, pack: str, home: Path) -> dict[str, Any]:
    report = home.with_suffix(".json")
    command = [sys.executable, "-m", "yiwang", "replay", str(file), "--mapping", str(mapping)]
    command += ["--pack", pack, "--home", str(home), "--report", str(report)]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def inserted(rows: int, folder: Path) -> float:
    """Rows a second into a plain SQLite table, one durable transaction a batch."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE observation (datastream INT, time INT, result REAL)")
    columns = (np.arange(BATCH), np.arange(BATCH), np.random.default_rng(1).random(BATCH))
    batch = list(zip(*(column.tolist() for column in columns), strict=True))
    began = time.perf_counter()
    for _ in range(rows // BATCH):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO observation VALUES (?, ?, ?)", batch)
        connection.execute("COMMIT")
    taken = time.perf_counter() - began
    connection.close()
    return rows // BATCH * BATCH / taken


def measure(rows: int, devices: int, runs: int) -> dict[str, Any]:
    reports: list[dict[str, Any]] = []
    raw: list[float] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = record(folder, rows, devices)
            mapping = folder / "mapping.yaml"
            reports.append(replayed(file, mapping, "small_premises_fire", folder / "home"))
            raw.append(inserted(rows, folder))
    rate = statistics.median(report["observations_per_s"] for report in reports)
    return {
        "observations": rows,
        "devices": devices,
        "observations_per_s": round(rate),
        "sqlite_insert_per_s": round(statistics.median(raw)),
        "ratio_to_sqlite": round(rate / statistics.median(raw), 2),
        "finding_latency_ms": reports[-1]["finding_latency_ms"],
        "findings": sum(rule["raised"] for rule in reports[-1]["findings"].values()),
        "cases": reports[-1]["cases"],
        "peak_rss_mb": max(report["peak_rss_mb"] for report in reports),
        "wall_s": statistics.median(report["wall_s"] for report in reports),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print(json.dumps(measure(given.rows, given.devices, given.runs), indent=1))


if __name__ == "__main__":
    main()
