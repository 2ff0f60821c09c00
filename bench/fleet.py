"""What online rates of a district's devices cost, and a sweep in which all of them change.

    python -m bench.fleet [--devices 237000] [--days 8] [--changes 1.0]

``--changes``: how often a device changes its state a day, on the whole. The database is SQLite;
the platform has watched all the time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import func, insert, select

from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing.fleet import rates
from yiwang.sensing.fleet.daily import Daily
from yiwang.sensing.fleet.rates import Rates
from yiwang.sensing.fleet.roster import Roster
from yiwang.sensing.fleet.tables import (
    device_details,
    device_online_days,
    device_states,
    device_watch,
)
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.store import insert_many
from yiwang.sensing.tables import things
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

NOW = 1_782_900_000_000_000
KINDS, SUPPLIERS = 12, 20


class Everybody:
    """Health of devices that all were heard of at the same instant."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = 0

    def examine(self, now: int) -> tuple[Any, Any]:
        index = SimpleNamespace(
            thing=np.arange(1, self.count + 1),
            silent_after=np.full(self.count, 15 * MINUTE),
            created=np.full(self.count, 1),
        )
        return index, SimpleNamespace(seen=np.full(self.count, self.seen))


def fill(database: Database, devices: int, days: int, changes: float) -> int:
    """Devices and what was put on record of them; returns how many changes."""
    random = np.random.default_rng(5)
    began = NOW - days * DAY
    made = [
        {
            "id": number,
            "code": f"D{number}",
            "kind": f"city.kind{number % KINDS}",
            "name": "",
            "description": "",
            "properties": {},
            "created_at": began,
        }
        for number in range(1, devices + 1)
    ]
    details = [
        {"thing": number, "supplier": f"S{number % SUPPLIERS}"} for number in range(1, devices + 1)
    ]
    many = int(devices * days * changes)
    thing = np.concatenate((np.arange(1, devices + 1), random.integers(1, devices + 1, many)))
    at = np.concatenate((np.full(devices, began), began + random.integers(1, days * DAY, many)))
    order = np.lexsort((at, thing))
    thing, at = thing[order], at[order]
    first = np.concatenate(([True], thing[1:] != thing[:-1]))
    place = np.arange(len(thing)) - np.maximum.accumulate(np.where(first, np.arange(len(thing)), 0))
    state = place % 2
    before = np.where(first, -1, 1 - state)
    order = np.argsort(at, kind="stable")
    thing, at, state, before = (one[order] for one in (thing, at, state, before))
    rows = [
        dict(zip(("thing", "at", "state", "before"), row, strict=True))
        for row in zip(*(one.tolist() for one in (thing, at, state, before)), strict=True)
    ]
    with database.write() as connection:
        connection.execute(insert(things), made)
        insert_many(connection, device_details, details)
        insert_many(connection, device_states, rows)
        connection.execute(insert(device_watch).values(since=began, until=NOW))
    return len(rows)


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return round(time.perf_counter() - began, 3)


def week(caller: Caller) -> Rates:
    return rates.online_rates(caller, "kind", NOW - 7 * DAY, NOW)


def size(database: Database) -> int:
    """Bytes of the largest sums of a day."""
    with database.read() as connection:
        chosen = select(func.max(func.length(device_online_days.c.sums)))
        return int(connection.execute(chosen).scalar_one())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=237_000)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--changes", type=float, default=1.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'fleet.db'}")
        migrate(database, folder)
        found: dict[str, object] = vars(options) | {
            "rows": fill(database, options.devices, options.days, options.changes)
        }
        clock = ManualClock(NOW)
        health = Everybody(options.devices)
        caller = Caller(system("bench"), database, clock, ports={Roster: Roster()}, origin="bench")
        watch = Watch(caller, health)  # type: ignore[arg-type]
        health.seen = NOW
        found["sweep_all_changed_s"] = timed(watch.sweep)
        watched = Caller(
            system("bench"), database, clock, ports={**caller.ports, Watch: watch}, origin="bench"
        )
        clock.advance(HOUR)
        watch.sweep()
        found["rates_7_days_without_sums_s"] = timed(lambda: week(watched))
        sums = Daily({}, ZoneInfo("Asia/Shanghai"))
        spent = [timed(lambda: sums.sum(watch, NOW)) for _ in range(options.days)]
        found["sum_a_day_s"] = max(spent)
        found["sums_bytes_a_day"] = size(database)
        found["rates_7_days_first_s"] = timed(lambda: week(watched))
        found["rates_7_days_again_s"] = timed(lambda: week(watched))
        print(json.dumps(found, indent=1))
        database.close()


if __name__ == "__main__":
    main()
