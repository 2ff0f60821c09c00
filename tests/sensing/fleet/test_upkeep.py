"""Plans and records of maintenance, firmware, batteries, drift: what is kept and what is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.sensing.fleet.conftest import KIND, meters
from tests.sensing.fleet.test_watch import put
from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import DAY, HOUR, ManualClock
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.sensing.fleet import days, firmware, groups, limits, listing, maintenance, troubles
from yiwang.sensing.fleet.daily import Daily
from yiwang.sensing.fleet.errors import (
    BadValue,
    GroupInUse,
    ListRefused,
    NoDevice,
    NoSuchCampaign,
    NoSuchGroup,
    NoSuchPlan,
    NotATable,
)
from yiwang.sensing.fleet.firmware import Put
from yiwang.sensing.fleet.maintenance import Plan, Record
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.runtime import Sensing

ZONE = ZoneInfo("Asia/Shanghai")
PLAN = Plan("Calibrate", 3, "month", "calibrate and clean", "2026-06-15", kind=KIND)


def due(by: Caller, **more: Any) -> list[tuple[str, str, bool]]:
    return [(one["code"], one["due_on"], one["overdue"]) for one in maintenance.due(by, **more)]


def test_what_is_due_follows_from_plan_installation_and_records(
    by: Caller, sensing: Sensing, client: TestClient
) -> None:
    put(by, sensing, meters(2))
    client.patch("/api/devices/2", json={"installed_on": "2026-04-20"})
    number = maintenance.add_plan(by, PLAN)
    assert due(by) == [("M1", "2026-06-15", True), ("M2", "2026-07-20", False)]
    assert due(by, within_days=0) == [("M1", "2026-06-15", True)]
    done = {
        "things": [1],
        "done_on": "2026-06-30",
        "who": "王伟",
        "what": "cleaned",
        "plan": number,
    }
    assert client.post("/api/devices/records", json=done).json() == {"recorded": 1}
    assert due(by, within_days=120) == [("M2", "2026-07-20", False), ("M1", "2026-09-30", False)]
    (shown,) = client.get("/api/devices/1/records").json()["items"]
    assert (shown["next_due"], shown["result"], shown["recorded_by"]) == (
        "2026-09-30",
        "done",
        "system:test",
    )
    (plan,) = client.get("/api/devices/plans").json()["items"]
    assert (plan["devices"], plan["overdue"]) == (2, 0)
    file = client.get("/api/devices/due?format=csv&within=120").text.splitlines()
    assert file[1].startswith("2026-07-20,False,Calibrate")
    body = {**vars(PLAN), "active": False}
    assert client.put(f"/api/devices/plans/{number}", json=body).status_code == 200
    assert due(by, within_days=999) == []


@pytest.mark.parametrize(
    ("start", "every", "unit", "then"),
    [
        ("2026-01-31", 1, "month", "2026-02-28"),
        ("2023-11-30", 3, "month", "2024-02-29"),
        ("2026-12-31", 12, "month", "2027-12-31"),
        ("2026-01-31", 30, "day", "2026-03-02"),
    ],
)
def test_an_interval_later(start: str, every: int, unit: str, then: str) -> None:
    plan = Plan("x", every, unit, "x", start, kind=KIND)
    assert maintenance.later(date.fromisoformat(start), plan).isoformat() == then


def test_overdue_maintenance_is_a_trouble_until_it_is_done(by: Caller, sensing: Sensing) -> None:
    put(by, sensing, meters(3))
    group = groups.add_group(by, "Station")
    groups.set_members(by, group, [1, 2])
    number = maintenance.add_plan(by, Plan("Look", 30, "day", "look", "2026-06-01", group=group))
    assert maintenance.watch_maintenance(by) == 2
    assert maintenance.watch_maintenance(by) == 0
    record = Record("2026-06-20", "Li", "looked", plan=number)
    maintenance.record_maintenance(by, [1], record)
    (left,) = troubles.device_troubles_of(by)
    assert (left["thing"], left["trouble"], left["values"]["due_on"]) == (
        2,
        "maintenance",
        "2026-06-01",
    )
    failed = Record("2026-06-20", "Li", "no ladder", "failed", plan=number)
    maintenance.record_maintenance(by, [2], failed)
    assert len(troubles.device_troubles_of(by)) == 1
    with pytest.raises(GroupInUse):
        groups.remove_group(by, group)


def test_what_is_no_plan_and_no_record(by: Caller, sensing: Sensing) -> None:
    put(by, sensing, meters(1))
    for wrong in (
        {"name": ""},
        {"every": 0},
        {"unit": "week"},
        {"what": " "},
        {"kind": None},
        {"starts_on": "soon"},
    ):
        with pytest.raises(BadValue):
            maintenance.add_plan(by, Plan(**(vars(PLAN) | wrong)))
    with pytest.raises(NoSuchGroup):
        maintenance.add_plan(by, Plan(**(vars(PLAN) | {"group": 9})))
    with pytest.raises(NoSuchPlan):
        maintenance.edit_plan(by, 9, PLAN)
    for record in (
        Record("2026-07-02", "Li", "x"),
        Record("2026-06-01", "", "x"),
        Record("2026-06-01", "Li", "x", "perhaps"),
        Record("2026-06-01", "Li", "x", next_due="later"),
    ):
        with pytest.raises(BadValue):
            maintenance.record_maintenance(by, [1], record)
    with pytest.raises(NoDevice):
        maintenance.record_maintenance(by, [1, 99], Record("2026-06-01", "Li", "x"))
    assert maintenance.records(by, 1) == [] and maintenance.plans(by) == []


def test_firmware_by_hand_by_list_and_as_reported(
    by: Caller, sensing: Sensing, client: TestClient, clock: ManualClock
) -> None:
    put(by, sensing, meters(3))
    number = firmware.add_campaign(by, KIND, "Spring", "2.1", "2026-07-10")
    body = {"things": [1], "version": "2.1", "campaign": number}
    assert client.post("/api/devices/firmware/records", json=body).status_code == 201
    firmware.record_firmware(by, [Put(2, "2.1", "failed", "no power")], number)
    listed = "code,version,outcome\nM3,2.0,\n"
    path = f"/api/devices/firmware/import?kind={KIND}"
    assert client.post(path, content=listed).json() == {"recorded": 1}
    (shown,) = client.get("/api/devices/firmware").json()["items"]
    assert (shown["devices"], shown["done"], shown["failed"]) == (3, 1, 1)
    assert firmware.campaigns(by)[0]["planned_on"] == "2026-07-10"
    assert [one["firmware"] for one in listing.devices(by)] == ["2.1", "", "2.0"]
    now = clock.now()
    stream = np.array([6])
    told = Incoming("t", stream, np.array([now]), np.array([np.nan]), now, exact=['"2.1"'])
    sensing.intake.accept(told)
    assert firmware.take_reported(by) == 1 and firmware.take_reported(by) == 0
    assert firmware.firmware_of(by, 2)[0]["source"] == "reported"
    for content, error in (
        (b"code,version\nX,1\n", ListRefused),
        (b"code,version\nM1,\n", ListRefused),
        (b"code,version,outcome\nM1,1,perhaps\n", ListRefused),
        (b"\xff\xfe", NotATable),
    ):
        with pytest.raises(error):
            firmware.import_firmware(by, KIND, content)
    with pytest.raises(NoSuchCampaign):
        firmware.record_firmware(by, [Put(1, "3")], 99)
    with pytest.raises(BadValue):
        firmware.record_firmware(by, [Put(1, "3", "perhaps")])
    assert len(firmware.firmware_of(by, 1)) == 1


def days_of(
    sensing: Sensing, clock: ManualClock, count: int, values: Callable[[int, int], list[float]]
) -> None:
    """On each of ``count`` days up to yesterday, datastream s says ``values(s, day)``."""
    now = clock.now()
    rows: list[tuple[int, int, float]] = []
    for day in range(count):
        midnight = now - now % DAY - (count - 1 - day) * DAY - 8 * HOUR
        for stream in (1, 2, 4, 5, 7, 8, 10, 11):
            for step, value in enumerate(values(stream, day)):
                rows.append((stream, midnight + (step + 1) * HOUR // 2, value))
    stream, time, value = zip(*rows, strict=True)
    sensing.intake.accept(
        Incoming("t", np.array(stream), np.array(time), np.array(value), clock.now())
    )


def test_a_day_is_folded_once_however_few_numbers_fit_the_memory(
    by: Caller, sensing: Sensing, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sensing.day_is_folded``, ``sensing.fold_day``: a line for each datastream that said a
    finite number on that day."""
    put(by, sensing, meters(4))
    clock.advance(20 * HOUR)
    said = {1: [3.0, 1.0, 2.0], 2: [5.0, 4.0], 4: [7.0], 5: [float(n % 5) for n in range(24)]}
    days_of(sensing, clock, 1, lambda stream, day: said.get(stream, []))
    day = date(2026, 7, 1)
    whole = days.lines_of(sensing.observations, 0, clock.now())
    monkeypatch.setattr(days, "_AT_ONCE", 4)
    lines = days.lines_of(sensing.observations, 0, clock.now())
    columns = (lines.datastream, lines.count, lines.least, lines.median, lines.most)
    assert [list(row) for row in zip(*(one.tolist() for one in columns), strict=True)] == [
        [stream, len(values), min(values), float(np.median(values)), max(values)]
        for stream, values in said.items()
    ]
    assert whole.median.tolist() == lines.median.tolist()
    assert not days.is_folded(by, day)
    assert days.fold_day(by, day, lines) == 4
    assert days.is_folded(by, day)
    assert days.fold_day(by, day, whole) == 4


def test_drift_and_stuck_values_are_found_by_their_days(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(4))
    clock.advance(20 * HOUR)
    random = np.random.default_rng(5)

    def values(stream: int, day: int) -> list[float]:
        base = 50 + 5 * np.sin(day) + random.normal(0, 0.2, 24)
        if stream == 1 and day >= 24:
            base = base + 20
        if stream == 4 and day >= 26:
            base = np.full(24, 51.0)
        if stream in (2, 5, 8, 11):
            base = np.full(24, 3.6 - 0.01 * day * (stream == 2))
        return [float(one) for one in base]

    days_of(sensing, clock, 28, values)
    daily = Daily(limits.load(sensing.observations._folder.parent), ZONE)
    today = date(2026, 7, 2)
    for back in range(28, 0, -1):
        daily.fold(by, today - timedelta(days=back))
    found = {(one["trouble"], one["code"]) for one in troubles.device_troubles_of(by)}
    assert found == {("drift", "M1"), ("stuck", "M2")}
    nothing = days.lines_of(sensing.observations, 0, 1)
    assert days.fold_day(by, today - timedelta(days=1), nothing) == 8
    last = today - timedelta(days=1)
    assert {
        one.subject for one in days.daily_troubles(by, last, limits.on(daily._dated, last))
    } == {
        "drift:1",
        "stuck:2",
    }
    (battery,) = days.batteries(by, last, 60)
    assert (battery["code"], battery["low"]) == ("M1", False)
    assert battery["percent"] == 55.0 and battery["days_left"] == pytest.approx(33, abs=0.2)
    assert days.batteries(by, last, 10) == [] and days.batteries(by, last) == []


def test_the_daily_round_runs_once_an_hour(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(1))
    maintenance.add_plan(by, PLAN)
    watch = Watch(by, sensing.health, [Daily(limits.load(sensing.observations._folder), ZONE)])
    watch.sweep()
    watch.sweep()
    assert [one["trouble"] for one in troubles.device_troubles_of(by)] == ["maintenance"]


def test_only_those_who_maintain(by: Caller, caller_for: Callable[..., Caller]) -> None:
    with pytest.raises(Denied):
        maintenance.add_plan(caller_for("auditor"), PLAN)
    assert maintenance.add_plan(caller_for("command_centre"), PLAN) == 1
