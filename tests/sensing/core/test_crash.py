"""Killed anywhere between accepting and dropping log files, a home ends like one that lived."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from sqlalchemy import select

from tests.sensing.core import scenario
from tests.sensing.core.conftest import add_datastreams
from tests.sensing.core.scenario import ROUNDS, Home, children
from yiwang.sensing import ledger as ledgers
from yiwang.sensing.tables import rejections
from yiwang.store.database import Database

KILLS = 30


def _outcome(home: Home) -> dict[str, Any]:
    """Everything that must not depend on whether it was killed."""
    found = home.observations.rows(None).sort_by("number").to_pydict()
    with home.database.read() as connection:
        lines = ledgers.read(connection)
        raws = connection.execute(select(rejections.c.reason, rejections.c.raw)).all()
    latest = home.observations.latest
    return {
        "observations": found,
        "ledger": lines,
        "rejections": sorted(map(tuple, raws)),
        "latest": (latest.time.tolist(), latest.result.tolist(), latest.number.tolist()),
        "cursors": home.observations.cursors,
    }


@pytest.mark.slow
def test_a_home_killed_at_any_point_ends_like_one_that_lived(
    tmp_path: Path, sqlite: Database
) -> None:
    add_datastreams(sqlite, 8, least=0.0, most=100.0)
    sqlite.close()
    template = tmp_path / "template"
    template.mkdir()
    shutil.copy(tmp_path / "yiwang.db", template / "yiwang.db")
    steps = int(children(scenario.__name__, tmp_path, 0))
    lived = Home(tmp_path / "0")
    expected = _outcome(lived)
    lived.close()
    deleted = {(number - 1) * 9 + 3 for number in range(1, ROUNDS)}
    numbers = [n for n in range(1, ROUNDS * 9 + 1) if n not in deleted]
    assert expected["observations"]["number"] == numbers
    assert expected["observations"]["result"].count(77.0) == ROUNDS - 1
    assert sum(line.received for line in expected["ledger"]) == ROUNDS * 12
    assert all(line.balanced for line in expected["ledger"])

    points = sorted(random.Random(steps).sample(range(1, steps), KILLS))
    children(scenario.__name__, tmp_path, *points)
    for point in points:
        home = Home(tmp_path / str(point))
        home.run()
        found = _outcome(home)
        home.close()
        assert found.pop("latest")[2][1:9] == expected["latest"][2][1:9], f"killed at {point}"
        for name, value in found.items():
            assert value == expected[name], f"killed at {point} of {steps}: {name}"
        listed = DeltaTable(str(tmp_path / str(point) / "observations" / "table"))
        files = {Path(uri).name for uri in listed.file_uris()}
        on_disk = {path.name for path in (tmp_path / str(point)).rglob("*.parquet")}
        assert files <= on_disk
        shutil.rmtree(tmp_path / str(point))
