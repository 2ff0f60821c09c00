"""Kinds of device and devices, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from yiwang.contracts.ports import Channel
from yiwang.kernel.errors import YiwangError
from yiwang.security import accounts
from yiwang.security.actions import ACTIONS, Caller
from yiwang.security.errors import Denied
from yiwang.sensing import service, spec, tables
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.errors import BadPosition, CodeTaken, NoSuchThing, UnknownKind
from yiwang.store.database import Database
from yiwang.store.outbox import outbox

DEVICES = """
kinds:
  water_level:
    title: Water level meter
    properties:
      depth_cm: {unit: cm, definition: "urn:depth", valid: {least: -10, most: 900}}
      state: {type: text}
    computed:
      depth_m: {expression: depth_cm / 100, unit: m}
    period: 1 min
    silent_after: 15 min
    mqtt: {topic: "level/{device}", time: t, values: {depth_cm: d}}
"""
KIND = "flood.water_level"


def declared(folder: Path, text: str = DEVICES) -> spec.Devices:
    (folder / "devices.yaml").write_text(text, encoding="utf-8")
    return spec.read(folder, "flood")


@pytest.fixture
def by(system_caller: Caller, tmp_path: Path) -> Caller:
    service.install_kinds(system_caller, "flood", declared(tmp_path))
    return system_caller


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_a_device_becomes_a_thing_with_its_datastreams(by: Caller) -> None:
    device = NewDevice("WL-1", "Meter 1", 121.5, 31.2, 7)
    made = service.register_device(by, KIND, device, True)
    assert made.datastreams == {"depth_cm": 1, "state": 2, "depth_m": 3}
    assert service.channels(by)[0] == Channel(1, 1, KIND, "depth_cm", 7, 121.5, 31.2)
    with by.database.read() as connection:
        streams = connection.execute(select(tables.datastreams)).all()
        location = connection.execute(select(tables.locations)).one()
    assert [row.result_type for row in streams] == ["number", "text", "number"]
    assert (streams[0].least, streams[0].most, streams[0].period) == (-10, 900, 60_000_000)
    assert streams[2].silent_after is None
    assert location.location == {"type": "Point", "coordinates": [121.5, 31.2]}
    assert count(by.database, tables.historical_locations) == 1
    with by.database.read() as connection:
        feature = connection.execute(select(tables.features_of_interest)).one()
    assert (feature.name, feature.feature) == (location.name, location.location)
    assert {row.feature for row in streams} == {feature.id} == {location.feature}
    known = accounts.device(by.database, made.credential, made.secret)
    assert known is not None
    assert known.things == {made.thing}
    assert known.topics is not None and "level/WL-1" in known.topics
    with by.database.read() as connection:
        topics = connection.execute(select(outbox.c.topic)).scalars().all()
    assert topics == ["datastreams.changed", "datastreams.changed"]


def test_what_cannot_be_registered(by: Caller) -> None:
    service.register_device(by, KIND, NewDevice("WL-1"))
    with pytest.raises(CodeTaken):
        service.register_device(by, KIND, NewDevice("WL-1"))
    with pytest.raises(UnknownKind, match=r"flood\.water_level"):
        service.register_device(by, "flood.pump", NewDevice("P-1"))
    with pytest.raises(BadPosition):
        service.register_devices(by, KIND, [NewDevice("A"), NewDevice("B", lon=200, lat=1)])
    assert count(by.database, tables.things) == 1


def test_a_list_may_be_loaded_again(by: Caller) -> None:
    devices = [NewDevice(f"WL-{number}", lon=121, lat=31) for number in range(50)]
    first = service.register_devices(by, KIND, devices[:30])
    again = service.register_devices(by, KIND, devices + devices[:3])
    assert {code: again[code] for code in first} == first
    assert sorted(again.values()) == list(range(1, 51))
    assert count(by.database, tables.datastreams) == 150


def test_a_new_version_of_a_kind_reaches_its_devices(by: Caller, tmp_path: Path) -> None:
    service.register_devices(by, KIND, [NewDevice("A"), NewDevice("B")])
    newer = DEVICES.replace("most: 900", "most: 500").replace(
        "state: {type: text}", "state: {type: text}\n      speed: {unit: m/s}"
    )
    service.install_kinds(by, "flood", declared(tmp_path, newer), {"water_level": {"en": "Meter"}})
    with by.database.read() as connection:
        rows = connection.execute(
            select(tables.datastreams).order_by(tables.datastreams.c.id)
        ).all()
    assert [row.most for row in rows if row.property == "depth_cm"] == [500, 500]
    assert [row.id for row in rows if row.property == "speed"] == [7, 8]
    assert service.kinds(by)[0]["title"] == {"en": "Meter"}
    service.remove_kinds(by, "flood")
    assert service.kinds(by) == []
    assert len(service.channels(by, [KIND])) == 8


def test_a_device_is_given_a_place(by: Caller) -> None:
    made = service.register_device(by, KIND, NewDevice("A"))
    service.place_device(by, made.thing, 12)
    assert {channel.place for channel in service.channels(by, [KIND])} == {12}
    assert service.channels(by, ["other.kind"]) == []
    with pytest.raises(NoSuchThing):
        service.place_device(by, 99, 12)


@pytest.mark.parametrize("role", ["department_handler", "citizen", "auditor"])
def test_only_those_who_may_register(
    by: Caller, caller_for: Callable[..., Caller], role: str
) -> None:
    with pytest.raises(Denied):
        service.register_device(caller_for(role), KIND, NewDevice("A"))


def test_every_action_of_sensing_is_documented() -> None:
    mine = [entry for name, entry in ACTIONS.items() if name.startswith("sensing.")]
    assert len(mine) >= 10
    assert all(entry.function.__doc__ for entry in mine)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("unit: cm", "unit: centimetres per fortnite", 6, "not a unit"),
        ("period: 1 min", "period: fast", 10, "not a duration"),
        ("period: 1 min", "period: 3 kg", 10, "not a duration"),
        ("silent_after: 15 min", "silent_afer: 15 min", 11, "silent_after"),
        ("least: -10", "least: 1000", 6, "begins at 1000"),
        ("level/{device}", "level/{code}", 12, "{device}"),
        ("level/{device}", "level/#/{device}", 12, "{device}"),
        ("values: {depth_cm: d}", "values: {dept: d}", 12, "depth_cm"),
        ("values: {depth_cm: d}", "format: csv, values: {depth_cm: d}", 12, "column"),
        ("time: t", "time: t, time_format: unix", 12, "time_format"),
        ("type: text", "type: picture", 7, "number, text, boolean"),
        ("depth_m: {", "depth_cm: {", 9, "both observed and computed"),
        ("water_level:", "Water-Level:", 4, "not a name"),
        ("expression: depth_cm / 100, ", "", 9, "expression"),
    ],
)
def test_a_wrong_document_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in DEVICES
    with pytest.raises(YiwangError) as caught:
        declared(tmp_path, DEVICES.replace(old, new))
    assert caught.value.where == f"flood/devices.yaml, line {line}"
    assert words in str(caught.value)


def test_a_pack_without_devices_has_none(tmp_path: Path) -> None:
    assert list(spec.read(tmp_path)) == []
