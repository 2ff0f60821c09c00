"""Days of a home that rolls observations up and lets the old ones go.

A program like ``tests.sensing.core.scenario``: child ``N`` is killed at its N-th call or return
inside the package, 0 lives and prints how many there were:

    python -m tests.sensing.history.scenario FOLDER N [N …]
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from tests.sensing.core import scenario
from tests.sensing.core.conftest import Row, add_datastreams, incoming
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse
from yiwang.sensing import tables
from yiwang.sensing.history.keeping import Keeping
from yiwang.sensing.history.policy import CityPolicies, Policy, Rollup
from yiwang.sensing.history.rollups import Rollups
from yiwang.sensing.intake import Intake
from yiwang.sensing.observations import Observations
from yiwang.store.database import Database

START = parse("2026-03-01T00:00:00+08:00")
DAYS = 6
SOURCE = "replay:days"
KIND = "pack.gauge"
POLICY = Policy(2 * DAY, (Rollup(HOUR), Rollup(DAY, keep=4 * DAY)))


def declare_gauges(database: Database) -> None:
    """Eight datastreams, of which the first four are of a kind of device."""
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


def rows(number: int) -> list[Row]:
    """A day of eight datastreams, and a few of the day before that come late: more than the
    twentieth of a file for which it is not written anew."""
    start = START + number * DAY
    day = [
        (stream, start + step * 6 * HOUR + stream * MINUTE, float(step * stream % 7 + number))
        for step in range(4)
        for stream in range(1, 9)
    ]
    late = [(stream, start - 3 * HOUR + stream, 50.0 + number) for stream in range(1, 5)]
    return [*day, *late]


class Home(scenario.Home):
    """Of the datastreams the first four are kept as POLICY says."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(START)
        self.database = Database(f"sqlite:///{folder / 'yiwang.db'}")
        kept = folder / "observations"
        self.observations = Observations(kept, self.clock, hot_rows=1, file_bytes=1500)
        self.intake = Intake(self.observations, self.database, self.clock)
        zone = ZoneInfo("Asia/Shanghai")
        city = CityPolicies({KIND: {"*": POLICY}})
        rollups = Rollups(kept / "rollups", zone)
        self.keeping = Keeping(self.observations, rollups, self.database, city, kept)

    def run(self) -> None:
        for number in range(self.intake.cursor(SOURCE) or 0, DAYS):
            self.clock.set(START + (number + 1) * DAY + HOUR)
            self.intake.accept(incoming(rows(number), SOURCE, self.clock.now(), cursor=number + 1))
            self.tend()
        self.clock.set(START + DAYS * DAY + HOUR)
        self.tend()

    def tend(self) -> None:
        self.observations.compact()
        self.keeping.round(self.clock.now(), at_once=True)


if __name__ == "__main__":
    scenario.main(Home)
