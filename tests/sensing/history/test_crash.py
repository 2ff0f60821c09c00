"""Killed anywhere while rolling up and letting go, history ends as in a home that lived."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from tests.sensing.core.conftest import add_datastreams
from tests.sensing.history.scenario import DAYS, KIND, Home, rows
from yiwang.kernel.clock import DAY, HOUR
from yiwang.sensing import tables
from yiwang.store.database import Database

KILLS = 20


def _children(folder: Path, *points: int) -> str:
    command = [sys.executable, "-m", "tests.sensing.history.scenario", str(folder)]
    command += [str(point) for point in points]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _outcome(home: Home) -> dict[str, Any]:
    rolled = {
        width: sorted(
            (row["datastream"], row["start"], row["count"], row["sum"], row["min"], row["max"])
            for table in home.keeping.rollups.rows(width, None, -(2**62), 2**62)
            for row in table.to_pylist()
        )
        for width in (HOUR, DAY)
    }
    found = home.observations.rows(None).sort_by("number").to_pydict()
    return {
        "observations": found,
        "rolled up": rolled,
        "count": home.observations.count,
        "next number": home.observations.next_number,
    }


def _template(folder: Path, database: Database) -> None:
    add_datastreams(database, 8)
    with database.write() as connection:
        declared = {"properties": [{"name": "level"}], "computed": []}
        kind = {"kind": KIND, "pack": "pack", "name": "gauge", "title": {}, "declared": declared}
        connection.execute(insert(tables.device_kinds).values(**kind, installed_at=0))
        thing = {"id": 2, "name": "gauge", "kind": KIND, "created_at": 0}
        connection.execute(insert(tables.things).values(thing))
        mine = tables.datastreams.c.id <= 4
        change = tables.datastreams.update().where(mine)
        connection.execute(change.values(thing=2, property="level"))
    database.close()
    (folder / "template").mkdir()
    shutil.copy(folder / "yiwang.db", folder / "template" / "yiwang.db")


@pytest.mark.slow
def test_history_killed_at_any_point_ends_like_one_that_lived(
    tmp_path: Path, sqlite: Database
) -> None:
    _template(tmp_path, sqlite)
    steps = int(_children(tmp_path, 0))
    lived = Home(tmp_path / "0")
    expected = _outcome(lived)
    lived.close()
    every = [row for number in range(DAYS) for row in rows(number)]
    counted = sum(one[2] for one in expected["rolled up"][HOUR])
    assert counted == len([row for row in every if row[0] <= 4])
    assert 0 < expected["count"] < len(every) and expected["next number"] == len(every) + 1
    assert len(expected["rolled up"][DAY]) < 4 * DAYS

    points = sorted(random.Random(steps).sample(range(1, steps), KILLS))
    _children(tmp_path, *points)
    for point in points:
        home = Home(tmp_path / str(point))
        home.run()
        found = _outcome(home)
        home.close()
        for name, value in found.items():
            assert value == expected[name], f"killed at {point} of {steps}: {name}"
        shutil.rmtree(tmp_path / str(point))
