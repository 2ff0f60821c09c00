"""Uploaded files on the portal: the versions that a release names, and no others."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ckanapi import NotFound, RemoteCKAN
from pyshacl import validate
from rdflib import Graph
from rdflib.namespace import DCAT

from tests.sharing.conftest import ITEMS, Browser, City
from tests.sharing.files.conftest import Desk
from tests.sharing.opening.test_opening import SHAPES, address
from yiwang.kernel.settings import Settings
from yiwang.security.evidence import store as evidence
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.files import giving, versions
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.opening import files, formats, http, service, store
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.opening.errors import BadChoice, NotReleasable, NotReleased, OwnReview

__all__ = ["address"]

CONTENT = bytes(range(256)) * 20
SUM = hashlib.sha256(CONTENT).hexdigest()


class Portal:
    """Everybody's view of the files of a resource, and the reviewers'."""

    def __init__(self, city: City, home: Path, **settings: Any) -> None:
        self.desk = Desk(city, home, **settings)
        self.city, self.id = city, self.desk.resource.id
        self.ask = Browser(city, http.routes())
        self.own = f"/api/sharing/resources/{self.id}/opening"
        self.path = f"/api/open/{self.desk.resource.code.replace('/', '-')}"

    def release(self, *files: int) -> Any:
        given = {"licence": "cc-by-4.0", "text": "已逐份查看", "files": list(files)}
        return self.ask("bureau", "POST", self.own, json=given)

    def get(self, version: int, who: str = "anonymous", **headers: str) -> Any:
        return self.ask(who, "GET", f"{self.path}/files/{version}", headers=headers)

    def shown(self) -> Any:
        return self.ask("anonymous", "GET", self.path).json()

    def given(self) -> list[dict[str, Any]]:
        with self.city.database.read() as connection:
            held = evidence.about(connection)
            found = [msgspec.json.decode(text) for _, text in evidence.read(connection, 0, held[2])]
        return [one for one in found if one["verb"] == "file_given"]


@pytest.fixture
def both(sharing: City, tmp_path: Path) -> Portal:
    return Portal(sharing, tmp_path)


@pytest.fixture
def portal(small: City, tmp_path: Path) -> Portal:
    return Portal(small, tmp_path)


def test_everybody_gets_the_versions_that_were_reviewed(both: Portal) -> None:
    first = both.desk.upload("水位 2026.csv", CONTENT, note="内部说明")
    looked = both.ask("bureau", "GET", both.own).json()
    assert [(one["id"], one["opened"]) for one in looked["files"]] == [(first, False)]
    seen = both.ask("bureau", "GET", f"{both.own}/files/{first}")
    assert seen.content == CONTENT, "who reviews a file looks through it"
    released = both.release(first)
    assert released.status_code == 201, released.text
    (row,) = service.releases(both.city.auditor, both.id)
    assert row["checks"]["files"] == [
        {"version": first, "file": "水位 2026.csv", "number": 1, "sha256": SUM}
    ]
    shown = both.shown()
    (file,) = shown["files"]
    assert shown["forms"] == [], "it has no table"
    assert (file["name"], file["size"], file["format"]) == ("水位 2026.csv", 5120, "CSV")
    assert file["sha256"] == SUM and file["url"] == f"{both.path}/files/{first}"
    assert "note" not in file, "a note is for departments"

    whole = both.get(first)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "application/octet-stream"
    part = both.get(first, range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
    assert both.get(first, **{"if-none-match": f'"{SUM}"'}).status_code == 304
    head = both.ask("anonymous", "HEAD", f"{both.path}/files/{first}")
    assert (head.headers["content-length"], head.content) == ("5120", b"")
    taken = both.city.ports[Counting].taken()
    counts = {what: more for (_, _, what), more in taken.items()}
    assert counts == {"views": 1, "downloads": 1}, "going on with a file is no second download"
    told = both.given()
    assert [(one["mode"], one["who"], one["from"], one["to"]) for one in told] == [
        ("review", "user:bureau", 0, 5120),
        ("open", "anonymous:anonymous", 0, 5120),
        ("open", "anonymous:anonymous", 1000, 2000),
    ]
    assert {one["opening"] for one in told[1:]} == {row["id"]}
    assert files.to_open(both.city.bureau, both.id)[0]["opened"]


def test_nothing_else_gets_out(portal: Portal) -> None:
    """Older, newer and withdrawn versions, those of others, guessed ones, and a past release."""
    old, reviewed, other = (portal.desk.upload("a.csv", CONTENT[:size]) for size in (10, 20, 30))
    stranger = portal.city.published(share_mode="file", items=ITEMS[:3], name="其他")
    portal.release(reviewed)
    newer = portal.desk.upload("a.csv", CONTENT[:40])
    for id in (old, other, newer, newer + 1, 0, 10**9):
        refused = portal.get(id)
        assert refused.status_code == 404, id
        assert refused.json()["type"] == "sharing.opening.not_released", id
    name = stranger.code.replace("/", "-")
    assert portal.ask("anonymous", "GET", f"/api/open/{name}/files/{reviewed}").status_code == 404
    with pytest.raises(NotReleased):
        files.look(portal.city.anonymous, name, reviewed)
    assert portal.get(2**62).status_code == 404
    assert portal.get(reviewed).content == CONTENT[:20]
    for who in ("anonymous", "citizen", "user", "steward"):
        assert portal.ask(who, "GET", f"{portal.own}/files/{newer}").status_code in (401, 403), who
    elsewhere = f"/api/sharing/resources/{stranger.id}/opening/files/{newer}"
    assert portal.ask("bureau", "GET", elsewhere).status_code == 404
    with pytest.raises(NotReleased):
        files.open_for_review(portal.city.bureau, stranger.id, newer)

    assert portal.release(newer).status_code == 201
    assert [portal.get(id).status_code for id in (reviewed, newer)] == [404, 200]
    service.withdraw(portal.city.bureau, portal.id, "a mistake")
    with pytest.raises(NotReleased):
        files.open_released(portal.city.anonymous, portal.path.rsplit("/", 1)[1], newer)
    assert portal.get(newer).status_code == 404

    portal.release(newer)
    versions.take_back(portal.city.steward, newer, "有误")
    assert portal.get(newer).status_code == 404 and portal.shown()["files"] == []
    (ended,) = [
        one
        for one in versions.listing(portal.city.steward, portal.id, None, 10)
        if one["id"] == newer
    ]
    assert (ended["state"], ended["opened"]) == ("withdrawn", False)
    assert portal.release(newer).status_code == 400, "it is gone"
    portal.release(other)
    catalogue.retire(portal.city.platform, portal.id, "不再提供")
    assert portal.get(other).status_code == 404


def test_a_column_that_is_open_no_more_takes_the_files_with_it(portal: Portal) -> None:
    """A file holds what was open when it was looked through."""
    held, version = portal.desk.resource, portal.desk.upload("a.csv", CONTENT)
    portal.release(version)
    closed = tuple(msgspec.structs.replace(one, opened=one.column != "level") for one in held.items)
    catalogue.revise(portal.city.platform, held.id)
    catalogue.change(
        portal.city.platform, held.id, msgspec.structs.replace(held.entry(), items=closed)
    )
    catalogue.submit(portal.city.platform, held.id)
    assert portal.get(version).status_code == 200, "not before it is in force"
    catalogue.publish(portal.city.platform, held.id)
    assert portal.get(version).status_code == 404 and portal.shown()["files"] == []
    refused = portal.release(version)
    assert refused.status_code == 409 and "level" in refused.json()["errors"][0]["text"]
    assert portal.release().status_code == 201, "without its files"


def test_what_a_release_of_files_refuses(portal: Portal) -> None:
    version, bureau = portal.desk.upload("a.csv", CONTENT), portal.city.bureau
    phone = msgspec.structs.replace(ITEMS[3], label="", grade="")
    mixed = portal.city.published(share_mode="file", items=(*ITEMS[:3], phone), name="含电话")
    why = [one["why"] for one in service.review(bureau, mixed.id, (), ())["findings"]]
    assert why == []
    for wrong in ([version + 1], [version], [1] * 101):
        with pytest.raises(BadChoice):
            service.release(bureau, mixed.id, "cc-by-4.0", "fine", (), wrong)
    own = portal.desk.begin("b.csv", 5, who="steward", resource=str(mixed.id))
    other = int(portal.desk.piece(own.headers["location"], 0, b"12345").headers["yiwang-version"])
    with pytest.raises(NotReleasable) as refused:
        service.release(bureau, mixed.id, "cc-by-4.0", "fine", (), [other])
    assert refused.value.findings == [{"column": "phone", "why": "in_the_files"}]
    asked = portal.ask("bureau", "GET", f"/api/sharing/resources/{mixed.id}/opening?files={other}")
    assert "phone" in asked.json()["findings"][0]["text"]
    assert portal.ask("bureau", "GET", f"{portal.own}?files=1,x").status_code == 400
    uploader = portal.city.caller("steward", "data_bureau", organisation=portal.city.water)
    with pytest.raises(OwnReview):
        service.release(uploader, portal.id, "cc-by-4.0", "fine", (), [version])
    assert portal.get(version).status_code == 404


def test_newer_versions_do_not_take_the_place_of_an_open_one(small: City, tmp_path: Path) -> None:
    portal = Portal(small, tmp_path, file_versions=2)
    first, *_ = (portal.desk.upload("a.csv", CONTENT[:size]) for size in (10, 20))
    portal.release(first)
    for size in (30, 40, 50):
        portal.desk.upload("a.csv", CONTENT[:size])
    assert portal.get(first).content == CONTENT[:10]
    service.withdraw(small.bureau, portal.id, "over")
    portal.desk.upload("a.csv", CONTENT[:60])
    with small.database.read() as connection:
        assert len(versions.store.numbers(connection, portal.id, "a.csv")) == 2
        assert store.public(connection, portal.id) is None


def test_an_answer_that_is_long_breaks_off_when_the_release_ends(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = portal.desk.upload("a.csv", CONTENT)
    portal.release(version)
    monkeypatch.setattr(giving, "PIECE", 1024)
    monkeypatch.setattr(giving, "LOOKS", 1)
    looked = files.look
    seen: list[int] = []

    def ends(caller: Any, name: str, id: int) -> None:
        seen.append(id)
        if len(seen) == 2:
            service.withdraw(portal.city.bureau, portal.id, "a mistake")
        looked(caller, name, id)

    monkeypatch.setattr(files, "look", ends)
    assert portal.get(version).content == CONTENT[:2048]


def test_machines_find_the_files(small: City, tmp_path: Path, address: str) -> None:
    small.ports[Shelf] = Shelf(Settings(home=tmp_path))
    portal = Portal(small, tmp_path)
    version = portal.desk.upload("水位 2026.geojson", CONTENT)
    portal.release(version)
    name = portal.path.rsplit("/", 1)[1]
    site = RemoteCKAN(address, user_agent="test")
    package = site.action.package_show(id=name)
    (file,) = package["resources"]
    assert package["num_resources"] == 1 and file["id"] == f"{name}.file-{version}"
    assert (file["name"], file["format"], file["size"]) == ("水位 2026.geojson", "GeoJSON", 5120)
    assert file["url"] == f"{address}{portal.path}/files/{version}"
    assert site.action.resource_show(id=file["id"])["hash"] == f"sha256:{SUM}"
    assert site.action.package_search(fq="res_format:GeoJSON")["count"] == 1
    for action in (site.action.datastore_search, site.action.datastore_info):
        with pytest.raises(NotFound):
            action(resource_id=file["id"])
    graph = Graph().parse(data=portal.ask("anonymous", "GET", "/dcat.ttl").text, format="turtle")
    assert validate(graph, shacl_graph=SHAPES, shacl_graph_format="turtle")[0]
    assert [int(str(one)) for one in graph.objects(predicate=DCAT.byteSize)] == [5120]
    assert not list(graph.objects(predicate=DCAT.servesDataset)), "it is in no datastore"
    assert [str(one) for one in graph.objects(predicate=DCAT.downloadURL)] == [
        f"http://testserver{portal.path}/files/{version}"
    ]
    told = portal.ask("anonymous", "GET", f"{portal.path}/schema.org").json()["distribution"]
    assert [(one["encodingFormat"], one["sha256"]) for one in told] == [
        ("application/geo+json", SUM)
    ]


def test_formats_by_the_end_of_a_name() -> None:
    assert formats.of("水位.CSV").name == "CSV" and formats.of("a.tar.JPG").authority == "JPEG"
    for unknown in ("csv", "a.", "a.exe", ""):
        assert formats.of(unknown) is formats.UNKNOWN, unknown
