"""The small city with two more classes, whose cases make storms."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cases.conftest import CASES, City
from tests.conftest import START
from yiwang.cases import service
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.clock import ManualClock
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database

STORMS = """
  sensor_dead:
    title: {zh-CN: 传感器离线, en: Sensor dead}
    severity: warning
    role: drainage
    deadline: {hours: 4, counting: clock}
    verification: none
    on_cleared: close
    storm: {at_least: 3, within: 10 min, radius: 2 km, cause: power}
  lamp_out:
    title: {zh-CN: 路灯熄灭, en: Street lamp out}
    severity: warning
    role: drainage
    deadline: {hours: 4, counting: clock}
    storm: {at_least: 3, within: 10 min, radius: 2 km, cause: power}
  car_alarm:
    title: {zh-CN: 车辆告警, en: Car alarm}
    severity: warning
    role: parking
    deadline: {hours: 4, counting: clock}
    storm: {at_least: 2, within: 10 min, by: organisation}
"""


@pytest.fixture
def city(city: City) -> City:
    return _with_storms(city)


@pytest.fixture
def sqlite_city(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], City]]:
    """Makes small cities, each with a new database."""
    made: list[Database] = []

    def make() -> City:
        for database in made:
            database.close()
        file = tmp_path / f"{len(made)}.db"
        shutil.copy(sqlite_template, file)
        made.append(Database(f"sqlite:///{file}"))
        return _with_storms(City(made[-1], ManualClock(START), Blobs(tmp_path / "b")))

    yield make
    for database in made:
        database.close()


def _with_storms(city: City) -> City:
    spec = parse(documents.parse(CASES + STORMS, "cases.yaml"), "demo", {})
    service.install_classes(city.platform, "demo", spec.classes)
    return city
