"""What aggregates cost: a month of one datastream by hour out of many observations, and all of
them by day.

    python -m bench.history [--rows 30000000] [--devices 10000] [--reads 100]

Every datastream observes once an hour, as in ``observations.py``; the cache of row groups is
empty for each read, the files are in the page cache as the machine has it. Beside it stands
DuckDB over the same files.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
from bench.observations import MONTH, START, fill

from yiwang.kernel.clock import HOUR, ManualClock, render
from yiwang.sensing.observations import Observations
from yiwang.sensing.segments import _Cache
from yiwang.sensing.sta import applied
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.observed import ObservationReading
from yiwang.sensing.sta.query import parse

MEASURES = "aggregate(result with average as mean,result with min as least,result with max as most)"


def asked(store: Observations, apply: str, streams: list[int] | None = None) -> int:
    """Groups of an answer."""
    query = parse(f"$apply={apply}")
    assert query.apply is not None
    store.segments._cache = _Cache(48)
    reading = ObservationReading(store, Entities(None, START), START)  # type: ignore[arg-type]
    asking = partial(reading.evaluator, option="$apply")
    parts = reading.every(applied.leading(query.apply), streams)
    return len(applied.carried_out(query.apply, parts, asking, START))


def spans(rows: int, devices: int, reads: int) -> list[tuple[int, int]]:
    """Random datastreams, and where a month of each begins."""
    random = np.random.default_rng(2)
    latest = max(rows // devices * HOUR - MONTH, 1)
    streams = random.integers(1, devices + 1, reads).tolist()
    return list(zip(streams, (START + random.integers(0, latest, reads)).tolist(), strict=True))


def month(store: Observations, stream: int, start: int) -> None:
    span = f"phenomenonTime ge {render(start)} and phenomenonTime lt {render(start + MONTH)}"
    bucket = "bucket(phenomenonTime,duration'PT1H','Asia/Shanghai')"
    asked(store, f"filter({span})/groupby(({bucket}),{MEASURES})", [stream])


def month_by_duckdb(files: list[str], stream: int, start: int) -> None:
    duckdb.execute(
        "SELECT epoch_us(time) // 3600000000 b, avg(result), min(result), max(result)"
        " FROM read_parquet(?) WHERE datastream = ? AND time >= make_timestamptz(?)"
        " AND time < make_timestamptz(?) GROUP BY b ORDER BY b",
        [files, stream, start, start + MONTH],
    ).fetchall()


def timed(work: Callable[[int, int], None], places: list[tuple[int, int]]) -> dict[str, float]:
    taken = []
    for stream, start in places:
        begin = time.perf_counter()
        work(stream, start)
        taken.append((time.perf_counter() - begin) * 1000)
    return {f"p{share}": round(float(np.percentile(taken, share)), 1) for share in (50, 99)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000_000)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--reads", type=int, default=100)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        store = Observations(Path(name), ManualClock(START))
        fill(store, wanted.rows, wanted.devices)
        places = spans(wanted.rows, wanted.devices, wanted.reads)
        files = [str(segment.path) for segment in store.segments.listed]
        begin = time.perf_counter()
        bucket = "bucket(phenomenonTime,duration'P1D','Asia/Shanghai')"
        groups = asked(store, f"groupby(({bucket}),{MEASURES})")
        whole = time.perf_counter() - begin
        report = {
            "rows": wanted.rows,
            "devices": wanted.devices,
            "segments": len(files),
            "month_by_hour_ms": timed(partial(month, store), places),
            "month_by_hour_duckdb_ms": timed(partial(month_by_duckdb, files), places),
            "all_by_day_s": round(whole, 1),
            "all_by_day_groups": groups,
        }
        store.close()
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
