"""Which roles hold the permission of which action."""

from __future__ import annotations

import pytest

from yiwang.security.actions import ACTIONS
from yiwang.security.model import Identity, allowed

READERS = {"command_centre", "department_handler", "grid_worker", "auditor"}
HANDLERS = READERS - {"auditor"}
CENTRE = {"command_centre"}
EVERYBODY = READERS | {"citizen", "device", "anonymous"}
PLATFORM: set[str] = set()


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("cases.emergency", READERS),
        ("cases.emergencies", READERS),
        ("cases.emergencies_of", READERS),
        ("cases.emergency_plans", READERS),
        ("cases.emergency_show_photo", READERS),
        ("cases.emergency_task", HANDLERS),
        ("cases.emergency_photo", HANDLERS),
        ("cases.emergency_preview", CENTRE),
        ("cases.emergency_start", CENTRE),
        ("cases.emergency_join", CENTRE),
        ("cases.emergency_level", CENTRE),
        ("cases.emergency_order", CENTRE),
        ("cases.emergency_log", CENTRE),
        ("cases.emergency_end", CENTRE),
        ("cases.emergency_alert", CENTRE),
        ("cases.emergency_alert_preview", CENTRE),
        ("cases.public_alerts", EVERYBODY),
        ("cases.public_alert", EVERYBODY),
        ("cases.receive_alert", HANDLERS | {"citizen"}),
        ("cases.install_plans", PLATFORM),
        ("cases.remove_plans", PLATFORM),
    ],
)
def test_who_may(name: str, roles: set[str]) -> None:
    asked = {
        "command_centre", "department_handler", "grid_worker", "auditor", "citizen", "device",
        "anonymous",
    }  # fmt: skip
    may = {
        role
        for role in asked
        if allowed(Identity("user", 1, role, frozenset({role})), ACTIONS[name].permission)
    }
    assert may == roles
