"""Killed anywhere while rolling up and letting go, history ends as in a home that lived."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.sensing.core.scenario import children
from tests.sensing.history import scenario
from tests.sensing.history.scenario import DAYS, Home, declare_gauges, rows
from yiwang.kernel.clock import DAY, HOUR
from yiwang.store.database import Database

KILLS = 20


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
    declare_gauges(database)
    database.close()
    (folder / "template").mkdir()
    shutil.copy(folder / "yiwang.db", folder / "template" / "yiwang.db")


@pytest.mark.slow
def test_history_killed_at_any_point_ends_like_one_that_lived(
    tmp_path: Path, sqlite: Database
) -> None:
    _template(tmp_path, sqlite)
    steps = int(children(scenario.__name__, tmp_path, 0))
    lived = Home(tmp_path / "0")
    expected = _outcome(lived)
    lived.close()
    every = [row for number in range(DAYS) for row in rows(number)]
    counted = sum(one[2] for one in expected["rolled up"][HOUR])
    assert counted == len([row for row in every if row[0] <= 4])
    assert 0 < expected["count"] < len(every) and expected["next number"] == len(every) + 1
    assert len(expected["rolled up"][DAY]) < 4 * DAYS

    points = sorted(random.Random(steps).sample(range(1, steps), KILLS))
    children(scenario.__name__, tmp_path, *points)
    for point in points:
        home = Home(tmp_path / str(point))
        home.run()
        found = _outcome(home)
        home.close()
        for name, value in found.items():
            assert value == expected[name], f"killed at {point} of {steps}: {name}"
        shutil.rmtree(tmp_path / str(point))
