"""Who declares sources and looks into them, and where their secrets are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from yiwang.kernel.clock import ManualClock
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import Identity
from yiwang.sharing.sources import http, service
from yiwang.sharing.sources.errors import BadSource, NoSuchSource, SecretLost, SourceExists
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.service import Declared
from yiwang.sharing.sources.vault import Vault
from yiwang.store.database import Database
from yiwang.web.errors import HANDLERS

ENGLISH = {"accept-language": "en"}


class Office:
    def __init__(self, database: Database, clock: ManualClock, folder: Path) -> None:
        self.folder = folder
        self.keys = folder / "home" / "keys" / "sources"
        self.ports: dict[type, Any] = {Sources: Sources(Vault(self.keys), folder / "home")}
        self._with = (database, clock)
        self.database = database
        (folder / "files").mkdir()
        (folder / "files" / "a.csv").write_text("id,name\n1,x\n")

    def caller(self, role: str, organisation: int | None = None) -> Caller:
        identity = Identity("user", 1, role, frozenset({role}), None, organisation)
        return Caller(identity, *self._with, self.ports)

    @property
    def bureau(self) -> Caller:
        return self.caller("data_bureau")

    def given(self, code: str = "files", **changed: Any) -> Declared:
        options = {"path": str(self.folder / "files")}
        return Declared(
            **({"code": code, "name": "x", "kind": "files", "options": options} | changed)
        )


@pytest.fixture
def office(database: Database, clock: ManualClock, tmp_path: Path) -> Office:
    return Office(database, clock, tmp_path)


def server(office: Office, **changed: Any) -> Declared:
    options = {"host": "127.0.0.1", "database": "d", "user": "u"}
    return office.given("db", kind="postgresql", options=options, **changed)


def test_only_the_data_bureau_declares_and_a_provider_sees_its_own(office: Office) -> None:
    declare_source, list_sources = service.declare_source, service.list_sources
    declare_source(office.bureau, office.given(organisation=7))
    steward, other = office.caller("data_steward", 7), office.caller("data_steward", 8)
    for refused in (steward, office.caller("auditor"), office.caller("citizen")):
        with pytest.raises(Denied):
            declare_source(refused, office.given("mine"))
        with pytest.raises(Denied):
            service.change_source(refused, office.given())
        with pytest.raises(Denied):
            service.remove_source(refused, "files")
    assert [one["code"] for one in list_sources(steward)] == ["files"]
    assert list_sources(other) == list_sources(office.caller("data_steward")) == []
    assert service.tables(steward, "files") == ["a.csv"]
    assert service.find_source(steward, "files").kind == "files"
    for look in (
        lambda: service.shape(other, "files", "a.csv"),
        lambda: service.tables(other, "files"),
    ):
        with pytest.raises(NoSuchSource):
            look()
    with pytest.raises(SourceExists):
        declare_source(office.bureau, office.given())
    service.remove_source(office.bureau, "files")
    assert list_sources(office.bureau) == []


def test_a_secret_is_in_the_keys_sealed_and_nowhere_else(office: Office) -> None:
    shown = service.declare_source(office.bureau, server(office, secret="p-w-d"))
    assert shown["has_secret"] and "p-w-d" not in str(shown)
    vault = office.bureau.ports[Sources].vault
    assert vault.get("db") == Vault(office.keys).get("db") == "p-w-d"
    held = b"".join(file.read_bytes() for file in office.keys.iterdir())
    assert b"p-w-d" not in held
    assert all(file.stat().st_mode & 0o077 == 0 for file in office.keys.iterdir())
    with office.database.read() as connection:
        for table in ("share_sources", "audit_log"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert rows and "p-w-d" not in str(rows)
    with pytest.raises(BadSource):
        service.declare_source(office.bureau, office.given("x", options={"password": "p-w-d"}))
    service.change_source(office.bureau, server(office))
    assert vault.get("db") == "p-w-d"
    moved = server(office)
    moved.options["host"] = "127.0.0.2"
    with pytest.raises(BadSource):
        service.change_source(office.bureau, moved)
    service.remove_source(office.bureau, "db")
    with pytest.raises(SecretLost):
        vault.get("db")


def test_over_http(office: Office) -> None:
    inner = Starlette(routes=http.routes(), exception_handlers=HANDLERS)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["caller"] = office.bureau
        await inner(scope, receive, send)

    client = TestClient(app, raise_server_exceptions=False)
    url = "/api/sharing/sources/files"
    body = {"name": "x", "kind": "files", "options": {"path": str(office.folder / "files")}}
    assert client.put(url, json=body).status_code == 201
    assert client.put(url, json=body).status_code == 409
    assert client.patch(url, json=body | {"name": "y"}).json()["name"] == "y"
    found = client.get(f"{url}/tables?q=A.").json()
    assert (found["items"], found["total"]) == ([{"table": "a.csv"}], 1)
    assert client.get(f"{url}/tables?q=b").json()["items"] == []
    first = client.get(f"{url}/tables?limit=1").json()
    assert client.get(f"{url}/tables?after={first['next']}").json()["items"] == []
    lost = client.patch(url, json=body | {"options": {"path": "/nowhere"}}, headers=ENGLISH)
    assert lost.json()["fields"]["option"] == "path" and "a folder" in lost.json()["detail"]
    shape = client.get(f"{url}/shape?table=a.csv").json()
    assert [one["name"] for one in shape["columns"]] == ["id", "name"]
    wrong = client.get(f"{url}/shape?table=b.csv")
    assert (wrong.status_code, wrong.json()["type"]) == (404, "sharing.no_such_table")
    assert client.put(f"{url}2", json=body | {"kind": "oracle"}).status_code == 400
    assert client.delete(url).status_code == 204
    assert client.get("/api/sharing/sources").json()["items"] == []
