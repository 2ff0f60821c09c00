"""The rule engine beside plain NumPy: rule R over a stream of many devices, one core.

Rule R: raise when the value stays at or above 45 for 2 minutes of event time on a device,
clear below 40. Workload: 5,000,000 observations of 237,000 devices in the order of event time
over an hour, in batches of 100,000; three peaks an hour on one device in a hundred.

    python -m bench.rules_engine [--rows 5000000] [--devices 237000] [--runs 3] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from yiwang.contracts.observations import ObservationBatch
from yiwang.contracts.ports import Channel
from yiwang.kernel.clock import HOUR, MINUTE, parse
from yiwang.rules import spec
from yiwang.rules.building import Loaded
from yiwang.rules.engine import Engine
from yiwang.rules.examples import Tally

BATCH = 100_000
START = parse("2026-07-01T00:00:00Z")
NEVER = np.iinfo(np.int64).max
HELD = 2 * MINUTE

RULES = {
    "threshold": "when: value >= 45\nfor: 2 min\nclears_when: value < 40\n",
    "average": "when: avg_over(value, '10 min') >= 45\n"
    "clears_when: avg_over(value, '9 min') < 40\n",
    "unwatched": "when: other >= 45\n",
    "silence": "silence: {after: 15 min}\n",
}


def workload(rows: int, devices: int) -> list[ObservationBatch]:
    dice = np.random.default_rng(7)
    datastream = dice.integers(1, devices + 1, rows)
    when = START + np.sort(dice.integers(0, HOUR, rows))
    value = dice.normal(25, 4, rows)
    wave = np.sin((when - START) / HOUR * 6 * np.pi + datastream)
    value = np.where((datastream % 100 == 0) & (wave > 0.3), value + 25, value)
    return [
        ObservationBatch(1 + begin, 0, datastream[part], when[part], value[part], when[part])
        for begin in range(0, rows, BATCH)
        for part in [slice(begin, begin + BATCH)]
    ]


def channels(devices: int) -> list[Channel]:
    return [
        Channel(number, number, "bench.meter", "value", None, None, None)
        for number in range(1, devices + 1)
    ]


def engine(rule: str, devices: int) -> Engine:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules"
        path.mkdir()
        text = f"rule: {rule}\nwatches: meter\nraise: {{severity: notice}}\n{RULES[rule]}"
        (path / f"{rule}.yaml").write_text(text, encoding="utf-8")
        read = spec.read(Path(folder), {"meter": {"value": "1", "other": "1"}})
    return Engine([Loaded("bench", read)], channels(devices))


def judged(rule: str, devices: int, batches: list[ObservationBatch]) -> tuple[float, int]:
    made, tally = engine(rule, devices), Tally()
    begin = time.process_time()
    for batch in batches:
        changes = made.judge(batch).changes
        if changes:
            tally.add(changes)
    return time.process_time() - begin, len(tally.findings())


def plain(devices: int, batches: list[ObservationBatch]) -> tuple[float, int]:
    """Rule R by hand: round after round, one row of each device. No late rows, no windows, no
    revision, nothing saved."""
    since = np.full(devices + 1, NEVER)
    up = np.zeros(devices + 1, np.bool_)
    raised = 0
    begin = time.process_time()
    for batch in batches:
        order = np.argsort(batch.datastream, kind="stable")
        datastream, when = batch.datastream[order], batch.time[order]
        value = batch.result[order]
        first = np.append(True, datastream[1:] != datastream[:-1])
        begins = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
        rank = np.arange(len(first)) - begins
        for turn in range(int(rank.max()) + 1):
            rows = rank == turn
            ids, now, seen = datastream[rows], when[rows], value[rows]
            high = seen >= 45
            since[ids] = np.where(high, np.minimum(since[ids], now), NEVER)
            rises = high & ~up[ids] & (now - since[ids] >= HELD)
            raised += int(rises.sum())
            up[ids] = (up[ids] | rises) & ~(seen < 40)
    return time.process_time() - begin, raised


def measure(name: str, runs: int, rows: int, work: Callable[[], tuple[float, int]]) -> Any:
    seconds, found = zip(*(work() for _ in range(runs)), strict=True)
    rate = rows / statistics.median(seconds)
    print(f"{name:<34} {rate / 1e6:8.2f} M/s   {found[0]:>8} findings")
    return {"name": name, "rows_per_s": round(rate), "findings": found[0], "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--devices", type=int, default=237_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    batches = workload(asked.rows, asked.devices)
    some = batches[: max(1, len(batches) // 5)]
    rows, fewer = sum(map(len, batches)), sum(map(len, some))
    print(f"{rows:,} observations of {asked.devices:,} devices, median of {asked.runs} runs")
    results = [
        measure("plain NumPy, rule R", asked.runs, rows, lambda: plain(asked.devices, batches)),
        measure(
            "engine, rule R", asked.runs, rows, lambda: judged("threshold", asked.devices, batches)
        ),
        measure(
            "engine, silence", asked.runs, rows, lambda: judged("silence", asked.devices, batches)
        ),
        measure(
            "engine, no rule watches",
            asked.runs,
            rows,
            lambda: judged("unwatched", asked.devices, batches),
        ),
        measure(
            "engine, 10 min average",
            asked.runs,
            fewer,
            lambda: judged("average", asked.devices, some),
        ),
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB, workload included")
    if asked.out:
        report = {"rows": rows, "devices": asked.devices, "peak_mib": round(peak)}
        asked.out.write_text(json.dumps(report | {"results": results}, indent=2))


if __name__ == "__main__":
    main()
