"""A library of people, fed from the tables of two departments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.sharing.conftest import City
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.identifiers import checks
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.libraries import runtime, service, spec, views
from yiwang.sharing.libraries.importing import Watch, nothing
from yiwang.sharing.libraries.service import Given
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column

COLUMNS = {
    "resident_id": "sfzh",
    "name": "xm",
    "born": "csrq",
    "mobile": "sjh",
    "address": "dz",
}


def resident_id(born: str, place: int) -> str:
    body = f"110101{born}{place:03d}"
    return body + checks.mod_11_2(body)


WANG = resident_id("19900307", 11)
LI = resident_id("19851120", 22)


def person(key: str, **values: Any) -> dict[str, Any]:
    """A row of a department's table."""
    blank = dict.fromkeys((*COLUMNS.values(), "gxrq"))
    return {"id": key, **blank, **values}


POLICE = [
    person("1", sfzh=WANG, xm="王伟", sjh="13800138001", dz="解放路12号3栋301室"),
    person("2", sfzh=LI, xm="李芳", csrq="1985-11-20", dz="人民路5号"),
]
HEALTH = [
    person("a", sfzh=WANG, xm="王 伟", sjh="13900139001", dz="和平路8号"),
    person("b", xm="李芳", csrq="1985-11-20", sjh="13700137001", dz="中山路9号"),
    person("c", xm="李方", csrq="1985-11-20", sjh="13700137001", dz="建设路1号"),
]


class Site:
    """The city with tables of departments and the work of its libraries."""

    def __init__(self, city: City, folder: Path) -> None:
        self.city = city
        url, keys = f"sqlite:///{folder / 'datasets.db'}", FieldKeys(folder)
        self.datasets = Datasets(url, ZoneInfo("Asia/Shanghai"), keys)
        city.ports |= {
            Datasets: self.datasets,
            Protection: Protection(folder),
            FieldKeys: keys,
        }
        self.resources: dict[str, Resource] = {}

    def table(self, name: str, rows: Sequence[dict[str, Any]]) -> Resource:
        """A department's table with these rows, and none besides; made where it is not there."""
        if name not in self.resources:
            texts = [Column(one, "C", 100) for one in COLUMNS.values() if one != "csrq"]
            columns = [Column("id", "C", 20), *texts, Column("csrq", "D"), Column("gxrq", "D")]
            self.datasets.create(name, columns, ["id"])
            self.resources[name] = self.city.published(name=name, dataset=name)
        schema = pa.schema(
            [(one.name, pa.string()) for one in self.datasets.describe(name).columns]
        )
        self.datasets.replace(name, [pa.RecordBatch.from_pylist(list(rows), schema)])
        return self.resources[name]

    def declare(self, code: str = "people", template: str = "person", **changed: str) -> None:
        told = spec.template(template)
        for before, after in changed.items():
            told = told.replace(before, after)
        service.put_library(self.city.bureau, code, told)

    def feed(self, name: str, rank: int = 50, **given: Any) -> None:
        columns = given.pop("columns", COLUMNS)
        made = Given(self.resources[name].code, columns, rank, **given)
        service.put_feed(self.city.bureau, "people", name, made)

    def work(self, watch: Watch = nothing) -> None:
        """A minute later all that is to be done is done."""
        self.city.clock.advance(MINUTE)
        runtime.work(self.city.platform, watch)

    def again(self, name: str, forced: bool = False) -> None:
        service.run_feed(self.city.bureau, "people", name, forced)
        self.work()

    def open(self, entity: int, **when: Any) -> dict[str, Any]:
        times = {"at": None, "known": None} | when
        found: dict[str, Any] = views.open_entity(
            self.city.bureau, "people", entity, times["at"], times["known"], "zh-CN"
        )
        return found

    def golden(self, entity: int, **when: Any) -> dict[str, Any]:
        return {one["field"]: one["value"] for one in self.open(entity, **when)["fields"]}

    def published(self) -> list[dict[str, Any]]:
        """The rows of the library's table."""
        sealed = self.datasets.describe("base_people").sealed
        rows: list[dict[str, Any]] = self.datasets.read("base_people", opened=sealed)
        return rows

    def groups(self) -> set[frozenset[str]]:
        """By their feed and key, which records are of one."""
        found = set()
        for one in self.published():
            told = self.open(int(one["entity"]))["records"]
            found.add(frozenset(f"{each['feed']}/{each['key'][0]}" for each in told))
        return found


def _site(city: City, folder: Path) -> Iterator[Site]:
    made = Site(city, folder)
    yield made
    made.datasets.close()


@pytest.fixture
def site(city: City, tmp_path: Path) -> Iterator[Site]:
    """On SQLite and on PostgreSQL."""
    yield from _site(city, tmp_path)


@pytest.fixture
def small_site(small_city: City, tmp_path: Path) -> Iterator[Site]:
    yield from _site(small_city, tmp_path)


def fed(site: Site, police: int = 10, health: int = 20) -> Site:
    """Both departments' tables, read."""
    site.declare()
    for name, rows, rank in (("police", POLICE, police), ("health", HEALTH, health)):
        site.table(name, rows)
        site.feed(name, rank)
    site.work()
    return site


def first_pair(site: Site) -> tuple[int, int]:
    found = views.list_proposals(site.city.bureau, "people", "proposed", None, 10, "en")
    return found[0]["one"], found[0]["other"]
