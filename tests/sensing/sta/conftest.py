"""A small service: database, observation path and SensorThings routes in one app."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from yiwang.contracts.observations import ObservationSink
from yiwang.kernel.clock import ManualClock
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS, Identity
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.intake import Intake
from yiwang.sensing.observations import Observations
from yiwang.sensing.sight import Visibility
from yiwang.sensing.sta.answers import Direct
from yiwang.sensing.sta.http import routes
from yiwang.store.database import Database
from yiwang.web.errors import HANDLERS

ADMIN = Identity("user", 1, "admin", frozenset({"administrator"}))


class AsSomebody:
    """Stands for the authentication: every request is the identity that is set."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = self._service
        caller = Caller(service.identity, service.database, service.clock, service.ports)
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)


@dataclass
class Service:
    database: Database
    clock: ManualClock
    store: Observations
    intake: Intake
    ports: dict[type, Any]
    identity: Identity = ADMIN
    root: str = "http://testserver/v1.1"
    client: TestClient = None  # type: ignore[assignment]

    def get(self, path: str, status: int = 200) -> Any:
        response = self.client.get(f"/v1.1/{path}")
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        response = self.client.post(f"/v1.1/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def send(self, method: str, path: str, body: Any, status: int = 200, media: str = "") -> Any:
        """PATCH, PUT or DELETE."""
        headers = {"content-type": media or "application/json"}
        content = b"" if body is None else msgspec.json.encode(body)
        address = f"/v1.1/{path}"
        response = self.client.request(method, address, content=content, headers=headers)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def add(self, path: str, body: Any) -> int:
        """Create something and return its id."""
        return int(self.post(path, body)["@iot.id"])

    def names(self, path: str) -> list[str]:
        return [item["name"] for item in self.get(path)["value"]]

    def as_anonymous(self) -> None:
        self.identity = ANONYMOUS


@pytest.fixture
def service(database: Database, clock: ManualClock, tmp_path: Path) -> Iterator[Service]:
    store = Observations(tmp_path / "observations", clock)
    intake = Intake(store, database, clock)
    ports = {Observations: store, Visibility: Visibility(), ObservationSink: intake}
    service = Service(database, clock, store, intake, ports)

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        buffer = Buffer(intake, clock, pace_s=0.0)
        buffer.start()
        service.ports[Buffer] = buffer
        yield
        await buffer.close()

    others = Starlette(routes=[], exception_handlers=HANDLERS, lifespan=life)
    app = AsSomebody(Direct(others, routes()), service)
    with TestClient(app, raise_server_exceptions=False) as client:
        service.client = client
        yield service
    store.close()


def thing(name: str = "Underpass", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": f"{name} of the district", **more}


def location(lon: float = 116.4, lat: float = 39.9, name: str = "Gate") -> dict[str, Any]:
    return {
        "name": name,
        "description": "By the gate",
        "encodingType": "application/geo+json",
        "location": {"type": "Point", "coordinates": [lon, lat]},
    }


def sensor(name: str = "Gauge") -> dict[str, Any]:
    return {
        "name": name,
        "description": "A pressure gauge",
        "encodingType": "application/pdf",
        "metadata": "https://example.org/gauge.pdf",
    }


def observed_property(name: str = "Depth") -> dict[str, Any]:
    return {
        "name": name,
        "definition": "https://example.org/depth",
        "description": "Depth of water",
    }


def datastream(name: str = "Depth of water", kind: str = "OM_Measurement") -> dict[str, Any]:
    return {
        "name": name,
        "description": "Depth of water above the road",
        "observationType": f"http://www.opengis.net/def/observationType/OGC-OM/2.0/{kind}",
        "unitOfMeasurement": {
            "name": "Centimetre",
            "symbol": "cm",
            "definition": "https://example.org/cm",
        },
        "Sensor": sensor(),
        "ObservedProperty": observed_property(),
    }


@pytest.fixture
def stream(service: Service) -> int:
    """A thing with a location and one datastream; the id of the datastream."""
    body = thing(Locations=[location()], Datastreams=[datastream()])
    service.add("Things", body)
    found = service.get("Datastreams?$orderby=id desc&$top=1")["value"][0]
    return int(found["@iot.id"])


@pytest.fixture
def observe(service: Service) -> Callable[..., int]:
    """Store one observation: ``observe(stream, "2026-06-30T10:00:00Z", 12)``."""

    def store(stream: int, time: str, result: Any, **more: Any) -> int:
        body = {"phenomenonTime": time, "result": result, **more}
        return service.add(f"Datastreams({stream})/Observations", body)

    return store
