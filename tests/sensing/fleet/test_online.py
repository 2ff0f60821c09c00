"""Sums of the days that are over: rates with them are what reading every change gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select

from tests.sensing.fleet.conftest import hear, meters
from tests.sensing.fleet.test_watch import put
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from yiwang.security.actions import Caller
from yiwang.sensing.fleet import limits, online, rates
from yiwang.sensing.fleet.daily import Daily
from yiwang.sensing.fleet.online import Sums
from yiwang.sensing.fleet.tables import device_online_days, device_states, device_watch
from yiwang.sensing.fleet.watch import Recorded, Watch
from yiwang.sensing.runtime import Sensing
from yiwang.store.database import Database

ZONE = ZoneInfo("Asia/Shanghai")


def summed(by: Caller) -> int:
    with by.database.read() as connection:
        counted = select(func.count()).select_from(device_online_days)
        return int(connection.execute(counted).scalar_one())


def forgotten(by: Caller) -> None:
    with by.database.write() as connection:
        connection.execute(delete(device_online_days))


def lived(by: Caller, sensing: Sensing, clock: ManualClock, hours: int) -> Watch:
    """Three devices: heard always, every other six hours, and never; with a break of the
    platform. The days that are over are summed as the watch goes on."""
    put(by, sensing, meters(3))
    watch = Watch(by, sensing.health, (Daily(limits.load(sensing.observations._folder), ZONE),))
    for hour in range(hours):
        if hour == 40:
            clock.advance(5 * HOUR)
            watch = Watch(
                by, sensing.health, (Daily(limits.load(sensing.observations._folder), ZONE),)
            )
        for _ in range(5):
            hear(sensing, [1, 4] if hour // 6 % 2 else [1])
            watch.sweep()
            clock.advance(12 * MINUTE)
    return watch


def test_rates_from_sums_are_those_from_every_change(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    began = clock.now()
    watch = lived(by, sensing, clock, 80)
    with_watch = replace(by, ports={**by.ports, Watch: watch})
    assert summed(by) == 3
    now = clock.now()
    periods = (
        (began, now),
        (began - 2 * DAY, now),
        (began + 7 * HOUR, now - 30 * HOUR),
        (began + 31 * HOUR, began + 33 * HOUR),
        (now - 2 * HOUR, now),
    )
    fast = [rates.online_rates(with_watch, "street", *period) for period in periods]
    forgotten(by)
    assert fast == [rates.online_rates(with_watch, "street", *period) for period in periods]
    assert 0.3 < (fast[0].total["rate"] or 0) < 0.7


def test_days_that_were_never_summed_are_summed_one_a_sweep(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    watch = lived(by, sensing, clock, 80)
    with by.database.read() as connection:
        chosen = select(device_online_days).order_by(device_online_days.c.start)
        before = list(connection.execute(chosen))
    forgotten(by)
    for count in (1, 2, 3, 3):
        watch.sweep()
        assert summed(by) == count
    with by.database.read() as connection:
        assert list(connection.execute(chosen)) == before


def test_what_becomes_known_late_of_a_day_makes_its_sum_anew(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    watch = lived(by, sensing, clock, 80)
    with by.database.write() as connection:
        starts = [
            row.start
            for row in connection.execute(
                select(device_online_days).order_by(device_online_days.c.start)
            )
        ]
        online.forget(connection, starts[-1] + HOUR)
    assert summed(by) == 2
    watch.sweep()
    assert summed(by) == 3
    with by.database.write() as connection:
        online.forget(connection, starts[-1])
    assert summed(by) == 1


TIMES = st.integers(1, 60)
CHANGES = st.lists(st.tuples(st.integers(1, 5), TIMES, st.integers(-1, 2)), max_size=25)


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CHANGES, st.tuples(TIMES, TIMES), st.integers(2, 58), st.booleans())
def test_a_sum_is_what_counting_instant_by_instant_gives(
    database: Database,
    drawn: list[tuple[int, int, int]],
    listened: tuple[int, int],
    start: int,
    following: bool,
) -> None:
    until = min(start + 20, 60)
    state = dict.fromkeys(range(1, 6), -1)
    log: dict[tuple[int, int], int] = {}
    for thing, at, new in sorted(drawn, key=lambda one: one[1]):
        log[thing, at] = new
    rows = []
    for (thing, at), new in sorted(log.items(), key=lambda one: one[0][1]):
        rows.append({"thing": thing, "at": at, "before": state[thing], "state": new})
        state[thing] = new
    low, high = sorted(listened)
    things = np.arange(1, 6)
    now = Recorded(things, np.array([state[one] for one in range(1, 6)]), np.zeros(5, np.int64))
    with database.write() as connection:
        for table in (device_states, device_watch, device_online_days):
            connection.execute(delete(table))
        connection.execute(insert(device_watch).values(since=low, until=high))
        if rows:
            connection.execute(insert(device_states), rows)
        if following:
            later = online.summed(connection, until, until + 30, now)
            online.keep(connection, until, until + 30, later)
        online.keep(connection, start, until, online.summed(connection, start, until, now))
        found = online.stored(connection, start, until)
    assert found is not None
    for place, thing in enumerate(things.tolist()):
        seen = [
            next((log[thing, at] for at in range(instant, 0, -1) if (thing, at) in log), -1)
            for instant in range(start, until)
        ]
        heard = [one for one, at in zip(seen, range(start, until), strict=True) if low <= at < high]
        assert found.began[place] == seen[0]
        assert found.online[place] == heard.count(0)
        assert found.there[place] == len(heard) - heard.count(-1)


def test_devices_that_a_day_does_not_know_were_not_there() -> None:
    day = Sums(*(np.array(column) for column in ([2, 4], [0, 1], [5, 0], [5, 5])))
    mine = day.of(np.array([1, 2, 3, 4, 9]))
    assert mine.began.tolist() == [-1, 0, -1, 1, -1]
    assert (mine.online.tolist(), mine.there.tolist()) == ([0, 5, 0, 0, 0], [0, 5, 0, 5, 0])
    empty = Sums(*(np.zeros(0, np.int64) for _ in range(4)))
    assert empty.of(np.array([3])).began.tolist() == [-1]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_is_as_long_as_the_citys(day: str, hours: int) -> None:
    low, high = online.bounds(date.fromisoformat(day), ZoneInfo("Europe/Berlin"))
    assert high - low == hours * HOUR
