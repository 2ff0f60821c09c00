"""A small city with two grids, two organisations, people on duty and two case classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.rows import Rows
from yiwang.cases import service
from yiwang.cases.spec import parse
from yiwang.contracts.events import FindingCleared, FindingRaised, FindingWithdrawn
from yiwang.demo.photo import png
from yiwang.kernel import documents
from yiwang.kernel.clock import MINUTE, ManualClock
from yiwang.registry import editing
from yiwang.security.actions import Caller, Context
from yiwang.security.model import Identity, system
from yiwang.store import outbox
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database
from yiwang.store.outbox import Delivery

CASES = """
classes:
  flooded:
    title: {zh-CN: 下穿通道积水, en: Flooded underpass}
    severity: urgent
    role: drainage
    deadline:
      urgent: {minutes: 60, counting: clock}
      notice: {hours: 4, counting: working}
    merge: {radius: 200 m, within: 2 h}
    states:
      pumping: {kind: working, title: {zh-CN: 抽排中, en: Pumping}}
    steps:
      start: {from: [dispatched], to: pumping}
      report: {from: [dispatched, pumping], to: handled}
      return: {from: [dispatched, pumping]}
    evidence: {photos: 1, text: true}
    verification: grid_worker
    closing: centre
    automatic: [finding]
  full_car_park:
    title: {zh-CN: 车位已满, en: Car park full}
    severity: notice
    role: parking
    deadline: {hours: 2, counting: working}
    verification: sensor
    on_cleared: close
    automatic: [finding, report]
"""


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


_FOUNDED: dict[Any, tuple[Rows, dict[str, int]]] = {}


class City:
    """Callers and numbers of the small city. It is made by actions once, then put row by row."""

    def __init__(self, database: Database, clock: ManualClock, blobs: Blobs) -> None:
        self.database = database
        self.clock = clock
        self.ports: dict[type, Any] = {Blobs: blobs}
        self.platform = Caller(system("test"), database, clock, self.ports)
        key = (type(self), database.is_sqlite, clock.now())
        if key not in _FOUNDED:
            before = vars(self).copy()
            self._fill()
            numbers = {name: value for name, value in vars(self).items() if name not in before}
            _FOUNDED[key] = Rows(database), numbers
        else:
            rows, numbers = _FOUNDED[key]
            rows.put(database)
            vars(self).update(numbers)

    def _add(self, noun: str, **raw: Any) -> int:
        number: int = editing.add(self.platform, noun, raw).id
        return number

    def _fill(self) -> None:
        self.district = self._add(
            "areas", code="D", level="district", name_zh="区", geometry=square(116, 39, 1)
        )
        grids = []
        for place, code in enumerate(("G1", "G2")):
            grids.append(
                self._add(
                    "areas",
                    code=code,
                    level="grid",
                    name_zh=f"{code}网格",
                    name_en=code,
                    parent=self.district,
                    geometry=square(116 + place * 0.5, 39, 0.5),
                )
            )
        self.grid, self.other_grid = grids
        self.water = self._add(
            "organisations",
            code="WATER",
            kind="department",
            name_zh="水务局",
            name_en="Water Office",
            functions=["drainage"],
        )
        self.parks = self._add(
            "organisations",
            code="PARK",
            kind="department",
            name_zh="停车管理中心",
            name_en="Parking",
            functions=["parking"],
        )
        self.person = self._add(
            "people", code="P1", name="王伟", organisation=self.water, user="handler"
        )
        self._add("duties", code="R1", role="handler", person=self.person, area=self.district)
        self.place = self._add(
            "places",
            kind="underpass",
            code="U1",
            name_zh="一号桥",
            name_en="Underpass 1",
            lon=116.1,
            lat=39.1,
            address="东路1号",
        )
        self._add(
            "classes",
            code="F-01",
            major="facilities",
            name_zh="井盖破损",
            name_en="Manhole",
            severity="warning",
            function="drainage",
            deadline_minutes=240,
            counting="working",
        )
        spec = parse(documents.parse(CASES, "cases.yaml"), "demo", {})
        service.install_classes(self.platform, "demo", spec.classes)

    def caller(self, name: str, *roles: str, **bounds: Any) -> Caller:
        identity = Identity("user", abs(hash(name)) % 1000, name, frozenset(roles), **bounds)
        return Caller(identity, self.database, self.clock, self.ports)

    @property
    def centre(self) -> Caller:
        return self.caller("centre", "command_centre")

    @property
    def handler(self) -> Caller:
        return self.caller("handler", "department_handler", organisation=self.water)

    @property
    def stranger(self) -> Caller:
        return self.caller("stranger", "department_handler", organisation=self.parks)

    @property
    def grid_worker(self) -> Caller:
        return self.caller("grid", "grid_worker", grids=frozenset({self.grid}))

    @property
    def citizen(self) -> Caller:
        return self.caller("citizen", "citizen")

    def deliver(self, *events: Any) -> None:
        """Hand events to the consumer as the relay does: in one transaction."""
        deliveries = [Delivery(place, one.topic, vars(one), 0) for place, one in enumerate(events)]
        with self.database.write() as connection:
            context = Context(self.platform, connection)
            service.consume(context, deliveries)
            outbox.put(connection, context.events, self.clock.now())

    def raised(self, finding: int, **changed: Any) -> FindingRaised:
        values: dict[str, Any] = {
            "finding": finding,
            "key": f"demo/close/{finding}",
            "pack": "demo",
            "rule": "close",
            "severity": "urgent",
            "raised_at": self.clock.now() - MINUTE,
            "thing": 7,
            "place": self.place,
            "lon": 116.1,
            "lat": 39.1,
            "case_class": "flooded",
            "one_per": f"site:{self.place}",
            "values": {"depth_cm": 31.0},
        }
        return FindingRaised(**(values | changed))

    def cleared(self, finding: int) -> FindingCleared:
        return FindingCleared(finding, f"demo/close/{finding}", self.clock.now())

    def withdrawn(self, finding: int) -> FindingWithdrawn:
        return FindingWithdrawn(finding, f"demo/close/{finding}", self.clock.now())

    def show(self, no: int, caller: Caller | None = None, lang: str = "en") -> dict[str, Any]:
        """A case as its page has it."""
        shown = msgspec.json.encode(service.show(caller or self.centre, no, lang))
        whole: dict[str, Any] = msgspec.json.decode(shown)
        return whole

    def photo(self, no: int, caller: Caller | None = None) -> str:
        return service.add_photo(caller or self.handler, no, PNG)


PNG = png(np.full((2, 2, 3), 128, np.uint8))


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def city(database: Database, clock: ManualClock, blobs: Blobs) -> Iterator[City]:
    yield City(database, clock, blobs)


@pytest.fixture
def open_case(city: City) -> Callable[..., int]:
    """Opens a dispatched case by a finding and gives its number."""

    def make(finding: int = 1, **changed: Any) -> int:
        city.deliver(city.raised(finding, **changed))
        return service.Cases(city.database).case_of([finding])[finding]

    return make
