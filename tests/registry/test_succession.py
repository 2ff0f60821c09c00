"""A change of the matrix begins when it is made; what was said before stays on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.registry.test_http import client  # noqa: F401
from yiwang.kernel.clock import DAY, ManualClock, render
from yiwang.registry import cache, editing, responsibility
from yiwang.registry.files import load_folder
from yiwang.registry.model import Responsibility
from yiwang.registry.succession import succeed
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied

OLD = Responsibility(1, "R", 3, "", 5, "street", 7, (8,), "No. 1", 100, None)


def given(**changed: Any) -> dict[str, Any]:
    values = {name: value for name, value in vars(OLD).items() if name != "id"}
    return values | {"co_organisations": [8]} | changed


def test_when_a_change_begins_and_what_it_leaves_behind() -> None:
    for old, new, begins, left in (
        (OLD, given(), 100, None),
        (OLD, given(starts_at=None), None, None),
        (OLD, given(organisation=9), 500, (100, 500)),
        (OLD, given(basis="No. 2", starts_at=None), 500, (100, 500)),
        (OLD, given(co_organisations=[], starts_at=300), 300, (100, 300)),
        (OLD, given(organisation=9, starts_at=900), 900, (100, 900)),
        (replace(OLD, ends_at=400), given(organisation=9, ends_at=None), 500, (100, 400)),
        (replace(OLD, starts_at=600), given(organisation=9, starts_at=600), 600, None),
    ):
        found = succeed(old, new, 500)
        assert found.values["starts_at"] == begins
        span = found.former and (found.former["starts_at"], found.former["ends_at"])
        assert (span, found.corrected) == (left, False)
        if found.former:
            assert found.former["organisation"] == 7 and found.former["basis"] == "No. 1"
    past = succeed(replace(OLD, ends_at=400), given(organisation=9, ends_at=400), 500)
    assert past.corrected and past.former and past.former["ends_at"] == 400
    assert past.values["starts_at"] == 100
    assert succeed(OLD, given(starts_at=None), 500, True).values["starts_at"] == 100


@pytest.fixture
def listed(system_caller: Caller, folder: Path) -> Caller:
    load_folder(system_caller, folder)
    entry = {"code": "E1", "event_class": "F-01", "organisation": "WATER", "basis": "No. 1"}
    editing.add(system_caller, "responsibilities", entry)
    return system_caller


def who(by: Caller, at: int) -> str | None:
    with by.database.read() as connection:
        found = cache.matrix(connection).choose("F-01", [], at)
        units = {one.id: one.code for one in cache.records(connection, "organisations")}
    return found and units[found.entry.organisation]


def test_a_day_before_the_change_is_what_it_was(listed: Caller, clock: ManualClock) -> None:
    start = clock.now()
    clock.advance(DAY)
    entry = {"code": "E1", "event_class": "F-01", "organisation": "FIRE", "basis": "No. 2"}
    editing.put(listed, "responsibilities", [entry])
    clock.advance(DAY)
    editing.put(listed, "responsibilities", [entry])
    assert [who(listed, start + days * DAY) for days in (0, 1, 2)] == ["WATER", "FIRE", "FIRE"]
    (one,) = editing.page(listed, "responsibilities")
    later = {"organisation": "WATER-S1", "starts_at": render(start + 10 * DAY)}
    editing.change(listed, "responsibilities", one.id, later)
    editing.change(listed, "responsibilities", one.id, {"starts_at": render(start + 12 * DAY)})
    assert [who(listed, start + days * DAY) for days in (1, 11, 12)] == ["FIRE", "FIRE", "WATER-S1"]
    found = responsibility.history(listed, one.id, "en")
    assert [(item["organisation_name"], item["basis"]) for item in found] == [
        ("Water Station 1", "No. 2"),
        ("Fire Brigade", "No. 2"),
        ("Water Office", "No. 1"),
    ]
    assert found[1]["ends_at"] == found[0]["starts_at"] == render(start + 12 * DAY)
    assert found[2]["changed_at"] == render(start + DAY) and found[2]["changed_by"]
    check = responsibility.check(listed, None, "en")
    assert (check["entries"], check["conflict_count"]) == (1, 0)
    grid = responsibility.matrix(listed, None, start, "en")
    assert grid["rows"][0]["cells"][0]["organisation_name"] == "Water Office"
    editing.remove(listed, "responsibilities", one.id)
    assert who(listed, start) is None


def test_the_history_over_http(listed: Caller, client: TestClient) -> None:  # noqa: F811
    (one,) = editing.page(listed, "responsibilities")
    path = f"/api/registry/responsibilities/{one.id}"
    assert client.patch(path, json={"organisation": "FIRE"}).status_code == 200
    items = client.get(f"{path}/history", headers={"accept-language": "en"}).json()["items"]
    assert [item["organisation_name"] for item in items] == ["Fire Brigade", "Water Office"]
    assert client.get("/api/registry/responsibilities/999/history").status_code == 404


def test_who_may_not_read_the_registry_sees_no_history(caller_for: Callable[..., Caller]) -> None:
    with pytest.raises(Denied):
        responsibility.history(caller_for(), 1)
