"""A small city that shares: three departments with their stewards, a data bureau with two
reviewers, an auditor and a citizen."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from yiwang.kernel.clock import ManualClock
from yiwang.registry import editing
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS, Identity, system
from yiwang.sharing.catalogue import service, store
from yiwang.sharing.catalogue.model import Entry, Item, Resource
from yiwang.sharing.catalogue.search.service import Search
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database
from yiwang.store.outbox import Delivery, pending
from yiwang.web.errors import HANDLERS

WATER_CODE = "11310000MB2F30135U"
"""A unified social credit code made up for a department, with a right check character."""

ITEMS = (
    Item(name="站点编号", column="station", type="C", length=20, key=True, opened=True),
    Item(name="站点名称", column="name", type="C", length=60, opened=True),
    Item(name="水位", column="level", type="N", opened=True),
    Item(name="值班人员电话", column="phone", type="C", length=20, label="phone", grade="3"),
)


class City:
    """Callers, organisations and a way to a published resource."""

    def __init__(self, database: Database, clock: ManualClock, blobs: Blobs) -> None:
        self.database = database
        self.clock = clock
        self.ports: dict[type, Any] = {Blobs: blobs, Search: Search()}
        self.platform = Caller(system("test"), database, clock, self.ports)
        self.water = self._organisation("WATER", "水务局", "Water Office")
        self.parks = self._organisation("PARK", "停车管理中心", "Parking Office")
        self.health = self._organisation("HEALTH", "卫生健康委", "Health Commission")
        self.bureau_office = self._organisation("DATA", "数据局", "Data Bureau")

    def _organisation(self, code: str, name_zh: str, name_en: str) -> int:
        raw = {"code": code, "kind": "department", "name_zh": name_zh, "name_en": name_en}
        number: int = editing.add(self.platform, "organisations", raw).id
        return number

    def caller(self, name: str, *roles: str, **bounds: Any) -> Caller:
        number = zlib.crc32(name.encode()) % 100_000
        identity = Identity("user", number, name, frozenset(roles), **bounds)
        return Caller(identity, self.database, self.clock, self.ports)

    @property
    def steward(self) -> Caller:
        """The data steward of the water office, who provides."""
        return self.caller("steward", "data_steward", organisation=self.water)

    @property
    def user(self) -> Caller:
        """The data steward of the parking office, who uses."""
        return self.caller("user", "data_steward", organisation=self.parks)

    @property
    def stranger(self) -> Caller:
        """The data steward of the health commission, who has to do with neither."""
        return self.caller("stranger", "data_steward", organisation=self.health)

    @property
    def bureau(self) -> Caller:
        return self.caller("bureau", "data_bureau", organisation=self.bureau_office)

    @property
    def second(self) -> Caller:
        """Another reviewer of the data bureau."""
        return self.caller("second", "data_bureau", organisation=self.bureau_office)

    @property
    def auditor(self) -> Caller:
        return self.caller("auditor", "auditor")

    @property
    def citizen(self) -> Caller:
        return self.caller("citizen", "citizen")

    @property
    def anonymous(self) -> Caller:
        return Caller(ANONYMOUS, self.database, self.clock, self.ports)

    def entry(self, **changed: Any) -> Entry:
        """A complete entry of the water office."""
        values: dict[str, Any] = {
            "name": "下穿通道水位",
            "class_code": "209",
            "organisation": self.water,
            "provider_code": WATER_CODE,
            "summary": "各下穿通道积水监测站的水位。",
            "share_condition": "用于防汛",
            "open_type": "unconditional",
            "update_cycle": "realtime",
            "keywords": ("防汛", "积水"),
            "items": ITEMS,
        }
        return Entry(**(values | changed))

    def published(self, **changed: Any) -> Resource:
        """A resource of the water office that is in force."""
        id = service.add(self.platform, self.entry(**changed))
        service.submit(self.platform, id)
        service.publish(self.platform, id)
        return self.resource(id)

    def resource(self, key: int | str) -> Resource:
        with self.database.read() as connection:
            return store.resource(connection, key)

    def events(self, topic: str) -> list[dict[str, Any]]:
        """The bodies of the events of a topic, oldest first."""
        with self.database.read() as connection:
            found: list[Delivery] = pending(connection, "nobody", (topic,))
        return [one.body for one in found]


class _As:
    """Middleware that puts a caller into the request, as the authentication does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.caller: Caller | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = self.caller
        await self.app(scope, receive, send)


class Browser:
    """Asks routes over HTTP as somebody of the city: ``http("steward", "GET", path)``."""

    def __init__(self, city: City, routes: list[Route]) -> None:
        self._inside = _As(Starlette(routes=routes, exception_handlers=HANDLERS))
        self._client = TestClient(self._inside, raise_server_exceptions=False)
        self._city = city

    @property
    def app(self) -> ASGIApp:
        """For a server that asks as one caller, whom ``always`` names."""
        return self._inside

    def always(self, caller: Caller) -> None:
        self._inside.caller = caller

    def __call__(self, who: str, method: str, path: str, lang: str = "en", **sent: Any) -> Any:
        self._inside.caller = getattr(self._city, who)
        headers = {"accept-language": lang} | sent.pop("headers", {})
        return self._client.request(method, path, headers=headers, **sent)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def city(database: Database, clock: ManualClock, blobs: Blobs) -> Iterator[City]:
    """The city, once on SQLite and once on PostgreSQL."""
    yield City(database, clock, blobs)


@pytest.fixture
def small_city(sqlite: Database, clock: ManualClock, blobs: Blobs) -> City:
    """The city on SQLite only, for what does not differ by database."""
    return City(sqlite, clock, blobs)
