"""The registry's HTTP interface, through the real authentication and error answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.registry.conftest import square
from yiwang.registry.http import routes
from yiwang.security.actions import Caller
from yiwang.web import errors


@pytest.fixture
def client(city: Caller) -> Iterator[TestClient]:
    async def as_caller(request: Request, call_next: Any) -> Response:
        request.state.caller = city
        answer: Response = await call_next(request)
        return answer

    application = Starlette(routes=routes(), exception_handlers=errors.HANDLERS)
    application.add_middleware(BaseHTTPMiddleware, dispatch=as_caller)
    with TestClient(application) as made:
        yield made


def test_a_record_lives_its_life(client: TestClient) -> None:
    body = {"code": "R9", "role": "handler", "organisation": "FIRE", "opens": "08:30"}
    made = client.post("/api/registry/duties", json=body | {"starts_at": "2026-07-01T08:00:00Z"})
    assert made.status_code == 201
    address = made.headers["location"]
    assert made.json()["opens"] == "08:30"
    assert made.json()["starts_at"] == "2026-07-01T08:00:00Z"
    changed = client.patch(address, json={"closes": "24:00", "days": "sat-sun"})
    assert (changed.json()["closes"], changed.json()["days"]) == ("00:00", [5, 6])
    assert client.get(address).json() == changed.json()
    assert client.delete(address).status_code == 204
    codes = [item["code"] for item in client.get("/api/registry/duties").json()["items"]]
    assert codes == ["R1", "R2", "R3"]


def test_lists_page_and_filter(client: TestClient) -> None:
    first = client.get("/api/registry/areas?limit=4").json()
    second = client.get("/api/registry/areas", params={"limit": 4, "after": first["next"]}).json()
    assert len(first["items"]) == 4 and len(second["items"]) == 2 and second["next"] is None
    assert "geometry" not in first["items"][0]
    grids = client.get("/api/registry/areas?level=grid&q=g-2").json()["items"]
    assert [item["code"] for item in grids] == ["G-2"]
    grid = grids[0]["id"]
    places = client.get(f"/api/registry/places?grid={grid}").json()["items"]
    assert [item["code"] for item in places] == ["U2"]


def test_map_and_position(client: TestClient) -> None:
    outline = client.get("/api/registry/areas.geojson?level=street").json()
    assert [item["properties"]["code"] for item in outline["features"]] == ["S-1", "S-2"]
    assert outline["features"][0]["geometry"] == square(0, 0, 2)
    found = client.get("/api/registry/locate?lon=0.5&lat=0.5").json()
    assert [found[level]["code"] for level in ("district", "street", "grid")] == [
        "D-1",
        "S-1",
        "G-1",
    ]
    assert client.get("/api/registry/locate?lon=90&lat=0.5").json()["grid"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "type"),
    [
        ("GET", "/api/registry/towers", None, 404, "registry.unknown_noun"),
        ("GET", "/api/registry/areas/999", None, 404, "registry.unknown_record"),
        ("GET", "/api/registry/areas?size=3", None, 400, "web.bad_parameter"),
        ("GET", "/api/registry/places?grid=x", None, 400, "web.bad_parameter"),
        ("GET", "/api/registry/locate?lon=x&lat=1", None, 400, "web.bad_parameter"),
        ("GET", "/api/registry/locate?lon=1&lat=nan", None, 400, "web.bad_parameter"),
        ("POST", "/api/registry/people", {"code": "P1", "name": "x"}, 409, "registry.twice"),
        ("POST", "/api/registry/people", [1], 400, "web.bad_body"),
        ("DELETE", "/api/registry/areas/999", None, 404, "registry.unknown_record"),
    ],
)
def test_problems(
    client: TestClient, method: str, path: str, body: Any, status: int, type: str
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["type"]) == (status, type)
