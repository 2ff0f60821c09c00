"""Who may do what: each role and each way of writing, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS, Identity, system

AT = "2026-06-30T10:00:00Z"
SECRET = "long enough to be one"

WAYS: dict[str, tuple[str, str, Any, str]] = {
    "post an entity": ("POST", "Things", thing("New"), ""),
    "post an observation": (
        "POST",
        "Datastreams(1)/Observations",
        {"phenomenonTime": "2026-06-30T11:00:00Z", "result": 2},
        "",
    ),
    "post an array": (
        "POST",
        "CreateObservations",
        [
            {
                "Datastream": {"@iot.id": 1},
                "components": ["phenomenonTime", "result"],
                "dataArray": [["2026-06-30T11:00:00Z", 2]],
            }
        ],
        "",
    ),
    "patch": ("PATCH", "Things(1)", {"name": "Changed"}, ""),
    "patch an observation": ("PATCH", "Observations(1)", {"result": 3}, ""),
    "json patch": (
        "PATCH",
        "Things(1)",
        [{"op": "replace", "path": "/name", "value": "Changed"}],
        "application/json-patch+json",
    ),
    "put": ("PUT", "Things(1)", thing("Changed"), ""),
    "delete": ("DELETE", "Things(1)", None, ""),
    "delete an observation": ("DELETE", "Observations(1)", None, ""),
    "batch group": (
        "POST",
        "$batch",
        {
            "requests": [
                {
                    "id": "1",
                    "atomicityGroup": "g",
                    "method": "patch",
                    "url": "Things(1)",
                    "body": {"name": "Changed"},
                }
            ]
        },
        "",
    ),
    "batch": (
        "POST",
        "$batch",
        {"requests": [{"id": "1", "method": "delete", "url": "Things(1)"}]},
        "",
    ),
}
REFUSED = {
    "anonymous": 401,
    "citizen": 403,
    "grid_worker": 403,
    "department_handler": 403,
    "command_centre": 403,
    "auditor": 403,
    "device": 403,
}


@pytest.fixture
def city(service: Service) -> Service:
    """Thing 1 with an observation, opened to everybody."""
    streams = [{**datastream(), "Observations": [{"phenomenonTime": AT, "result": 1}]}]
    service.add("Things", thing(Locations=[location()], Datastreams=streams))
    return service


def act(city: Service, role: str) -> None:
    if role == "anonymous":
        city.identity = ANONYMOUS
    elif role == "device":
        caller = Caller(system("test"), city.database, city.clock, city.ports)
        accounts.add_device(caller, "gauge", things=[1], password=SECRET)
        device = accounts.device(city.database, "gauge", SECRET)
        assert device is not None
        city.identity = device.identity
    else:
        city.identity = Identity("user", 7, role, frozenset({role}))


def everything(city: Service) -> Any:
    before, city.identity = city.identity, Identity("user", 1, "a", frozenset({"administrator"}))
    seen = [city.get(name)["value"] for name in ("Things", "Datastreams", "Observations")]
    city.identity = before
    return seen


@pytest.mark.parametrize("role", REFUSED)
def test_who_may_not_write_changes_nothing(city: Service, role: str) -> None:
    """Each way in turn, and what is there stays as it is; a device may write observations."""
    act(city, role)
    before = everything(city)
    for name, (method, path, body, media) in WAYS.items():
        if role == "device" and name.startswith(("post an obs", "post an arr")):
            continue
        status = 200 if path == "$batch" else REFUSED[role]
        told = city.send(method, path, body, status, media)
        if path == "$batch":
            assert told["responses"][0]["status"] == REFUSED[role], name
        assert everything(city) == before, name


@pytest.mark.parametrize("way", WAYS)
def test_an_administrator_may(city: Service, way: str) -> None:
    method, path, body, media = WAYS[way]
    before = everything(city)
    status = 201 if method == "POST" and path != "$batch" else 200
    told = city.send(method, path, body, status, media)
    if path == "$batch":
        assert told["responses"][0]["status"] == 200
    assert everything(city) != before


def test_a_device_writes_observations_of_its_own_things_only(city: Service) -> None:
    city.add("Things", thing("Other", Locations=[location()], Datastreams=[datastream()]))
    act(city, "device")
    made = {"phenomenonTime": "2026-06-30T11:00:00Z", "result": 2}
    city.post("Datastreams(1)/Observations", made)
    before = everything(city)
    city.post("Datastreams(2)/Observations", made, 403)
    city.post("Observations", {**made, "Datastream": {"@iot.id": 2}}, 403)
    array = {"Datastream": {"@iot.id": 2}, "components": ["phenomenonTime", "result"]}
    array |= {"dataArray": [["2026-06-30T11:00:00Z", 2]]}
    assert city.post("CreateObservations", [array]) == ["error"]
    assert everything(city) == before
