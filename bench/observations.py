"""What reading back costs: one month of one datastream out of many observations, and what the
rewriting into segments costs on the way.

    python bench/observations.py [--rows 300000000] [--devices 10000] [--reads 200]

Every datastream observes once an hour. Reads are of random datastreams and months, with an
empty cache of row groups (the files are in the page cache as the machine has it).
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from yiwang.contracts.observations import ObservationBatch
from yiwang.kernel.clock import DAY, HOUR, ManualClock, parse
from yiwang.sensing.log import Header
from yiwang.sensing.observations import Observations
from yiwang.sensing.segments import _Cache

START = parse("2024-01-01T00:00:00Z")
BATCH = 100_000
MONTH = 30 * DAY


def fill(observations: Observations, rows: int, devices: int) -> float:
    """Append ``rows`` hour by hour, rewriting and merging as the platform does; seconds."""
    random = np.random.default_rng(1)
    results = random.normal(20, 5, BATCH).round(1)
    begin = time.perf_counter()
    for low in range(0, rows, BATCH):
        index = np.arange(low, min(low + BATCH, rows))
        now = START + int(index[-1]) // devices * HOUR
        batch = ObservationBatch(
            low + 1,
            0,
            index % devices + 1,
            START + index // devices * HOUR,
            results[: len(index)],
            np.full(len(index), now),
        )
        header = Header("bench", now, low + 1, len(index), len(index))
        observations.append([(header, batch)])
        observations.compact_if_needed(observations.end())
        while observations.merge():
            pass
    observations.compact()
    return time.perf_counter() - begin


def read(observations: Observations, reads: int, rows: int, devices: int) -> list[float]:
    """Milliseconds of each read."""
    random = np.random.default_rng(2)
    span = rows // devices * HOUR
    taken = []
    for _ in range(reads):
        observations.segments._cache = _Cache(48)
        start = START + int(random.integers(0, max(span - MONTH, 1)))
        stream = int(random.integers(1, devices + 1))
        begin = time.perf_counter()
        found = observations.between([stream], start, start + MONTH)
        taken.append((time.perf_counter() - begin) * 1000)
        assert len(found) >= min(span, MONTH) // HOUR - 1
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000_000)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--reads", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        observations = Observations(Path(name), ManualClock(START))
        filled = fill(observations, asked.rows, asked.devices)
        taken = read(observations, asked.reads, asked.rows, asked.devices)
        size = sum(path.stat().st_size for path in (Path(name) / "table").glob("*.parquet"))
        report = {
            "rows": asked.rows,
            "devices": asked.devices,
            "segments": len(observations.segments.listed),
            "fill_rows_per_s": round(asked.rows / filled),
            "bytes_per_row": round(size / asked.rows, 2),
            "read_ms_p50": round(float(np.percentile(taken, 50)), 1),
            "read_ms_p99": round(float(np.percentile(taken, 99)), 1),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        observations.close()
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
