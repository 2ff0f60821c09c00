"""Work announced on devices: who may, and what the other domains are told."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.sensing.fleet.conftest import meters
from tests.sensing.fleet.test_life import put
from tests.sensing.fleet.test_own_upkeep import PLAN, City, city
from yiwang.contracts.events import MaintenanceAnnounced, MaintenanceEnded
from yiwang.kernel.clock import DAY, HOUR, render
from yiwang.security.actions import Caller
from yiwang.sensing.fleet import maintenance, works
from yiwang.sensing.fleet.errors import (
    BadValue,
    NoDevice,
    NoSuchPlan,
    NoSuchWork,
    NotYourDevice,
    WorkOnNothing,
    WorkOver,
    WorkTimes,
)
from yiwang.sensing.fleet.works import Work
from yiwang.sensing.runtime import Sensing
from yiwang.store import outbox

__all__ = ["city"]


def told(by: Caller) -> list[tuple[str, list[int]]]:
    with by.database.read() as connection:
        topics = (MaintenanceAnnounced.topic, MaintenanceEnded.topic)
        found = outbox.pending(connection, "nobody", topics)
    return [(one.topic, one.body.get("things", [])) for one in found]


def test_a_department_announces_work_on_its_own_devices(city: City) -> None:
    now = city.centre.clock.now()
    span = (now, now + HOUR, "the probe is changed")
    plan = maintenance.add_plan(city.ours, PLAN)
    own = works.announce(city.ours, Work(*span, plan=plan))
    assert told(city.ours) == [("maintenance.announced", [1, 2])]
    all_ = works.announce(city.centre, Work(*span, things=(1, 3)))
    with pytest.raises(NotYourDevice):
        works.announce(city.theirs, Work(*span, things=(1, 3)))
    with pytest.raises(NotYourDevice):
        works.end(city.theirs, all_)
    (seen,) = works.works(city.theirs, True)
    assert (seen["devices"], seen["things"], seen["mine"]) == (2, [3], False)
    assert [one["id"] for one in works.works(city.office, True)] == [own]
    with pytest.raises(NotYourDevice):
        works.announce(city.nobody, Work(*span, things=(1,)))
    works.end(city.ours, own)
    with pytest.raises(WorkOver):
        works.end(city.ours, own)
    assert [one["id"] for one in works.works(city.ours, True)] == [all_]
    assert [one["state"] for one in works.works(city.ours, False)] == ["going_on", "over"]
    assert told(city.ours)[-1][0] == "maintenance.ended"


def test_works_of_others_leave_room_for_ones_own(city: City) -> None:
    now = city.centre.clock.now()
    span = (now, now + HOUR, "the probe is changed")
    own = [works.announce(city.ours, Work(*span, things=(1,))) for _ in range(2)]
    for _ in range(3):
        works.announce(city.theirs, Work(*span, things=(3,)))
    assert [one["id"] for one in works.works(city.ours, True, 2)] == own[::-1]
    assert [one["id"] for one in works.works(city.ours, True, 1)] == own[:0:-1]
    assert len(works.works(city.centre, True, 4)) == 4


def test_what_is_refused_announces_nothing(city: City) -> None:
    now = city.centre.clock.now()
    for wrong, error in (
        (Work(now, now, "x", things=(1,)), WorkTimes),
        (Work(now, now + 32 * DAY, "x", things=(1,)), WorkTimes),
        (Work(now - DAY, now, "x", things=(1,)), WorkTimes),
        (Work(now, now + HOUR, " ", things=(1,)), BadValue),
        (Work(now, now + HOUR, "x"), WorkOnNothing),
        (Work(now, now + HOUR, "x", things=(99,)), NoDevice),
        (Work(now, now + HOUR, "x", plan=99), NoSuchPlan),
    ):
        with pytest.raises(error):
            works.announce(city.centre, wrong)
    with pytest.raises(NoSuchWork):
        works.end(city.centre, 99)
    assert told(city.centre) == [] and works.works(city.centre, False) == []


def test_works_over_http(by: Caller, sensing: Sensing, client: TestClient) -> None:
    put(by, sensing, meters(1))
    now = by.clock.now()
    body = {"from": render(now + HOUR), "until": render(now + 2 * HOUR), "what": "new probe"}
    made = client.post("/api/devices/works", json=body | {"things": [1]})
    assert made.status_code == 201
    (one,) = client.get("/api/devices/works?state=current").json()["items"]
    assert (one["state"], one["from_at"], one["things"]) == ("to_come", body["from"], [1])
    assert client.post(f"/api/devices/works/{one['id']}/end").status_code == 200
    assert client.get("/api/devices/works?state=current").json()["items"] == []
    assert client.post("/api/devices/works", json=body).status_code == 400
    naive = body | {"until": "2026-06-01T00:00:00", "things": [1]}
    assert client.post("/api/devices/works", json=naive).status_code == 400
