"""The whole main line driven by a recording: it reconciles, and a killed replay ends the same."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import text

from yiwang.kernel.clock import MINUTE, SystemClock, parse
from yiwang.sensing.observations import Observations
from yiwang.store.database import Database

MAPPING = """
source: made_up
time: {column: at}
device: {kind: counter, code: place}
values:
  free: {column: free}
places:
  kind: car_park
  file: places.csv
  code: place
  name: name
  lon: lon
  lat: lat
  attributes: {capacity: capacity}
"""
START = parse("2026-07-01T00:00:00Z")


def _recording(folder: Path, rows: int = 6000, cars: int = 12) -> Path:
    """Car parks that fill and empty, with impossible counts, gaps and repeated rows."""
    random_ = random.Random(7)
    lines = ["place,at,free"]
    free = [random_.randrange(0, 60) for _ in range(cars)]
    for index in range(rows):
        car = index % cars
        at = START + (index // cars) * 5 * MINUTE + car * 1_000_000
        free[car] = max(-3, min(62, free[car] + random_.randrange(-9, 10)))
        if car == 3 and 100 < index // cars < 130:
            continue
        value: object = free[car]
        if random_.random() < 0.003:
            value = random_.choice(["", "many", 5000])
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at // 1_000_000))
        lines.append(f"P{car},{stamp},{value}")
        if random_.random() < 0.01:
            lines.append(lines[-1])
    file = folder / "made_up.csv"
    file.write_text("\n".join(lines) + "\n")
    places = ["place,name,lon,lat,capacity"]
    places += [f"P{n},Park {n},{120 + n / 1000},{30},{'' if n == 5 else 50}" for n in range(cars)]
    (folder / "places.csv").write_text("\n".join(places) + "\n")
    (folder / "mapping.yaml").write_text(MAPPING)
    return file


def _command(file: Path, home: Path, batch: int = 500) -> list[str]:
    return [
        sys.executable,
        "-m",
        "yiwang",
        "replay",
        str(file),
        "--mapping",
        str(file.parent / "mapping.yaml"),
        "--pack",
        "smart_parking",
        "--home",
        str(home),
        "--batch",
        str(batch),
        "--report",
        str(home.parent / f"{home.name}.json"),
    ]


def _run(file: Path, home: Path, batch: int = 500) -> dict[str, Any]:
    done = subprocess.run(_command(file, home, batch), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((home.parent / f"{home.name}.json").read_text())
    return report


def _contents(home: Path) -> dict[str, Any]:
    """Everything that must not depend on what was killed when."""
    queries = {
        "findings": "SELECT key, state, severity, raised_at, cleared_at FROM findings",
        "cases": "SELECT no, class_code, state, kind, place, opened_at, closed_at, due_at, overdue "
        "FROM cases",
        "sources": 'SELECT "case", finding, kind FROM case_sources',
        "steps": 'SELECT "case", step, state, at FROM case_timeline',
        "ledger": "SELECT source, sum(received), sum(stored), sum(duplicate), sum(rejected) "
        "FROM sensing_ledger GROUP BY source",
    }
    database = Database(f"sqlite:///{home / 'yiwang.db'}")
    found: dict[str, Any] = {}
    with database.read() as connection:
        for name, query in queries.items():
            found[name] = sorted(map(tuple, connection.execute(text(query))), key=repr)
    database.close()
    observations = Observations(home / "observations", SystemClock())
    rows = observations.rows(None).sort_by([("number", "ascending")])
    found["observations"] = rows.select(["number", "datastream", "time", "result"]).to_pydict()
    observations.close()
    return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _recording(tmp_path_factory.mktemp("recording"))


@pytest.fixture(scope="module")
def uninterrupted(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    home = tmp_path_factory.mktemp("homes") / "whole"
    report = _run(recording, home)
    return report, _contents(home)


def test_the_report_reconciles(recording: Path, uninterrupted: tuple[Any, Any]) -> None:
    report, contents = uninterrupted
    rejected = sum(report["rejected"].values())
    assert report["read"] == report["accepted"] + rejected + report["duplicate"]
    assert report["rows"] == report["read"] + report["empty_cells"]
    assert report["rejected"]["sensing.not_a_number"] > 0 and report["duplicate"] > 0
    assert report["accepted"] == len(contents["observations"]["number"])
    assert sum(rule["raised"] for rule in report["findings"].values()) > 50
    assert report["cases"]["opened"] > 0 and report["cases"]["closed"] > 0
    counted = duckdb.sql(f"SELECT count(*) FROM read_csv('{recording}', all_varchar=true)")
    assert counted.fetchall() == [(report["rows"],)]


def test_a_second_replay_of_the_same_file_changes_nothing(
    recording: Path, tmp_path: Path, uninterrupted: tuple[Any, Any]
) -> None:
    home = tmp_path / "again"
    _run(recording, home)
    report = _run(recording, home)
    assert report["read"] == uninterrupted[0]["read"]
    assert _contents(home) == uninterrupted[1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_kill_9_at_random_points_changes_nothing(
    recording: Path, tmp_path: Path, uninterrupted: tuple[Any, Any], seed: int
) -> None:
    random_ = random.Random(seed)
    home = tmp_path / "killed"
    began = time.monotonic()
    for _ in range(3):
        process = subprocess.Popen(
            _command(recording, home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(random_.uniform(0.5, 7.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    report = _run(recording, home)
    assert time.monotonic() - began < 300
    assert report["findings"] == uninterrupted[0]["findings"]
    assert report["cases"] == uninterrupted[0]["cases"]
    assert _contents(home) == uninterrupted[1]
