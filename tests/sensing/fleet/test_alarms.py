"""Devices in trouble and the cases that they lead to, on the whole platform, both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.rows import Rows
from tests.sensing.fleet.conftest import KIND, csv_list, declared, hear, meters, put_city
from yiwang.app import Platform
from yiwang.cases import lists
from yiwang.cases import service as cases
from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import HOUR, MINUTE, ManualClock
from yiwang.kernel.documents import DocumentError
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Caller
from yiwang.sensing import service
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.fleet import alarms, editing, importing, limits, troubles
from yiwang.sensing.fleet.troubles import New
from yiwang.store import outbox
from yiwang.store.database import Database

Furnished = tuple[dict[str, Rows], Path]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return {}, tmp_path_factory.mktemp("furnished")


@pytest.fixture
def platform(
    database: Database, furnished: Furnished, tmp_path: Path, clock: ManualClock
) -> Iterator[Platform]:
    """A platform with the small district, which is made once for each kind of database."""
    rows, homes = furnished
    kind = database.engine.dialect.name
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path / "home", database=url, mqtt_port=0)
    if kind not in rows:
        with Platform(settings, clock) as made:
            caller = made.caller("test")
            service.install_kinds(caller, "flood", declared(tmp_path), {"meter": {"en": "Meter"}})
            put_city(caller)
            made.settle()
        rows[kind] = Rows(database)
        shutil.copytree(settings.home, homes / kind)
    else:
        rows[kind].put(database)
        shutil.copytree(homes / kind, settings.home)
    with Platform(settings, clock) as made:
        yield made


def put(platform: Platform, content: bytes) -> None:
    importing.import_devices(platform.caller("test"), KIND, content)
    platform.settle()


def passes(platform: Platform, clock: ManualClock, minutes: int, *streams: int) -> None:
    """Time passes, some datastreams are heard each minute, and the watch looks."""
    for _ in range(minutes):
        clock.advance(MINUTE)
        if streams:
            hear(platform.sensing, list(streams))
        platform.domains.watch.sweep()
    platform.maintain()
    platform.settle()


def found(platform: Platform) -> list[tuple[str, str, int]]:
    """Class, kind of state, and sources of every case."""
    rows, _ = cases.listing(platform.caller("test"), lists.Filter(), 100, None, "en")
    return [(row["case_class"], row["kind"], row["sources"]) for row in reversed(rows)]


def open_troubles(platform: Platform) -> list[tuple[str, str]]:
    rows = troubles.device_troubles_of(platform.caller("test"), limit=1000)
    return sorted((row["trouble"], row["code"]) for row in rows)


def test_a_silent_device_opens_one_case_that_closes_when_it_is_heard(
    platform: Platform, clock: ManualClock
) -> None:
    put(platform, meters(2))
    passes(platform, clock, 1, 1, 4)
    passes(platform, clock, 24, 4)
    assert found(platform) == []
    passes(platform, clock, 10, 4)
    assert found(platform) == [("device_upkeep.device_out_of_order", "new", 1)]
    assert open_troubles(platform) == [("silence", "M1")]
    shown = cases.show(platform.caller("test"), 1, "en")
    (source,) = shown["sources"]
    assert source["kind"] == "trouble" and source["values"]["silent_after_s"] == 900
    passes(platform, clock, 120, 4)
    assert len(found(platform)) == 1
    passes(platform, clock, 1, 1, 4)
    assert found(platform) == [("device_upkeep.device_out_of_order", "done", 1)]
    assert open_troubles(platform) == []
    passes(platform, clock, 40, 4)
    assert found(platform)[1:] == [("device_upkeep.device_out_of_order", "new", 1)]


def test_a_silence_that_a_rule_found_is_the_same_case(
    platform: Platform, clock: ManualClock
) -> None:
    kind = "underpass_flooding.water_level"
    made = service.register_device(
        platform.caller("test"), kind, NewDevice("W1", lon=121.05, lat=31.05)
    )
    platform.settle()
    stream = made.datastreams["depth_cm"]
    passes(platform, clock, 2, stream)
    passes(platform, clock, 20)
    assert found(platform) == [("underpass_flooding.meter_fault", "new", 1)]
    passes(platform, clock, 20)
    assert found(platform) == [("underpass_flooding.meter_fault", "new", 2)]
    passes(platform, clock, 1, stream)
    assert found(platform) == [("underpass_flooding.meter_fault", "done", 2)]


def test_many_of_a_street_are_one_case(platform: Platform, clock: ManualClock) -> None:
    put(platform, meters(12))
    put(platform, meters(12, lon=121.15, start=101))
    west = [1 + 3 * number for number in range(12)]
    east = [one + 36 for one in west]
    passes(platform, clock, 1, *west, *east)
    passes(platform, clock, 40, *east)
    assert found(platform) == [("device_upkeep.devices_cut_off", "new", 1)]
    assert len([one for one in open_troubles(platform) if one[0] == "silence"]) == 12
    shown = cases.show(platform.caller("test"), 1, "en")
    assert shown["sources"][0]["values"]["count"] == 12
    assert len(shown["sources"][0]["values"]["devices"]) == 12
    passes(platform, clock, 2, *west[:7], *east)
    states = [kind for _, kind, _ in found(platform)]
    assert states == ["done", *["new"] * 5]
    passes(platform, clock, 2, *west, *east)
    assert open_troubles(platform) == []
    assert {kind for _, kind, _ in found(platform)} == {"done"}


def test_a_gateway_comes_before_the_street(platform: Platform, clock: ManualClock) -> None:
    header = "code,lon,lat,gateway,properties.pole"
    rows = [f"G{n},121.05,31.05,GW-{n % 2},P" for n in range(24)]
    put(platform, csv_list(*rows, header=header))
    streams = [1 + 3 * number for number in range(24)]
    passes(platform, clock, 1, *streams)
    passes(platform, clock, 30, *streams[1::2])
    passes(platform, clock, 1, *streams[1::2])
    ((_, code),) = [one for one in open_troubles(platform) if one[0] == "outage"]
    assert code == "G0" and len(found(platform)) == 1
    rows_ = troubles.device_troubles_of(platform.caller("test"), trouble="outage")
    assert rows_[0]["values"] == {"by": "gateway", "name": "GW-0"}


def test_a_retired_device_is_in_no_trouble(platform: Platform, clock: ManualClock) -> None:
    put(platform, meters(2))
    passes(platform, clock, 1, 1, 4)
    passes(platform, clock, 40, 4)
    editing.retire_device(platform.caller("test"), 1, "stolen")
    platform.settle()
    passes(platform, clock, 2, 4)
    assert open_troubles(platform) == []
    assert [kind for _, kind, _ in found(platform)] == ["done"]


def test_after_a_restart_nothing_is_raised_twice(platform: Platform, clock: ManualClock) -> None:
    put(platform, meters(1))
    passes(platform, clock, 1, 1)
    passes(platform, clock, 40)
    platform.domains.watch._then[0].forget()  # type: ignore[attr-defined]
    passes(platform, clock, 5)
    assert len(found(platform)) == 1 and len(open_troubles(platform)) == 1


def test_a_clock_that_stays_wrong(platform: Platform, clock: ManualClock) -> None:
    put(platform, meters(1))
    caller = platform.caller("test")
    for minute in range(70):
        clock.advance(MINUTE)
        hear_at(platform, 1, clock.now() + 3 * MINUTE)
        platform.domains.watch.sweep()
        assert (open_troubles(platform) == []) == (minute < 62), minute
    (row,) = troubles.device_troubles_of(caller, thing=1)
    assert (row["trouble"], row["values"]["ahead_s"]) == ("clock", 180.0)
    passes(platform, clock, 6, 1)
    assert open_troubles(platform) == []


def hear_at(platform: Platform, stream: int, at: int) -> None:
    """An observation whose time is ``at`` comes in now."""
    one = Incoming("test", np.array([stream]), np.array([at]), np.array([1.0]), 0)
    platform.sensing.intake.accept(replace(one, received=platform.clock.now()))


def test_troubles_by_hand_are_raised_and_cleared_once(
    platform: Platform, clock: ManualClock
) -> None:
    put(platform, meters(1))
    by: Caller = platform.caller("test")
    new = New(1, "drift", clock.now() - HOUR, "drift:1", {"score": 9.0})
    first = troubles.raise_troubles(by, [new])
    assert troubles.raise_troubles(by, [new]) == first
    platform.settle()
    assert len(found(platform)) == 1
    assert troubles.clear_troubles(by, list(first.values()), "steady") == 1
    assert troubles.clear_troubles(by, list(first.values()), "steady") == 0
    platform.settle()
    assert [kind for _, kind, _ in found(platform)] == ["done"]
    assert len(troubles.device_troubles_of(by, only_open=False)) == 1
    assert alarms.all_devices(by).thing.tolist() == [1]


def test_an_event_that_is_delivered_again_has_no_second_effect(
    platform: Platform, clock: ManualClock
) -> None:
    put(platform, meters(1))
    passes(platform, clock, 1, 1)
    passes(platform, clock, 40)
    with platform.database.read() as connection:
        deliveries = outbox.pending(connection, "nobody", cases.TROUBLE_TOPICS)
    assert [one.topic for one in deliveries] == ["device.troubled"]
    cases.consume_troubles(platform.caller("test"), deliveries)
    assert found(platform) == [("device_upkeep.device_out_of_order", "new", 1)]


def test_a_citys_own_figures_come_on_top(tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    own = tmp_path / "city" / "devices.yaml"
    own.write_text("values:\n  - {from: 2026-06-01, silence_grace_min: 45}\n", encoding="utf-8")
    dated = limits.load(tmp_path)
    assert limits.on(dated, date(2026, 5, 31)).silence_grace_min == 10
    assert limits.on(dated, date(2026, 6, 1)).silence_grace_min == 45
    assert limits.on(dated, date(2026, 6, 1)).drift.z == 6
    for wrong, words in (
        ("outage_share: 3", "outage_share is 3"),
        ("grace: 3", "grace"),
        ("outage_least: many", "outage_least"),
    ):
        own.write_text(f"values:\n  - {{from: 2026-06-01, {wrong}}}\n", encoding="utf-8")
        with pytest.raises(DocumentError) as caught:
            limits.load(tmp_path)
        assert words in str(caught.value) and "line 2" in caught.value.where
