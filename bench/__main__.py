"""Measure the main line: every part in a process of its own, one table, one JSON file.

    python -m bench [PART …] [--out bench/out/DATE.json]

Parts: start, replay, intake, rules, mqtt, lifecycles, cases. Without any, all of them: about
seven minutes.
The figures say how the machine was meanwhile; measure on one that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Line = tuple[str, Any, str]
"""What was measured, the figure, and the budget or what it stands beside."""


@dataclass(frozen=True)
class Part:
    """A benchmark: its module and options, and which of its figures the table shows."""

    title: str
    module: str
    options: tuple[str, ...]
    lines: Callable[[Any], list[Line]]
    to_file: bool = False


def _start(found: Any) -> list[Line]:
    return [
        ("empty home, until the first answer, s", found["start_empty_s"], "2"),
        ("processor time of that, s", found["start_empty_processor_s"], ""),
        ("the same home again, s", found["start_again_s"], ""),
        ("resident memory then, MiB", found["resident_mb"], ""),
    ]


def _replay(found: Any) -> list[Line]:
    raw = f"{found['sqlite_insert_per_s']:,} plain SQLite inserts"
    return [
        ("accept, judge, store: observations/s", found["observations_per_s"], "300,000"),
        ("ratio to the raw store", found["ratio_to_sqlite"], raw),
        ("batch to durable finding, p99, ms", found["finding_latency_ms"]["p99"], ""),
        ("peak memory, MiB", found["peak_rss_mb"], ""),
    ]


def _intake(found: Any) -> list[Line]:
    return [
        ("accepted and durable, rows/s", found["accept_rows_per_s"], ""),
        ("the same bytes written and synced, rows/s", found["raw_rows_per_s"], "the disk"),
        ("rewritten into segments, rows/s", found["compact_rows_per_s"], ""),
        ("peak memory, MiB", found["peak_rss_mb"], ""),
    ]


def _rules(found: Any) -> list[Line]:
    return [(f"{one['name']}, rows/s", one["rows_per_s"], "") for one in found["results"]]


def _mqtt(found: Any) -> list[Line]:
    lines: list[Line] = []
    for name, one in found.items():
        budget = "20,000" if "Mosquitto" in name else ""
        lines.append((f"{name}: stored/s", one["stored_per_s"], budget))
        lines.append((f"{name}: publish to stored, p99 at 2,000/s, ms", one["p99_ms_at_2000"], ""))
    return lines


def _cases(found: Any) -> list[Line]:
    return [
        ("publish to case on the live stream, p50, ms", found["p50_ms"], ""),
        ("publish to case on the live stream, p99, ms", found["p99_ms"], "1,000"),
        ("cases seen, of alarms sent", f"{found['cases']} of {found['alarms']}", "all"),
    ]


def _lifecycles(found: Any) -> list[Line]:
    lines: list[Line] = []
    for one in found:
        title = f"{one['database']}, {one['stored']:,} stored"
        lines.append((f"{title}: lifecycles/s over HTTP", one["per_s"], "300 at 1,000,000"))
        lines.append((f"{title}: a call, p95, ms", one["all"]["p95_ms"], "100"))
        lines.append((f"{title}: processor time of one, ms", one["processor_ms"], ""))
    return lines


def _assessment(found: Any) -> list[Line]:
    lines: list[Line] = []
    for one in found:
        for page, used in one["pages"].items():
            title = f"{one['database']}, {one['stored']:,} results: {page}, ms"
            budget = "" if page.startswith("report") else "1,000"
            lines.append((title, used["processor_ms"] + used["database_ms"], budget))
    return lines


PARTS = {
    "start": Part("yiwang up", "bench.start", ("--runs", "3"), _start),
    "replay": Part(
        "yiwang replay",
        "bench.replay",
        ("--rows", "1000000", "--devices", "5000", "--runs", "3"),
        _replay,
    ),
    "intake": Part("intake", "bench.intake", ("--rows", "2000000", "--runs", "3"), _intake),
    "rules": Part(
        "rule engine",
        "bench.rules_engine",
        ("--rows", "2000000", "--devices", "95000", "--runs", "3"),
        _rules,
        True,
    ),
    "mqtt": Part("MQTT", "bench.mqtt", ("--messages", "40000", "--runs", "3"), _mqtt, True),
    "lifecycles": Part(
        "cases",
        "bench.lifecycle",
        ("--stored", "0,100000", "--seconds", "10", "--databases", "sqlite"),
        _lifecycles,
        True,
    ),
    "assessment": Part("assessment", "bench.assessment", (), _assessment, True),
    "cases": Part("MQTT to case", "bench.case_latency", ("--seconds", "20"), _cases),
}


def measured(part: Part) -> Any:
    """What one benchmark reports."""
    command = [sys.executable, "-m", part.module, *part.options]
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "report.json"
        if part.to_file:
            command += ["--out", str(file)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(file.read_text() if part.to_file else done.stdout)


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def shown(table: Table, part: Part, found: Any, load: float) -> None:
    title = part.title
    for name, figure, beside in part.lines(found):
        text = f"{figure:,}" if isinstance(figure, (int, float)) else str(figure)
        table.add_row(title, name, text, beside, f"{load:.1f}" if title else "")
        title = ""
    table.add_section()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    given = parser.parse_args()
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    console = Console()
    table = Table(title="Yiwang, measured")
    for heading in ("part", "what", "figure", "budget or beside", "load"):
        table.add_column(heading, justify="right" if heading in ("figure", "load") else "left")
    report: dict[str, Any] = {"machine": machine(), "parts": {}}
    for name in given.parts or PARTS:
        began, load = time.perf_counter(), os.getloadavg()[0]
        with console.status(f"{name} …"):
            found = measured(PARTS[name])
        taken = round(time.perf_counter() - began, 1)
        report["parts"][name] = {"load_before": round(load, 2), "seconds": taken, "found": found}
        shown(table, PARTS[name], found, load)
    console.print(table)
    out = given.out or Path(__file__).parent / "out" / f"{time.strftime('%Y-%m-%d')}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print(f"Written to {out}")


if __name__ == "__main__":
    main()
