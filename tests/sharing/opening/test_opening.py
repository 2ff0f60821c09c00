"""Release and withdraw, the portal, and what machines read of it."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from ckanapi import NotFound, RemoteCKAN, ValidationError
from openpyxl import load_workbook
from pyshacl import validate
from rdflib import Graph
from starlette.applications import Starlette

from tests.sharing.conftest import ITEMS, Browser, City, _As
from yiwang.console import http as console
from yiwang.console import static
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.opening import ckan_actions, counting, harvest, http, portal, service
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.opening.errors import (
    AnsweredBefore,
    BadChoice,
    NotReleasable,
    NotReleased,
    OwnReview,
)
from yiwang.web.errors import HANDLERS

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix : <urn:shapes:> .
:catalogue a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ] , [ sh:path dct:description ; sh:minCount 1 ] ,
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ] .
:dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ] , [ sh:path dct:description ; sh:minCount 1 ] ,
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dct:accrualPeriodicity ; sh:maxCount 1 ; sh:class dct:Frequency ] ,
    [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ] .
:distribution a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path dct:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:class dct:LicenseDocument ] ,
    [ sh:path dct:format ; sh:maxCount 1 ; sh:class dct:MediaTypeOrExtent ] .
:service a sh:NodeShape ; sh:targetClass dcat:DataService ;
  sh:property [ sh:path dcat:endpointURL ; sh:minCount 1 ] , [ sh:path dct:title ; sh:minCount 1 ] .
:agent a sh:NodeShape ; sh:targetClass foaf:Agent ;
  sh:property [ sh:path foaf:name ; sh:minCount 1 ] .
"""
"""What DCAT-AP 3.0 makes mandatory, with its ranges and cardinalities, in words of our own."""


def _opened(city: City, **changed: Any) -> Resource:
    held = city.published(dataset="water_levels", **changed)
    service.release(city.bureau, held.id, "cc-by-4.0", "无涉密和个人信息")
    return held


def test_a_release_is_reviewed_recorded_and_withdrawn(sharing: City) -> None:
    held = sharing.published(dataset="water_levels")
    name = held.code.replace("/", "-")
    for who in (sharing.anonymous, sharing.citizen):
        with pytest.raises(NotReleased):
            portal.show(who, name, "en")
    with pytest.raises(BadChoice):
        service.release(sharing.bureau, held.id, "no licence", "why")
    service.release(sharing.bureau, held.id, "cc-by-4.0", "无涉密和个人信息")
    shown = portal.show(sharing.anonymous, name, "zh-CN")
    assert [one["column"] for one in shown["fields"]] == ["station", "name", "level"]
    assert shown["organisation_name"] == "水务局" and shown["licence"] == "cc-by-4.0"
    found = portal.preview(sharing.anonymous, name, (), (), (), 2, 1)
    assert found["total"] == 3 and found["items"][0] == {
        "station": "S2",
        "name": "西门桥下",
        "level": 31.5,
    }
    with pytest.raises(BadChoice):
        portal.preview(sharing.anonymous, name, ("phone",), (), (), 2, 0)
    (row,) = service.releases(sharing.auditor, held.id)
    assert row["released_by"] == "user:bureau" and row["checks"]["findings"] == []
    assert row["released_at"].endswith("Z") and row["withdrawn_at"] is None
    service.withdraw(sharing.bureau, held.id, "a mistake")
    with pytest.raises(NotReleased):
        portal.show(sharing.anonymous, name, "en")
    with pytest.raises(NotReleased):
        service.withdraw(sharing.bureau, held.id, "again")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"label": "mobile"}, "personal"),
        ({"grade": "important"}, "grade"),
    ],
)
def test_what_is_personal_or_graded_too_high_is_not_released(
    small: City, changed: dict[str, str], why: str
) -> None:
    opened = msgspec.structs.replace(
        ITEMS[3], **({"opened": True, "grade": "", "label": ""} | changed)
    )
    held = small.published(items=(*ITEMS[:3], opened), dataset="water_levels")
    with pytest.raises(NotReleasable) as refused:
        service.release(small.bureau, held.id, "cc-by-4.0", "fine")
    assert why in [one["why"] for one in refused.value.findings]
    assert portal.listing(small.anonymous, "", "en") == []
    ask = Browser(small, http.routes())
    path = f"/api/sharing/resources/{held.id}/opening"
    told = ask("bureau", "POST", path, json={"licence": "cc-by-4.0", "text": "fine"})
    assert told.status_code == 409 and "phone" in told.json()["errors"][0]["text"], told.text
    assert ask("bureau", "GET", path).json()["findings"]


def test_people_who_stand_out_are_not_released(small: City) -> None:
    held = small.published(dataset="water_levels")
    assert service.review(small.bureau, held.id, ["name"])["k"] == 1
    with pytest.raises(NotReleasable):
        service.release(small.bureau, held.id, "cc-by-4.0", "fine", ["name"])
    with pytest.raises(BadChoice):
        service.review(small.bureau, held.id, ["phone"])


def test_only_what_was_reviewed_is_open(small: City) -> None:
    held = _opened(small)
    items = tuple(msgspec.structs.replace(one, opened=True, label="", grade="") for one in ITEMS)
    catalogue.revise(small.platform, held.id)
    entry = msgspec.structs.replace(held.entry(), items=items)
    catalogue.change(small.platform, held.id, entry)
    catalogue.submit(small.bureau, held.id)
    catalogue.publish(small.platform, held.id)
    name = held.code.replace("/", "-")
    fields = portal.show(small.anonymous, name, "en")["fields"]
    assert "phone" not in [one["column"] for one in fields], "a new column waits for its review"
    with pytest.raises(OwnReview):
        service.release(small.bureau, held.id, "cc-by-4.0", "fine")


def test_files_ratings_wishes_and_counts(small: City) -> None:
    held = _opened(small)
    ask = Browser(small, http.routes())
    path = f"/api/open/{held.code.replace('/', '-')}"
    text = ask("anonymous", "GET", f"{path}/download.csv").content.decode("utf-8-sig")
    assert text.splitlines() == [
        "station,name,level",
        "S1,东门桥下,12",
        "S2,西门桥下,31.5",
        "S3,北门桥下,",
    ]
    rows = json.loads(ask("anonymous", "GET", f"{path}/download.json").content)
    assert rows[1] == {"station": "S2", "name": "西门桥下", "level": 31.5}
    book = load_workbook(io.BytesIO(ask("anonymous", "GET", f"{path}/download.xlsx").content))
    assert [cell.value for cell in book["data"][3]] == ["S2", "西门桥下", 31.5]
    assert ask("anonymous", "GET", f"{path}/download.exe").status_code == 400
    assert ask("citizen", "PUT", f"{path}/rating", json={"stars": 4}).status_code == 204
    assert ask("citizen", "PUT", f"{path}/rating", json={"stars": 5}).status_code == 204
    assert ask("anonymous", "PUT", f"{path}/rating", json={"stars": 5}).status_code == 400
    wished = {"title": "公厕位置", "text": "想知道哪里有公厕"}
    id = ask("citizen", "POST", "/api/open-wishes", json=wished).json()["id"]
    said = {"met": True, "text": "已开放", "resource": held.id}
    answered = f"/api/open-wishes/{id}/answer"
    assert ask("citizen", "POST", answered, json=said).status_code == 403
    assert ask("bureau", "POST", answered, json=said).status_code == 204
    with pytest.raises(AnsweredBefore):
        service.answer(small.bureau, id, False, "no")
    listed = ask("anonymous", "GET", "/api/open-wishes").json()["items"]
    assert listed[0]["answer"] == "已开放" and "who" not in listed[0]
    assert counting.flush(small.platform, small.ports[Counting]) == 3
    assert counting.flush(small.platform, small.ports[Counting]) == 0
    shown = ask("anonymous", "GET", path).json()
    assert shown["stars"] == 5 and shown["uses"] == {"views": 0, "downloads": 3, "calls": 0}
    found = ask("anonymous", "GET", f"{path}/rows", params={"where.level.gt": "20", "skip": "0"})
    assert [one["station"] for one in found.json()["items"]] == ["S2"]
    assert ask("anonymous", "GET", "/api/open", params={"q": "水位 防汛"}).json()["items"]
    assert not ask("anonymous", "GET", "/api/open", params={"q": "nothing"}).json()["items"]


@pytest.fixture
def address(small: City) -> Iterator[str]:
    """The portal on a real port of the loopback, for a real client."""
    inside = _As(Starlette(routes=http.routes(), exception_handlers=HANDLERS))
    inside.caller = small.anonymous
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(inside, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    taken.close()


def test_the_published_client_of_ckan_works(small: City, address: str) -> None:
    held = _opened(small)
    name = held.code.replace("/", "-")
    site = RemoteCKAN(address, user_agent="test")
    assert site.action.site_read() is True
    assert site.action.status_show()["extensions"] == ["datastore"]
    assert site.action.package_list() == [name]
    package = site.action.package_show(id=name)
    assert package["title"] == held.name and package["organization"]["title"] == "水务局"
    assert {one["format"] for one in package["resources"]} == {"CSV", "JSON", "XLSX"}
    for query, count in (({"q": "水位"}, 1), ({"q": "nothing"}, 0), ({"fq": "tags:防汛"}, 1)):
        assert site.action.package_search(**query)["count"] == count, query
    facets = site.action.package_search(**{"facet.field": ["tags"], "rows": 0})
    assert facets["results"] == [] and facets["facets"]["tags"] == {"防汛": 1, "积水": 1}
    assert site.action.organization_list() == ["water"]
    shown = site.action.organization_show(id="water", include_datasets=True)
    assert [one["name"] for one in shown["packages"]] == [name]
    assert site.action.tag_list() == ["积水", "防汛"] and site.action.group_list() == []
    assert site.action.tag_show(id="防汛")["packages"] and site.action.license_list()
    assert site.action.package_autocomplete(q="下穿")[0]["name"] == name
    assert len(site.action.current_package_list_with_resources()) == 1
    id = f"{name}.csv"
    assert site.action.resource_show(id=id)["datastore_active"]
    assert site.action.datastore_info(id=id)["meta"]["count"] == 3
    found = site.action.datastore_search(resource_id=id, sort="level desc", limit=1)
    assert found["total"] == 3 and found["records"][0]["station"] in ("S2", "S3")
    found = site.action.datastore_search(
        resource_id=id, filters={"station": ["S1", "S2"]}, offset=1
    )
    assert [(one["_id"], one["station"]) for one in found["records"]] == [(2, "S2")]
    found = site.action.datastore_search(resource_id=id, q="东门", fields=["name"])
    assert found["records"] == [{"_id": 1, "name": "东门桥下"}] and found["total"] == 1
    for wrong in ({"filters": {"phone": "1"}}, {"sort": "phone"}, {"fields": ["phone"]}):
        with pytest.raises(ValidationError):
            site.action.datastore_search(resource_id=id, **wrong)
    for missing in (site.action.package_show, site.action.organization_show):
        with pytest.raises(NotFound):
            missing(id="nothing")
    with pytest.raises(ValidationError):
        site.action.package_show()
    got = RemoteCKAN(address, get_only=True).action.package_show(id=name)
    assert got["id"] == package["id"], "GET and POST say the same"
    assert len(ckan_actions.ACTIONS) == 17


def test_search_engines_read_what_a_page_is_in_its_head(
    small: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "<html><head><title>x</title></head><body></body></html>"
    (tmp_path / "index.html").write_text(page)
    monkeypatch.setattr(static, "FOLDER", tmp_path)
    held = _opened(small, name="</script><b>水位&雨量", summary='积水 "监测"')
    name = held.code.replace("/", "-")
    ask = Browser(small, console.routes())
    answer = ask("anonymous", "GET", f"/open/{name}")
    assert "default-src" in answer.headers["content-security-policy"]
    found = re.findall(r"<script type=.application/ld.json.>(.*?)</script>", answer.text)
    told = [json.loads(one) for one in found]
    assert [(one["@type"], one["name"]) for one in told] == [("Dataset", held.name)]
    assert "<b>" not in answer.text and "&quot;监测&quot;" in answer.text
    assert re.findall("<title>(.*?)</title>", answer.text) == [
        "&lt;/script&gt;&lt;b&gt;水位&amp;雨量"
    ]
    assert "DataCatalog" in ask("anonymous", "GET", "/open", lang="zh-CN").text
    gone = ask("anonymous", "GET", "/open/nothing")
    assert (gone.status_code, gone.text) == (404, page)


def test_dcat_sitemap_robots_and_schema_org(small: City) -> None:
    held = _opened(small)
    ask = Browser(small, http.routes())
    name = held.code.replace("/", "-")
    turtle = ask("anonymous", "GET", "/dcat.ttl")
    assert turtle.headers["content-type"].startswith("text/turtle")
    graph = Graph().parse(data=turtle.text, format="turtle")
    conforms, _, report = validate(graph, shacl_graph=SHAPES, shacl_graph_format="turtle")
    assert conforms, report
    empty = Graph().parse(data="<urn:x> a <http://www.w3.org/ns/dcat#Dataset> .", format="turtle")
    assert not validate(empty, shacl_graph=SHAPES, shacl_graph_format="turtle")[0]
    linked = Graph().parse(data=ask("anonymous", "GET", "/dcat.jsonld").text, format="json-ld")
    assert len(linked) == len(graph)
    assert "水位" in ask("anonymous", "GET", f"/dcat/{name}.ttl").text
    assert ask("anonymous", "GET", "/dcat/nothing.ttl").status_code == 404
    assert ask("anonymous", "GET", "/dcat.exe").status_code == 400
    told = ask("anonymous", "GET", f"/api/open/{name}/schema.org").json()
    assert told["@type"] == "Dataset" and len(told["distribution"]) == 3
    assert f"/open/{name}</loc>" in ask("anonymous", "GET", "/sitemap.xml").text
    assert "Sitemap: " in ask("anonymous", "GET", "/robots.txt").text
    assert harvest.catalogue(small.anonymous, "http://x", "ttl").startswith("@prefix")
    assert harvest.schema_org(small.anonymous, "http://x", name)["identifier"] == held.code
    assert harvest.sitemap(small.anonymous, "http://x").startswith("<?xml")
