"""A city of two streets with meters of one kind, on both databases, and HTTP over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from yiwang.contracts.observations import Incoming
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.settings import Settings
from yiwang.registry import editing
from yiwang.security.actions import Caller
from yiwang.sensing import service, spec
from yiwang.sensing.http import routes
from yiwang.sensing.runtime import Sensing
from yiwang.web import errors

DEVICES = """
kinds:
  meter:
    properties:
      depth_cm: {unit: cm, valid: {least: -10, most: 900}}
      volts: {unit: V}
      version: {type: text}
    period: 1 min
    silent_after: 15 min
    attributes:
      pole: {type: text, required: true, title: 杆号}
      height_m: {type: number}
      solar: {type: flag}
      mount: {type: choice, options: [wall, pole]}
    battery: {property: volts, full: 3.6, empty: 3.0}
    firmware: version
    mqtt: {topic: "meter/{device}", time: t, values: {depth_cm: d, volts: v, version: fw}}
"""
KIND = "flood.meter"
HEADER = "code,name,lon,lat,place,supplier,model,serial,installed_on,group,properties.pole"


def ring(west: float, width: float = 0.1) -> dict[str, Any]:
    east = west + width
    corners = [[west, 31.0], [east, 31.0], [east, 31.1], [west, 31.1], [west, 31.0]]
    return {"type": "Polygon", "coordinates": [corners]}


def put_city(caller: Caller) -> None:
    """One district, its streets ``east`` (lon 121.1) and ``west`` (lon 121.0), and a place."""
    shape = ring(121.0, 0.2)
    areas = [
        {"level": "district", "code": "d", "name_zh": "区", "parent": None, "geometry": shape},
        {"level": "street", "code": "w", "name_zh": "西街", "parent": "d", "geometry": ring(121.0)}
        | {"name_en": "West Street"},
        {"level": "street", "code": "e", "name_zh": "东街", "parent": "d", "geometry": ring(121.1)},
    ]
    editing.put(caller, "areas", areas, "test")
    place = {"kind": "underpass_site", "code": "U1", "name_zh": "一号", "lon": 121.05, "lat": 31.05}
    editing.put(caller, "places", [place], "test")


def declared(folder: Path) -> spec.Devices:
    (folder / "devices.yaml").write_text(DEVICES, encoding="utf-8")
    return spec.read(folder, "flood")


@pytest.fixture
def sensing(tmp_path: Path, system_caller: Caller, clock: ManualClock) -> Iterator[Sensing]:
    home = tmp_path / "home"
    (home / "observations").mkdir(parents=True)
    service.install_kinds(system_caller, "flood", declared(tmp_path), {"meter": {"en": "Meter"}})
    put_city(system_caller)
    made = Sensing(Settings(home=home), system_caller.database, clock)
    yield made
    made.close()


@pytest.fixture
def by(system_caller: Caller, sensing: Sensing) -> Caller:
    return replace(system_caller, ports=sensing.ports())


@pytest.fixture
def client(by: Caller) -> Iterator[TestClient]:
    async def as_caller(request: Request, call_next: Any) -> Response:
        request.state.caller = by
        answer: Response = await call_next(request)
        return answer

    application = Starlette(routes=routes(), exception_handlers=errors.HANDLERS)
    application.add_middleware(BaseHTTPMiddleware, dispatch=as_caller)
    with TestClient(application, headers={"accept-language": "en"}) as made:
        yield made


def csv_list(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def meters(count: int, lon: float = 121.05, supplier: str = "ACME", start: int = 1) -> bytes:
    """A list of meters in one street."""
    rows = [
        f"M{number},,{lon},31.05,,{supplier},X1,S{number},2026-01-01,,P{number}"
        for number in range(start, start + count)
    ]
    return csv_list(*rows)


def hear(sensing: Sensing, streams: list[int], value: float = 5.0) -> None:
    """Something comes in from datastreams now."""
    now = sensing.clock.now()
    sensing.intake.accept(
        Incoming(
            "test",
            np.array(streams, np.int64),
            np.full(len(streams), now, np.int64),
            np.full(len(streams), value),
            now,
        )
    )
