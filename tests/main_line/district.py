"""A small district on a running platform: areas, organisations, people on duty, one underpass."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.main_line.server import Server, command

KIND = "underpass_flooding.water_level"
PASSWORD = "a long enough password"

ORGANISATIONS = """code,kind,name_zh,name_en,functions
DRAIN,department,排水所,Drainage Office,drainage
POLICE,department,交警大队,Traffic Police,traffic_police
FLOOD,department,防汛办,Flood Control Office,flood_control
KEEP,department,运维中心,Device Maintenance,device_maintenance
"""


def _square(west: float, south: float, wide: float, high: float) -> dict[str, Any]:
    east, north = west + wide, south + high
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


AREAS = (
    ("D", "district", None, _square(0, 0, 2, 1)),
    ("S", "street", "D", _square(0, 0, 2, 1)),
    ("G1", "grid", "S", _square(0, 0, 1, 1)),
    ("G2", "grid", "S", _square(1, 0, 1, 1)),
)


def write_files(folder: Path) -> Path:
    """What an operator writes: areas and organisations as files."""
    folder.mkdir()
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "level": level, "name_zh": code, "name_en": code}
            | ({"parent": parent} if parent else {}),
            "geometry": shape,
        }
        for code, level, parent, shape in AREAS
    ]
    areas = {"type": "FeatureCollection", "features": features}
    (folder / "areas.geojson").write_text(json.dumps(areas), encoding="utf-8")
    (folder / "organisations.csv").write_text(ORGANISATIONS, encoding="utf-8")
    return folder


@dataclass
class District:
    """What the tests ask for by number."""

    admin: httpx.Client
    organisations: dict[str, int]
    grids: dict[str, int]
    place: int
    thing: int
    datastream: int
    credential: str
    secret: str

    @property
    def topic(self) -> str:
        return "underpass/WL-1/level"


def _made(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _numbers(client: httpx.Client, noun: str) -> dict[str, int]:
    items = client.get(f"/api/registry/{noun}").json()["items"]
    return {item["code"]: item["id"] for item in items}


def settle_in(server: Server, folder: Path) -> District:
    """Fill the registry of a fresh home by files and by the API, and register one device."""
    loaded = command("registry", "load", write_files(folder), "--home", server.home)
    assert loaded.returncode == 0, loaded.stderr
    admin = server.admin()
    organisations, areas = _numbers(admin, "organisations"), _numbers(admin, "areas")
    _made(
        admin,
        "/api/registry/people",
        {"code": "P1", "name": "Wang Wei", "organisation": "DRAIN", "user": "wang.wei"},
    )
    _made(
        admin,
        "/api/registry/duties",
        {"code": "R1", "role": "handler", "person": "P1", "organisation": "DRAIN", "area": "S"},
    )
    place = _made(
        admin,
        "/api/registry/places",
        {"kind": "underpass", "code": "U1", "name_zh": "东桥", "name_en": "East Bridge"}
        | {"lon": 0.5, "lat": 0.5},
    )
    device = _made(
        admin,
        "/api/devices",
        {"kind": KIND, "code": "WL-1", "lon": 0.5, "lat": 0.5}
        | {"place": place["id"], "credential": True},
    )
    for name, role, rest in (
        ("wang.wei", "department_handler", {"organisation": organisations["DRAIN"]}),
        ("police", "department_handler", {"organisation": organisations["POLICE"]}),
        ("grid.one", "grid_worker", {"grids": [areas["G1"]]}),
        ("centre", "command_centre", {}),
    ):
        _made(admin, "/api/users", {"name": name, "password": PASSWORD, "roles": [role]} | rest)
    return District(
        admin,
        organisations,
        areas,
        place["id"],
        device["thing"],
        device["datastreams"]["depth_cm"],
        device["credential"],
        device["secret"],
    )


def ago(seconds: float) -> str:
    """That many seconds before now, as devices write it."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def picture() -> bytes:
    """A one-pixel PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\7")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
