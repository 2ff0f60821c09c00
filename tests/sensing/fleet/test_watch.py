"""The watch: what it puts on record, online rates from it, and what an interruption means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from tests.sensing.fleet.conftest import KIND, hear, meters
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock, render
from yiwang.security.actions import Caller
from yiwang.sensing.fleet import editing, importing, rates
from yiwang.sensing.fleet.errors import BadPeriod, NoDevice
from yiwang.sensing.fleet.listing import Filter
from yiwang.sensing.fleet.tables import device_states
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.runtime import Sensing


def put(by: Caller, sensing: Sensing, *lists: bytes) -> None:
    for content in lists:
        importing.import_devices(by, KIND, content)
    sensing.changed()


def changes(by: Caller) -> list[tuple[int, int, int, int]]:
    with by.database.read() as connection:
        rows = connection.execute(
            select(device_states).order_by(device_states.c.thing, device_states.c.at)
        )
        return [(row.thing, row.at, row.before, row.state) for row in rows]


def test_changes_are_recorded_with_their_instant_and_nothing_else(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(2))
    began = clock.now()
    watch = Watch(by, sensing.health)
    watch.sweep()
    clock.advance(MINUTE)
    hear(sensing, [1])
    heard = clock.now()
    watch.sweep()
    clock.advance(HOUR)
    watch.sweep()
    watch.sweep()
    assert changes(by) == [
        (1, began, -1, 2),
        (1, heard, 2, 0),
        (1, heard + 15 * MINUTE, 0, 1),
        (2, began, -1, 2),
    ]


def test_a_rate_is_the_share_of_time(
    by: Caller, sensing: Sensing, clock: ManualClock, client: TestClient
) -> None:
    put(by, sensing, meters(1), meters(1, lon=121.15, supplier="Zeta", start=7))
    watch = Watch(by, sensing.health)
    began = clock.now()
    hear(sensing, [1, 4])
    watch.sweep()
    for _ in range(6):
        clock.advance(10 * MINUTE)
        hear(sensing, [1])
        watch.sweep()
    found = rates.online_rates(by, "supplier", began, clock.now())
    rate = {item["key"]: item["rate"] for item in found.items}
    assert rate == {"ACME": 1.0, "Zeta": 0.25}
    assert found.total["rate"] == 0.625 and found.watched_s == 3600
    assert (found.total["devices"], found.total["online_now"]) == (2, 1)
    streets = client.get(
        "/api/devices/rates", params={"by": "street", "from": render(began)}
    ).json()
    assert [(item["title"], item["rate"]) for item in streets["items"]] == [
        ("东街", 0.25),
        ("西街", 1.0),
    ]
    assert streets["days"] == ["2026-07-01"]
    only = rates.online_rates(by, "kind", began, clock.now(), Filter(supplier="Zeta"))
    assert only.items[0]["title"] == "Meter" and only.total["rate"] == 0.25
    file = client.get("/api/devices/rates?by=supplier&format=csv").text.splitlines()
    assert file[1].startswith("Zeta,Zeta,1,0,0.25,1.0,0.25") and file[3].startswith("total,")


def test_days_are_the_citys_and_a_retired_device_counts_while_it_was_there(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(2))
    watch = Watch(by, sensing.health)
    began = clock.now()
    for _ in range(48):
        hear(sensing, [1])
        watch.sweep()
        clock.advance(10 * MINUTE)
    editing.retire_device(by, 2, "broken")
    sensing.changed()
    for _ in range(97):
        hear(sensing, [1])
        watch.sweep()
        clock.advance(10 * MINUTE)
    found = rates.online_rates(by, "kind", began, began + DAY)
    assert found.days == ["2026-07-01", "2026-07-02"]
    assert found.total["devices"] == 1
    assert found.total["there_h"] == pytest.approx(32, abs=0.1)
    assert found.total["online_h"] == pytest.approx(24, abs=0.1)
    assert found.total["daily"] == [pytest.approx(2 / 3, abs=0.01), 1.0]


def test_while_the_platform_was_down_nobody_is_blamed(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(1))
    began = clock.now()
    hear(sensing, [1])
    first = Watch(by, sensing.health)
    first.sweep()
    clock.advance(5 * MINUTE)
    first.sweep()
    clock.advance(3 * HOUR)
    again = Watch(by, sensing.health)
    again.sweep()
    assert [row[3] for row in changes(by)] == [0]
    hear(sensing, [1])
    clock.advance(5 * MINUTE)
    again.sweep()
    found = rates.online_rates(by, "kind", began, clock.now())
    assert (found.total["rate"], found.watched_s) == (1.0, 600)
    clock.advance(HOUR)
    again.sweep()
    assert [row[3] for row in changes(by)] == [0, 1]


def test_a_silence_goes_on_over_a_restart(by: Caller, sensing: Sensing, clock: ManualClock) -> None:
    put(by, sensing, meters(1))
    hear(sensing, [1])
    watch = Watch(by, sensing.health)
    watch.sweep()
    clock.advance(HOUR)
    watch.sweep()
    clock.advance(HOUR)
    Watch(by, sensing.health).sweep()
    assert [row[3] for row in changes(by)] == [0, 1]


def test_rates_without_a_running_watch_and_with_one_are_the_same(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(3))
    watch = Watch(by, sensing.health)
    began = clock.now()
    hear(sensing, [1])
    watch.sweep()
    clock.advance(HOUR)
    watch.sweep()
    later = clock.now()
    clock.advance(HOUR)
    watch.sweep()
    with_watch = replace(by, ports={**by.ports, Watch: watch})
    for start in (began, later):
        plain = rates.online_rates(by, "kind", start, clock.now())
        assert plain == rates.online_rates(with_watch, "kind", start, clock.now())


def test_what_is_no_period(by: Caller, client: TestClient, clock: ManualClock) -> None:
    now = clock.now()
    for start, end in ((now, now), (now, now - 1), (now - DAY, now + 1), (now - 500 * DAY, now)):
        with pytest.raises(BadPeriod):
            rates.online_rates(by, "kind", start, end)
    assert client.get("/api/devices/rates?by=colour").status_code == 400
    assert client.get("/api/devices/rates?from=yesterday").status_code == 400
    nobody = rates.online_rates(by, "kind", now - DAY, now)
    assert (nobody.total["rate"], nobody.items) == (None, [])


def test_the_history_of_one_device(
    by: Caller, sensing: Sensing, clock: ManualClock, client: TestClient
) -> None:
    put(by, sensing, meters(1))
    watch = Watch(by, sensing.health)
    watch.sweep()
    hear(sensing, [1])
    clock.advance(MINUTE)
    watch.sweep()
    shown = client.get("/api/devices/1/history").json()["items"]
    assert [one["state"] for one in shown] == ["online", "never"]
    with pytest.raises(NoDevice):
        rates.device_history(by, 99)
