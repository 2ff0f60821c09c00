"""Who plans and records upkeep: a department for its own devices, the command centre for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update

from tests.sensing.fleet.conftest import KIND, meters
from tests.sensing.fleet.test_life import put
from yiwang.registry import editing as editing_of_registry
from yiwang.registry import service as registry
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.sensing import sight, tables
from yiwang.sensing.fleet import firmware, maintenance
from yiwang.sensing.fleet.errors import (
    BadValue,
    NoDevice,
    NoSuchPlan,
    NotYourDevice,
    NotYourPlan,
)
from yiwang.sensing.runtime import Sensing

PLAN = maintenance.Plan("Cleaning", 3, "month", "clean the probe", "2026-01-01", KIND)
DONE = maintenance.Record("2026-06-01", "Li", "cleaned")


@dataclass
class City:
    """Meters 1 to 4: of the department ``ours``, of its office, of ``theirs``, and of theirs
    again but opened."""

    centre: Caller
    ours: Caller
    office: Caller
    theirs: Caller
    nobody: Caller


@pytest.fixture
def city(by: Caller, sensing: Sensing, caller_for: Callable[..., Caller]) -> City:
    put(by, sensing, meters(4))
    units = [
        {"code": code, "name_zh": code, "name_en": code, "functions": [], "parent": parent}
        for code, parent in (("A", None), ("A1", "A"), ("B", None))
    ]
    editing_of_registry.put(by, "organisations", units, "test")
    numbers = [registry.number_of(by, "organisations", code) for code in ("A", "A1", "B", "B")]
    with by.database.write() as connection:
        for thing, owner in enumerate(numbers, 1):
            mine = update(tables.things).where(tables.things.c.id == thing)
            connection.execute(mine.values(owner=owner))
        opened = update(tables.datastreams).where(tables.datastreams.c.thing == 4)
        connection.execute(opened.values(opened=True))
        sight.changed(connection)
    sensing.changed()

    def caller(role: str, number: int | None = None) -> Caller:
        return replace(caller_for(role, organisation=number), ports=by.ports)

    centre = caller("command_centre")
    handlers = [caller("department_handler", number) for number in numbers[:3]]
    return City(centre, *handlers, caller("department_handler"))


def due(who: Caller, plan: int | None = None) -> list[tuple[int, int]]:
    return sorted((one["plan"], one["thing"]) for one in maintenance.due(who, plan))


def shown(who: Caller) -> list[tuple[int, int, bool]]:
    return [(one["id"], one["devices"], one["mine"]) for one in maintenance.plans(who)]


def test_the_plan_of_a_department_is_for_its_own_devices(city: City) -> None:
    ours = maintenance.add_plan(city.ours, PLAN)
    assert due(city.centre) == [(ours, 1), (ours, 2)]
    assert due(city.ours) == [(ours, 1), (ours, 2)]
    assert due(city.office) == [(ours, 2)]
    assert due(city.theirs) == []
    assert shown(city.theirs) == shown(city.nobody) == []
    assert shown(city.ours) == [(ours, 2, True)]
    assert shown(city.office) == [(ours, 1, False)]
    with pytest.raises(NoSuchPlan):
        due(city.theirs, ours)


def test_who_changes_which_plan(city: City) -> None:
    of_all = maintenance.add_plan(city.centre, PLAN)
    ours = maintenance.add_plan(city.ours, PLAN)
    of_office = maintenance.add_plan(city.office, PLAN)
    changed = replace(PLAN, every=6)
    may = {
        "centre": (city.centre, [of_all, ours, of_office]),
        "ours": (city.ours, [ours, of_office]),
        "office": (city.office, [of_office]),
        "theirs": (city.theirs, []),
        "nobody": (city.nobody, []),
    }
    for name, (who, plans) in may.items():
        for plan in (of_all, ours, of_office):
            if plan in plans:
                maintenance.edit_plan(who, plan, changed)
                continue
            with pytest.raises((NoSuchPlan, NotYourPlan)):
                maintenance.edit_plan(who, plan, replace(PLAN, every=99))
        assert {one["every"] for one in maintenance.plans(city.centre)} <= {3, 6}, name
    with pytest.raises(NotYourPlan, match="whole city"):
        maintenance.edit_plan(city.ours, of_all, changed)
    with pytest.raises(NoSuchPlan):
        maintenance.edit_plan(city.theirs, ours, changed)
    with pytest.raises(BadValue):
        maintenance.add_plan(city.nobody, PLAN)
    assert maintenance.plans(city.centre)[0]["owner"] is None


def test_overdue_by_a_plan_of_a_department_are_its_own_devices(city: City, by: Caller) -> None:
    maintenance.add_plan(city.theirs, PLAN)
    assert maintenance.watch_maintenance(by) == 2
    maintenance.add_plan(city.office, PLAN)
    assert maintenance.watch_maintenance(by) == 1


@pytest.mark.parametrize(
    ("who", "own"),
    [("centre", {1, 2, 3, 4}), ("ours", {1, 2}), ("office", {2}), ("theirs", {3, 4})],
)
def test_what_was_done_is_written_down_by_who_answers_for_the_device(
    city: City, who: str, own: set[int]
) -> None:
    """An opened device is seen by everybody, and is no more theirs for that."""
    caller: Caller = getattr(city, who)
    plan = maintenance.add_plan(city.centre, PLAN)
    for thing in (1, 2, 3, 4):
        if thing in own:
            assert maintenance.record_maintenance(caller, [thing], replace(DONE, plan=plan)) == 1
            assert firmware.record_firmware(caller, [firmware.Put(thing, "2")]) == 1
            continue
        wanted = NotYourDevice if thing == 4 else NoDevice
        with pytest.raises(wanted):
            maintenance.record_maintenance(caller, [min(own), thing], DONE)
        with pytest.raises(wanted):
            firmware.record_firmware(caller, [firmware.Put(thing, "2")])
    records = {thing: len(maintenance.records(city.centre, thing)) for thing in (1, 2, 3, 4)}
    assert records == {thing: int(thing in own) for thing in records}


@pytest.mark.parametrize("role", ["grid_worker", "auditor", "citizen"])
def test_others_do_not_plan(
    city: City, role: str, caller_for: Callable[..., Caller], by: Caller
) -> None:
    who = replace(caller_for(role), ports=by.ports)
    with pytest.raises(Denied):
        maintenance.add_plan(who, PLAN)
    with pytest.raises(Denied):
        maintenance.record_maintenance(who, [1], DONE)
