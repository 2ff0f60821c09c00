"""A small district: two streets, four grids, a folder of files that describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from yiwang.registry.files import load_folder
from yiwang.security.actions import Caller


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(code: str, level: str, parent: str | None, geometry: dict[str, Any]) -> dict[str, Any]:
    properties = {"code": code, "level": level, "name_zh": f"{code}区", "name_en": code}
    if parent:
        properties["parent"] = parent
    return {"type": "Feature", "properties": properties, "geometry": geometry}


AREAS = [
    feature("G-1", "grid", "S-1", square(0, 0, 1)),
    feature("G-2", "grid", "S-1", square(1, 0, 1)),
    feature("G-3", "grid", "S-2", square(0, 1, 1)),
    feature("S-1", "street", "D-1", square(0, 0, 2)),
    feature("S-2", "street", "D-1", square(0, 1, 1)),
    feature("D-1", "district", None, square(-1, -1, 5)),
]

FILES = {
    "organisations.csv": """code,kind,name_zh,name_en,functions,parent,area,contact
WATER,department,水务局,Water Office,drainage;river,,,010-1
WATER-S1,station,水务一站,Water Station 1,drainage,WATER,S-1,010-2
FIRE,department,消防队,Fire Brigade,fire,,,119
""",
    "people.csv": """code,name,phone,organisation,user,skills
P1,王伟,1380001,WATER-S1,wang.wei,pumps
P2,李娜,1380002,WATER,,
""",
    "rosters.csv": """code,role,area,person,organisation,days,opens,closes,starts_at,ends_at
R1,handler,S-1,P1,,mon-fri,08:00,20:00,,
R2,handler,S-1,P2,,,20:00,08:00,,
R3,handler,,,FIRE,,,,2026-07-01T00:00:00+08:00,2026-08-01T00:00:00+08:00
""",
    "places.csv": """kind,code,name_zh,name_en,lon,lat,address,attributes.capacity,attributes.note
underpass,U1,一号桥,Underpass 1,0.5,0.5,东路1号,30,deep
underpass,U2,二号桥,Underpass 2,1.5,0.5,,,
car_park,U1,一号停车场,Car park 1,3.5,3.5,,120.5,
""",
    "taxonomy.csv": """code,major,name_zh,name_en,severity,function,deadline_minutes,counting
F-01,facilities,道路积水,Flooded road,urgent,drainage,60,clock
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "registry"
    made.mkdir()
    write_areas(made, AREAS)
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def write_areas(folder: Path, features: list[dict[str, Any]]) -> None:
    document = {"type": "FeatureCollection", "features": features}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (folder / "areas.geojson").write_text(text, encoding="utf-8")


@pytest.fixture
def city(system_caller: Caller, folder: Path) -> Caller:
    """A caller whose registry is filled from the folder."""
    load_folder(system_caller, folder)
    return system_caller
