"""What the doctor says of history: what is held, how long it is kept, what is rolled up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from tests.sensing.core.conftest import add_datastreams
from tests.sensing.history.scenario import DAYS, KIND, START, Home, rows
from yiwang.kernel.clock import DAY, ManualClock, render
from yiwang.kernel.settings import Settings
from yiwang.operate import doctor
from yiwang.operate.checks import Check
from yiwang.sensing import tables
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

CITY = f"kinds:\n  {KIND}:\n    level: {{keep: 2 d, rollups: {{1h: {{}}, 1d: {{keep: 4 d}}}}}}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Days of observations, of which the first are gone and the last day is in the log."""
    database = Database(f"sqlite:///{tmp_path / 'yiwang.db'}")
    migrate(database)
    add_datastreams(database, 8)
    with database.write() as connection:
        declared = {"properties": [{"name": "level"}, {"name": "tilt"}], "computed": []}
        kind = {"kind": KIND, "pack": "pack", "name": "gauge", "title": {}, "declared": declared}
        connection.execute(insert(tables.device_kinds).values(**kind, installed_at=0))
        thing = {"id": 2, "name": "gauge", "kind": KIND, "created_at": 0}
        connection.execute(insert(tables.things).values(thing))
        mine = tables.datastreams.update().where(tables.datastreams.c.id <= 4)
        connection.execute(mine.values(thing=2, property="level"))
    database.close()
    lived = Home(tmp_path)
    lived.run()
    lived.close()
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "history.yaml").write_text(CITY)
    return tmp_path


def said(home: Path) -> dict[str, Check]:
    settings = Settings(home=home, port=0, mqtt_port=0)
    return {one.name: one for one in doctor.examine(settings, {}, ManualClock(START + 9 * DAY))}


def test_what_is_held_and_for_how_long(home: Path) -> None:
    checks = said(home)
    held = checks["observations"]
    every = [row for number in range(DAYS) for row in rows(number)]
    assert held.state == "ok"
    assert int(held.found.split(" ")[0]) < len(every)
    kept_for_ever = min(row[1] for row in every if row[0] > 4)
    assert f"from {render(kept_for_ever)} to {render(max(row[1] for row in every))}" in held.found
    retention = checks["retention"]
    assert retention.state == "ok"
    gone = render(START + (DAYS - 2) * DAY)
    assert retention.found == (
        f"{KIND}/level 2 d, rolled up by PT1H (for ever), P1D (4 d), gone before {gone}; "
        "1 properties for ever"
    )
    assert "P1D: " in checks["roll-ups"].found and "PT1H: " in checks["roll-ups"].found


def test_looking_changes_nothing(home: Path) -> None:
    files = {
        path: path.stat().st_mtime_ns for path in home.rglob("*") if "yiwang.db" not in path.name
    }
    said(home)
    assert files == {
        path: path.stat().st_mtime_ns for path in home.rglob("*") if "yiwang.db" not in path.name
    }


def test_what_is_wrong_in_the_city_is_told(home: Path) -> None:
    city = home / "city" / "history.yaml"
    city.write_text("kinds:\n  pack.gorge:\n    level: {keep: 9 d}\n")
    told = said(home)["retention"]
    assert told.state == "warning" and "pack.gorge" in told.todo
    city.write_text(CITY.replace("2 d", "2 hours"))
    assert said(home)["retention"].state == "fault"


def test_a_home_without_observations(home: Path) -> None:
    shutil.rmtree(home / "observations")
    checks = said(home)
    assert checks["observations"].state == checks["retention"].state == "ok"
    assert checks["roll-ups"].found == "none"
