"""Owners and openings of kinds of device, on both databases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.sensing.core.test_devices import KIND, declared
from yiwang.kernel.errors import YiwangError
from yiwang.registry import editing
from yiwang.security.actions import Caller
from yiwang.sensing import access, service
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.errors import UnknownKind
from yiwang.sensing.tables import datastreams, things

OPENED = {"water_level": {"depth_cm", "depth_m"}}


@pytest.fixture
def install(system_caller: Caller, tmp_path: Path) -> object:
    """Install the pack as one that opens some properties: ``install({})``."""

    def put(shared: Mapping[str, Collection[str]]) -> None:
        service.install_kinds(system_caller, "flood", declared(tmp_path), shared=shared)

    put({})
    records = [
        {"code": code, "kind": "department", "name_zh": code, "name_en": code}
        for code in ("water", "parks")
    ]
    editing.put(system_caller, "organisations", records, "test")
    return put


def opened(caller: Caller) -> list[tuple[int, str]]:
    chosen = select(datastreams.c.thing, datastreams.c.property).where(datastreams.c.opened)
    with caller.database.read() as connection:
        return sorted((row.thing, row.property) for row in connection.execute(chosen))


def owners(caller: Caller) -> list[int | None]:
    with caller.database.read() as connection:
        return list(connection.execute(select(things.c.owner).order_by(things.c.id)).scalars())


def add(caller: Caller, code: str, owner: int | None = None) -> int:
    return service.register_device(caller, KIND, NewDevice(code, owner=owner)).thing


def test_what_a_pack_opens_is_open_for_devices_of_today_and_tomorrow(
    system_caller: Caller, install: object
) -> None:
    one = add(system_caller, "1")
    assert opened(system_caller) == []
    install(OPENED)  # type: ignore[operator]
    assert opened(system_caller) == [(one, "depth_cm"), (one, "depth_m")]
    other = add(system_caller, "2")
    assert opened(system_caller)[2:] == [(other, "depth_cm"), (other, "depth_m")]
    install({})  # type: ignore[operator]
    assert opened(system_caller) == []


def test_a_pack_that_goes_closes_what_it_opened(system_caller: Caller, install: object) -> None:
    install(OPENED)  # type: ignore[operator]
    add(system_caller, "1")
    service.remove_kinds(system_caller, "flood")
    assert opened(system_caller) == []


def test_the_city_decides_over_the_pack(system_caller: Caller, install: object) -> None:
    one = add(system_caller, "1")
    everything = [(one, "depth_cm"), (one, "depth_m"), (one, "state")]
    assert access.open_kind(system_caller, KIND, True) == 3
    assert opened(system_caller) == everything
    assert access.open_kind(system_caller, KIND, False) == 0
    install(OPENED)  # type: ignore[operator]
    assert opened(system_caller) == []
    service.remove_kinds(system_caller, "flood")
    install(OPENED)  # type: ignore[operator]
    assert opened(system_caller) == []
    assert access.open_kind(system_caller, KIND, None) == 2
    assert opened(system_caller) == everything[:2]


def test_one_datastream_by_itself(system_caller: Caller, install: object) -> None:
    add(system_caller, "1")
    access.open_datastream(system_caller, 2, True)
    assert opened(system_caller) == [(1, "state")]
    access.open_datastream(system_caller, 2, False)
    assert opened(system_caller) == []


def test_devices_belong_to_the_owner_of_their_kind_or_their_own(
    system_caller: Caller, install: object
) -> None:
    add(system_caller, "1")
    add(system_caller, "2", owner=2)
    assert access.own_kind(system_caller, KIND, 1) == 1
    add(system_caller, "3")
    assert owners(system_caller) == [1, 2, 1]
    assert access.own_kind(system_caller, KIND, None) == 2
    assert owners(system_caller) == [None, 2, None]
    access.own_thing(system_caller, 2, 1)
    assert owners(system_caller) == [None, 1, None]


def test_only_organisations_that_exist_own_anything(system_caller: Caller, install: object) -> None:
    add(system_caller, "1")
    for change in (
        lambda: access.own_kind(system_caller, KIND, 99),
        lambda: access.own_thing(system_caller, 1, 99),
    ):
        with pytest.raises(YiwangError) as refused:
            change()
        assert refused.value.code == "registry.unknown_record"
    assert owners(system_caller) == [None]


def test_kinds_that_do_not_exist(system_caller: Caller, install: object) -> None:
    with pytest.raises(UnknownKind):
        access.open_kind(system_caller, "flood.none", True)
    with pytest.raises(UnknownKind):
        access.own_kind(system_caller, "flood.none", None)


def test_the_list_says_what_is_open_and_whose_it_is(system_caller: Caller, install: object) -> None:
    install(OPENED)  # type: ignore[operator]
    add(system_caller, "1")
    add(system_caller, "2", owner=2)
    access.own_kind(system_caller, KIND, 1)
    (line,) = access.listing(system_caller)
    assert (line["kind"], line["owner"], line["opened"]) == (KIND, 1, None)
    assert line["shared"] == ["depth_cm", "depth_m"]
    assert (line["datastreams"], line["open"]) == (6, 4)
    assert (line["things"], line["elsewhere"]) == (2, 1)
