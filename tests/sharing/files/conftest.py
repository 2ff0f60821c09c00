"""The sharing city with a shelf for files, a resource that is shared as files, and a grant."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sharing.conftest import Browser, City
from tests.sharing.granting import sharing, small
from yiwang.kernel.settings import Settings
from yiwang.sharing.files import http, order_http
from yiwang.sharing.files.making import Maker
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants.model import Terms

__all__ = ["sharing", "small"]

ITEMS = ("station", "name", "level", "phone")
TUS = {"tus-resumable": "1.0.0"}
UPLOADS = "/api/sharing/files/uploads"


class Desk:
    """Uploads and downloads of a resource of the water office."""

    def __init__(self, city: City, home: Path, **settings: Any) -> None:
        self.city = city
        self.shelf = Shelf(replace(Settings(home=home), **settings))
        city.ports[Shelf] = self.shelf
        self.ask = Browser(city, [*http.routes(), *order_http.routes()])
        self.maker = Maker(city.platform)
        free = {"share_type": "unconditional", "share_condition": "", "share_mode": "file"}
        items = tuple(one for one in city.entry().items if not one.label)
        self.resource = city.published(items=items, **free)

    def grant(self, **terms: Any) -> int:
        """The parking office's grant of the files; its number."""
        given = {"fields": ("station", "name", "level"), "modes": ("file",)} | terms
        return grants.ask(self.city.user, self.resource.id, "停车场预警", Terms(**given))

    def begin(self, name: str, size: int, who: str = "steward", **about: str) -> Any:
        named = {"filename": name, "resource": str(self.resource.id)} | about
        metadata = ",".join(f"{key} {encoded(value)}" for key, value in named.items())
        headers = TUS | {"upload-length": str(size), "upload-metadata": metadata}
        return self.ask(who, "POST", UPLOADS, headers=headers)

    def piece(self, place: str, offset: int, data: bytes, **headers: str) -> Any:
        kind = {"content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("steward", "PATCH", place, headers=TUS | kind | more, content=data)

    def upload(self, name: str, content: bytes, **about: str) -> int:
        """The number of the version."""
        place = self.begin(name, len(content), **about).headers["location"]
        return int(self.piece(place, 0, content).headers["yiwang-version"])

    def get(self, version: int, who: str = "user", **headers: str) -> Any:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(who, "GET", f"/api/sharing/files/versions/{version}", headers=more)

    def order(self, who: str = "user", **wanted: Any) -> Any:
        return self.ask(who, "POST", "/api/sharing/files/deliveries", json=wanted)

    def made(self, **wanted: Any) -> dict[str, Any]:
        """A delivery when the platform has done with it."""
        found = self.order(**wanted)
        assert found.status_code == 202, found.text
        self.maker.settle()
        shown: dict[str, Any] = self.ask("user", "GET", found.headers["location"]).json()
        return shown

    def content(self, delivery: dict[str, Any], who: str = "user", **headers: str) -> Any:
        path = f"/api/sharing/files/deliveries/{delivery['id']}/content"
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(who, "GET", path, headers=more)


def encoded(value: str) -> str:
    return b64encode(value.encode()).decode()


@pytest.fixture
def desk(small: City, tmp_path: Path) -> Desk:
    return Desk(small, tmp_path)


@pytest.fixture
def both(sharing: City, tmp_path: Path) -> Desk:
    """On SQLite and PostgreSQL."""
    return Desk(sharing, tmp_path)
