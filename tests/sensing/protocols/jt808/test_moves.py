"""The Thing of a vehicle follows it, at the pace of its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from tests.sensing.protocols.jt808.terminal import HERE, NOW, Terminal, home
from yiwang.kernel.clock import MINUTE, SECOND
from yiwang.sensing.protocols.jt808.model import bodies
from yiwang.sensing.tables import historical_locations, locations, thing_locations, things
from yiwang.store.database import Database


def places(database: Database, thing: int) -> list[tuple[float, float, int]]:
    """Where a thing was, with the times."""
    with database.read() as connection:
        chosen = select(historical_locations.c.time).where(historical_locations.c.thing == thing)
        found = [row.time for row in connection.execute(chosen.order_by("time"))]
        here = select(locations.c.lon, locations.c.lat).join(
            thing_locations, thing_locations.c.location == locations.c.id
        )
        now = connection.execute(here.where(thing_locations.c.thing == thing)).all()
        row = connection.execute(select(things).where(things.c.id == thing)).one()
    assert [(row.lon, row.lat)] == [tuple(place) for place in now]
    return [(row.lon, row.lat, time) for time in found]


def test_the_thing_follows_at_its_own_pace(tmp_path: Path, database: Database) -> None:
    start = NOW - 10 * MINUTE
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            for seconds, lon in ((0, 116.481), (30, 116.491), (70, 116.4811), (90, 116.5)):
                fix = replace(HERE, lon=lon, time=start + seconds * SECOND)
                assert terminal.report(fix) == bodies.DONE
                there.wait(there.field._mover.flush())
        assert len(there.results(truck, "speed")) == 4
        assert places(database, truck.thing) == [
            (116.5, 39.991, start),
            (116.5, 39.991, start + 90 * SECOND),
        ]


def test_an_older_fix_does_not_move_the_thing_back(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            terminal.report(HERE)
            there.wait(there.field._mover.flush())
            terminal.report(replace(HERE, lon=110.0, time=NOW - MINUTE * 30))
            there.wait(there.field._mover.flush())
        assert places(database, truck.thing) == [(116.481, 39.991, NOW)]
