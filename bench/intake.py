"""What the intake costs: rows a second through ``Intake.accept`` beside the raw, synced write
of the same bytes on the same disk in the same run.

    python bench/intake.py [--rows 5000000] [--devices 237000] [--batch 100000] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import SECOND, ManualClock, parse
from yiwang.sensing import tables
from yiwang.sensing.intake import Intake
from yiwang.sensing.observations import Observations
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

START = parse("2026-07-01T00:00:00Z")
HOUR_S = 3600


def datastreams(database: Database, count: int) -> None:
    """``count`` plain datastreams of one thing."""
    with database.write() as connection:
        thing = {"id": 1, "name": "bench", "created_at": 0}
        connection.execute(insert(tables.things).values(thing))
        connection.execute(insert(tables.sensors).values(id=1, name="bench", metadata=""))
        connection.execute(insert(tables.observed_properties).values(id=1, name="bench"))
        row = {"thing": 1, "sensor": 1, "observed_property": 1, "name": "x", "observation_type": ""}
        rows = [row | {"id": number, "least": 0, "most": 100} for number in range(1, count + 1)]
        connection.execute(insert(tables.datastreams), rows)


def batches(rows: int, devices: int, size: int) -> list[Incoming]:
    """An hour of observations in the order of event time, ``rows`` in all."""
    random = np.random.default_rng(1)
    step = HOUR_S * SECOND // rows
    made = []
    for low in range(0, rows, size):
        index = np.arange(low, min(low + size, rows))
        made.append(
            Incoming(
                "bench",
                index % devices + 1,
                START + index * step,
                random.uniform(0, 100, len(index)).round(1),
                START + int(index[-1]) * step,
                cursor=int(index[-1]) + 1,
            )
        )
    return made


def accepted(incoming: list[Incoming], devices: int, folder: Path) -> tuple[float, int]:
    """Seconds for all batches, and bytes of log written."""
    clock = ManualClock(START)
    database = Database(f"sqlite:///{folder / 'bench.db'}")
    migrate(database)
    datastreams(database, devices)
    observations = Observations(folder / "observations", clock, hot_rows=10**9)
    intake = Intake(observations, database, clock)
    begin = time.perf_counter()
    for batch in incoming:
        clock.set(batch.received)
        intake.accept(batch)
    took = time.perf_counter() - begin
    observations.close()
    database.close()
    return took, observations.end()


def compacted(devices: int, folder: Path) -> float:
    clock = ManualClock(START)
    observations = Observations(folder / "observations", clock)
    begin = time.perf_counter()
    observations.compact()
    took = time.perf_counter() - begin
    observations.close()
    return took


def written(size: int, count: int, folder: Path) -> float:
    """Seconds for ``count`` synced writes of ``size`` bytes in all."""
    block = os.urandom(size // count)
    begin = time.perf_counter()
    with (folder / "raw").open("wb", buffering=0) as file:
        for _ in range(count):
            file.write(block)
            os.fdatasync(file.fileno())
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--devices", type=int, default=237_000)
    parser.add_argument("--batch", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    incoming = batches(asked.rows, asked.devices, asked.batch)
    results: dict[str, list[float]] = {"accept": [], "raw": [], "compact": []}
    for _ in range(asked.runs):
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            took, size = accepted(incoming, asked.devices, Path(name))
            results["accept"].append(asked.rows / took)
            results["raw"].append(asked.rows / written(size, len(incoming), Path(name)))
            results["compact"].append(asked.rows / compacted(asked.devices, Path(name)))
    report: dict[str, float] = {
        f"{name}_rows_per_s": round(statistics.median(rates)) for name, rates in results.items()
    }
    report["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(report | {"batch": asked.batch}, indent=1))


if __name__ == "__main__":
    main()
