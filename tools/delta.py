"""Has Spark read a home's tables through their Delta log, and compares with what we read.

    make delta

The table is written in many commits, merged, and thinned out by retention.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from yiwang.contracts.observations import ObservationBatch
from yiwang.kernel.clock import HOUR, ManualClock, parse
from yiwang.sensing.log import Header
from yiwang.sensing.observations import Observations

SETUP = Path(".setup/delta")
START = parse("2026-07-01T00:00:00Z")
BATCH, STREAMS, ROUNDS = 1000, 8, 20


def fill(observations: Observations) -> None:
    index = np.arange(BATCH)
    for number in range(ROUNDS):
        first = number * BATCH + 1
        batch = ObservationBatch(
            first,
            0,
            index % STREAMS + 1,
            START + number * HOUR + index,
            np.where(index % 10, index / 7, np.nan),
            np.full(BATCH, START),
            [None if row % 10 else "true" for row in index.tolist()],
        )
        observations.append([(Header("delta", START, first, BATCH, BATCH), batch)])
        observations.compact()
        observations.merge()
    gone = np.full(STREAMS // 2 + 1, START + 3 * HOUR)
    observations.forget(gone, observations.next_number)


def ours(observations: Observations) -> dict[str, object]:
    streams = []
    for stream in range(1, STREAMS + 1):
        rows = observations.between([stream], START, START + ROUNDS * HOUR, 10**9)
        exact = sum(text is not None for text in rows.exact or ())
        number = rows.result[~np.isnan(rows.result)]
        total = None if len(number) < len(rows) else float(number.sum())
        streams.append(
            [stream, len(rows), total, int(rows.time.min()), int(rows.time.max()), exact]
        )
    return {"rows": sum(int(each[1]) for each in streams), "streams": streams}  # type: ignore[call-overload]


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    def plain(found: dict[str, object]) -> list[object]:
        streams: list[list[float | None]] = found["streams"]  # type: ignore[assignment]
        rounded = [
            [*row[:2], None if not row[2] or row[2] != row[2] else round(row[2], 6), *row[3:]]
            for row in streams
        ]
        return [found["rows"], rounded]

    return plain(one) == plain(other)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        observations = Observations(Path(folder), ManualClock(START))
        fill(observations)
        expected = ours(observations)
        observations.close()
        command = [
            SETUP / "venv/bin/python",
            "tools/spark_read.py",
            f"{folder}/table",
            SETUP / "jars",
        ]
        read = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900)
        found = json.loads(read.stdout.strip().splitlines()[-1])
    if not same(expected, found):
        print(f"Spark reads otherwise than we do:\n  {found}\n  {expected}", file=sys.stderr)
        return 1
    print(f"Spark reads what we read: {found['rows']} observations of {STREAMS} datastreams")
    return 0


if __name__ == "__main__":
    sys.exit(main())
