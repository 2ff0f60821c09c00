"""How the cost of each operation grows with what is stored, in Yiwang and in FROST-Server.

    python -m bench.growth --war FROST-Server.MQTTP-….war --folder /somewhere/large
        [--things 10000] [--sizes 1000000 30000000] [--seconds 2] [--rounds 3] [--out FILE.json]

The operations are those of ``bench/sensorthings.py``; each size is a city of its own, and both
services are asked in turn. With 10,000 things the smaller one holds 100 observations of each, so
that a stretch of history is as long in both. Shown are the times of a single client at each size.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.sensorthings import compared, our_peer, their_peer
from rich.console import Console
from rich.table import Table


def measured(given: argparse.Namespace, observations: int, console: Console) -> Any:
    size = (given.things, observations)
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(our_peer(given.folder, *size))]
        peers.append(stack.enter_context(their_peer(given.war, given.folder, *size)))
        return compared(peers, given.rounds, given.seconds, console.log)


def shown(sizes: list[int], found: list[Any]) -> Table:
    table = Table(title="Growth: p50 and p99 of one client, ms")
    table.add_column("operation")
    for name in ("yiwang", "frost"):
        for size in sizes:
            table.add_column(f"{name}, {size // 1_000_000} M", justify="right")
        table.add_column(f"{name}: p50 grows by", justify="right")
    for lines in zip(*found, strict=True):
        cells = []
        for name in ("yiwang", "frost"):
            figures = [line[name]["one_client"] for line in lines]
            cells += [f"{one['p50_ms']:.2f} / {one['p99_ms']:.2f}" for one in figures]
            cells.append(f"{figures[-1]['p50_ms'] / figures[0]['p50_ms']:.2f}")
        table.add_row(lines[0]["operation"], *cells)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--war", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the cities are kept")
    parser.add_argument("--things", type=int, default=10_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 30_000_000])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    console = Console(stderr=True)
    load = os.getloadavg()[0]
    found = [measured(given, size, console) for size in given.sizes]
    Console(width=160).print(shown(given.sizes, found))
    if given.out is not None:
        report = {"load_before": round(load, 2), "sizes": given.sizes, "operations": found}
        given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
