"""Who sees which devices: departments their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.sensing.fleet.conftest import KIND, meters
from tests.sensing.fleet.test_life import codes, put
from yiwang.registry import editing as editing_of_registry
from yiwang.registry import service as registry
from yiwang.security.actions import Caller
from yiwang.sensing import sight, tables
from yiwang.sensing.fleet import editing, firmware, listing, maintenance, rates
from yiwang.sensing.fleet.errors import NoDevice
from yiwang.sensing.runtime import Sensing


def test_a_department_sees_counts_and_records_its_own_devices(
    by: Caller, sensing: Sensing, caller_for: Callable[..., Caller]
) -> None:
    put(by, sensing, meters(2))
    unit = {"code": "U", "name_zh": "所", "name_en": "Unit", "functions": []}
    editing_of_registry.put(by, "organisations", [unit], "test")
    number = registry.number_of(by, "organisations", "U")
    with by.database.write() as connection:
        mine = tables.things.c.id == 1
        connection.execute(update(tables.things).where(mine).values(owner=number))
        sight.changed(connection)
    sensing.changed()
    own = caller_for("department_handler", organisation=number)
    own = replace(own, ports=by.ports)
    assert codes(own) == ["M1"] and listing.count_devices(own) == 1
    assert listing.show_device(own, 1)["code"] == "M1"
    record = maintenance.Record("2026-06-01", "Li", "cleaned")
    assert maintenance.record_maintenance(own, [1], record) == 1
    campaign = firmware.add_campaign(by, KIND, "Spring", "2", "2026-07-01")
    puts = [firmware.Put(1, "2"), firmware.Put(2, "2", "failed")]
    firmware.record_firmware(by, puts, campaign)
    ((ours,), (all_,)) = (firmware.campaigns(who) for who in (own, by))
    assert (ours["devices"], ours["done"], ours["failed"]) == (1, 1, 0)
    assert (all_["devices"], all_["done"], all_["failed"]) == (2, 1, 1)
    hidden: list[Callable[[], object]] = [
        lambda: listing.show_device(own, 2),
        lambda: editing.hardware(own, 2),
        lambda: rates.device_history(own, 2),
        lambda: maintenance.record_maintenance(own, [2], record),
    ]
    for ask in hidden:
        with pytest.raises(NoDevice):
            ask()
