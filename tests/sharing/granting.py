"""The city with its log of uses, a working calendar and the tables that the platform keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.sharing.conftest import City
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.security import accounts
from yiwang.security.evidence.log import Log
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.gateway.usage import Usage
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column

ROWS: list[dict[str, Any]] = [
    {"station": "S1", "name": "东门桥下", "level": 12.0, "phone": "13800138001"},
    {"station": "S2", "name": "西门桥下", "level": 31.5, "phone": "13800138002"},
    {"station": "S3", "name": "北门桥下", "level": None, "phone": "13800138003"},
]


def _fill(city: City, folder: Path) -> City:
    file, keys = f"sqlite:///{folder / 'datasets.db'}", FieldKeys(folder)
    datasets = Datasets(file, ZoneInfo("Asia/Shanghai"), keys)
    columns = (Column("station", "C", 20), Column("name", "C", 60), Column("level", "N"))
    datasets.create("water_levels", (*columns, Column("phone", "C", 20)), ("station",))
    datasets.upsert("water_levels", pa.RecordBatch.from_pylist(ROWS))
    city.ports |= {
        Datasets: datasets,
        Log: Log(city.database, city.clock, folder, "test"),
        WorkingCalendar: WorkingCalendar(),
        Protection: Protection(folder),
        FieldKeys: FieldKeys(folder),
        Counting: Counting(ZoneInfo("Asia/Shanghai")),
        Usage: Usage(ZoneInfo("Asia/Shanghai")),
    }
    for name, role, organisation in (
        ("steward", "data_steward", city.water),
        ("user", "data_steward", city.parks),
        ("bureau", "data_bureau", city.bureau_office),
    ):
        password = "a long password"
        accounts.add_user(city.platform, name, password, [role], organisation=organisation)
    return city


@pytest.fixture
def sharing(city: City, tmp_path: Path) -> City:
    """On SQLite and PostgreSQL."""
    return _fill(city, tmp_path)


@pytest.fixture
def small(small_city: City, tmp_path: Path) -> City:
    return _fill(small_city, tmp_path)
