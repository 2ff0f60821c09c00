"""How long ``yiwang up`` takes until its first answer, and its memory then: empty home, and the
same home again."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from bench.running import up


def measure(runs: int) -> dict[str, float]:
    empty: list[float] = []
    again: list[float] = []
    memory: list[float] = []
    processor: list[float] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            for taken in (empty, again):
                with up(home, "--mqtt-port", "0") as running:
                    taken.append(running.started_s)
                    memory.append(running.resident_mb())
                    if taken is empty:
                        processor.append(running.started_cpu_s)
    return {
        "start_empty_s": round(statistics.median(empty), 2),
        "start_empty_processor_s": round(statistics.median(processor), 2),
        "start_again_s": round(statistics.median(again), 2),
        "resident_mb": round(statistics.median(memory), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    print(json.dumps(measure(parser.parse_args().runs), indent=1))


if __name__ == "__main__":
    main()
