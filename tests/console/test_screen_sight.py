"""The screen shows a department its own devices and what is opened, and no others."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.console.conftest import KIND, PASSWORD, observe
from yiwang.app import Platform, asgi
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.security.actions import Caller, Context
from yiwang.sensing import access
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

pytestmark = pytest.mark.usefixtures("platform")


@pytest.fixture
def handler(platform: Platform) -> TestClient:
    """Somebody of the parks, to whom the second meter belongs; the first is the district's."""
    by = platform.caller("test")
    named = {"name_zh": "x", "name_en": "x", "kind": "department"}
    editing.put(by, "organisations", [{"code": "parks", **named}], "test")
    device = NewDevice("WL-2", lon=116.03, lat=39.03, owner=1)
    sensing.register_device(by, KIND, device)
    platform.settle()
    accounts.add_user(by, "lin", PASSWORD, ["department_handler"], organisation=1)
    found = TestClient(asgi(platform))
    found.headers["X-Yiwang"] = "1"
    assert found.post("/api/session", json={"name": "lin", "password": PASSWORD}).status_code == 200
    return found


def kinds(client: TestClient) -> list[int]:
    return [line["total"] for line in client.get("/api/devices/summary").json()["items"]]


def test_the_map_and_the_lists(platform: Platform, handler: TestClient) -> None:
    observe(platform, 12.5)
    box = "bbox=116,39,117,40"
    assert handler.get(f"/api/map/things?{box}").json()["id"] == [2]
    assert handler.get("/api/map/things/1").status_code == 404
    assert handler.get("/api/map/things/2").json()["things"][0]["code"] == "WL-2"
    path = f"/api/map/places?{box}&kind=underpass&property=depth_cm"
    assert handler.get(path).json()["value"] == [None]
    assert kinds(handler) == [1]
    assert handler.get("/api/observations/1").status_code == 404
    assert [one["thing"] for one in handler.get("/api/devices/health").json()["items"]] == [2]
    access.open_kind(platform.caller("test"), KIND, True)
    assert handler.get(f"/api/map/things?{box}").json()["id"] == [1, 2]
    assert handler.get(path).json()["value"] == [12.5]
    assert kinds(handler) == [2]
    assert handler.get("/api/observations/1").status_code == 200


def test_owners_and_openings_over_http(
    platform: Platform,
    client: TestClient,
    handler: TestClient,
) -> None:
    (line,) = (one for one in client.get("/api/access").json()["items"] if one["kind"] == KIND)
    assert (line["owner"], line["opened"], line["things"]) == (None, None, 2)
    path = f"/api/access/kinds/{KIND}"
    assert client.post(path, json={"owner": 1, "opened": True}).json()["things"] == 1
    assert kinds(handler) == [2]
    assert client.post("/api/access/things/1", json={"owner": None}).status_code == 200
    assert client.post("/api/access/datastreams/1", json={"opened": False}).status_code == 200
    assert client.post(path, json={"open": True}).status_code == 400
    assert handler.get("/api/access").status_code == 403
    assert handler.post(path, json={"opened": True}).status_code == 403


def test_the_stream_of_values(platform: Platform, handler: TestClient) -> None:
    identity = accounts.by_session(
        platform.database, platform.clock.now(), handler.cookies["yiwang"]
    )
    assert identity is not None
    caller = Caller(identity, platform.database, platform.clock, platform.ports)
    hub = platform.hub
    with platform.database.read() as connection:
        narrow = hub.narrowing(Context(caller, connection, writes=False))

    async def heard() -> list[Any]:
        hub.attach(asyncio.get_running_loop())
        frames = hub.stream(None, narrow)
        await anext(frames)
        mine = sensing.streams(platform.caller("test"), thing=2)[0].datastream
        hub.publish("latest", {"t": [[1, 0, 5.0], [mine, 0, 6.0]], "more": 0})
        hub.publish("latest", {"t": [[1, 0, 7.0]], "more": 0})
        hub.publish("ledger", {"total": 2})
        hub.publish("changed", {"topic": "x"})
        found = [await anext(frames) for _ in range(4)]
        await frames.aclose()  # type: ignore[attr-defined]
        return [
            json.loads(line[6:]) if line.startswith("data: ") else line
            for frame in found
            for line in frame.decode().strip().splitlines()
            if line.startswith("data: ") or not frame.count(b"data")
        ]

    first, second, third, last = asyncio.run(heard())
    assert [row[2] for row in first["t"]] == [6.0]
    assert (second, third) == ("id: 2", "id: 3")
    assert last == {"topic": "x"}
