"""A resource from draft to retirement, and who may do what with it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.sharing.conftest import ITEMS, Browser, City
from yiwang.security.errors import Denied, SignInNeeded
from yiwang.sharing.catalogue import classes, service, store, views
from yiwang.sharing.catalogue.errors import (
    BadClass,
    BadEntry,
    ChangedMeanwhile,
    ClassFixed,
    IncompleteEntry,
    NoSuchResource,
    NoSuchVersion,
    NotYourResource,
    OwnReview,
    ReasonMissing,
    WrongStep,
)
from yiwang.sharing.catalogue.http import routes

PATH = "/api/sharing/resources"


@pytest.fixture
def http(city: City) -> Browser:
    return Browser(city, routes())


def test_from_draft_to_retirement(city: City, http: Browser) -> None:
    body = msgspec.to_builtins(city.entry())
    made = http("steward", "POST", PATH, json=body)
    assert made.status_code == 201
    shown = made.json()
    one = f"{PATH}/{shown['id']}"
    assert (shown["code"], shown["state"], shown["steps"]) == (
        "209/000001",
        "draft",
        ["submit", "discard"],
    )
    assert http("user", "GET", one).status_code == 404, "drafts are their department's"
    assert http("steward", "POST", f"{one}/steps/submit", json={}).json()["state"] == "in_review"
    waiting = http("bureau", "GET", f"{PATH}/in-review").json()["items"]
    assert [(row["code"], row["changes"]) for row in waiting] == [("209/000001", [])]
    returned = http("bureau", "POST", f"{one}/steps/return", json={"text": "摘要太短"})
    assert returned.json()["state"] == "draft"
    changed = body | {"summary": "各站每分钟的水位", "revision": returned.json()["revision"]}
    assert http("steward", "PUT", one, json=changed).json()["summary"] == "各站每分钟的水位"
    http("steward", "POST", f"{one}/steps/submit", json={})
    published = http("bureau", "POST", f"{one}/steps/publish", json={}).json()
    assert (published["state"], published["version"], published["steps"]) == (
        "published",
        1,
        ["revise", "retire"],
    )
    assert http("user", "GET", one).json()["name"] == "下穿通道水位"
    assert http("user", "GET", f"{PATH}/by-code/209/000001").json()["id"] == shown["id"]

    http("steward", "POST", f"{one}/steps/revise", json={})
    draft = body | {"name": "通道水位", "items": body["items"][:3]}
    http("steward", "PUT", one, json=draft)
    seen = http("steward", "GET", one, lang="zh-CN").json()
    assert (seen["name"], seen["pending"], seen["draft"]["entry"]["name"]) == (
        "下穿通道水位",
        "draft",
        "通道水位",
    )
    told = [
        "信息资源名称：下穿通道水位 → 通道水位",
        "信息资源摘要：各站每分钟的水位 → 各下穿通道积水监测站的水位。",
    ]
    told.append("删除信息项 值班人员电话 (phone)")
    assert [each["text"] for each in seen["draft"]["changes"]] == told
    other = http("user", "GET", one).json()
    assert other["name"] == "下穿通道水位" and "draft" not in other
    assert len(http("user", "GET", f"{one}/versions").json()["items"]) == 1
    http("steward", "POST", f"{one}/steps/submit", json={})
    http("bureau", "POST", f"{one}/steps/publish", json={})
    assert http("user", "GET", one).json()["name"] == "通道水位"
    both = http("user", "GET", f"{one}/versions").json()["items"]
    assert [(row["version"], row["state"], len(row["changes"])) for row in both] == [
        (2, "published", 3),
        (1, "replaced", 0),
    ]
    first = http("user", "GET", f"{one}/versions/1").json()["entry"]
    assert first["name"] == "下穿通道水位" and len(first["items"]) == 4
    back = http("user", "GET", f"{one}/differences?before=2&after=1").json()["items"]
    assert {row["sort"] for row in back} == {"changed", "item_added"}

    gone = http("bureau", "POST", f"{one}/steps/retire", json={"text": "并入另一资源"})
    assert gone.json()["state"] == "retired" and gone.json()["steps"] == []
    history = http("steward", "GET", f"{one}/history").json()["items"]
    assert [row["step"] for row in reversed(history)] == [
        "add", "submit", "return", "submit", "publish", "revise", "submit", "publish", "retire",
    ]  # fmt: skip
    assert [(one["change"], one["version"]) for one in city.events("resource.changed")] == [
        ("published", 1),
        ("revised", 2),
        ("retired", 2),
    ]


def test_a_draft_that_is_not_seen_is_no_version(small_city: City) -> None:
    held = small_city.published()
    http = Browser(small_city, routes())
    step = f"{PATH}/{held.id}/steps"
    http("steward", "POST", f"{step}/revise", json={})
    given_up = http("steward", "POST", f"{step}/discard", json={})
    assert given_up.json()["pending"] == "", "what is in force stays"
    service.revise(small_city.steward, held.id)
    assert views.version(small_city.steward, held.id, 2, "en")["state"] == "draft"
    for number in (2, 3):
        with pytest.raises(NoSuchVersion):
            views.version(small_city.user, held.id, number, "en")
        with pytest.raises(NoSuchVersion):
            views.compared(small_city.user, held.id, 1, number, "en")


def test_what_the_public_sees(city: City, http: Browser) -> None:
    opened = city.published(dataset="water_level")
    city.published(name="内部", open_type="none", items=(ITEMS[3],))
    listed = http("citizen", "GET", PATH).json()["items"]
    assert [one["id"] for one in listed] == [opened.id]
    seen = http("anonymous", "GET", f"{PATH}/{opened.id}").json()
    assert [item["column"] for item in seen["items"]] == ["station", "name", "level"]
    assert not {"dataset", "source", "table", "steps", "draft"} & set(seen)
    assert http("anonymous", "GET", f"{PATH}/{opened.id + 1}").status_code == 404
    assert http("anonymous", "GET", f"{PATH}/{opened.id}/versions").status_code == 401
    both = http("auditor", "GET", f"{PATH}?limit=1")
    more = http("auditor", "GET", f"{PATH}?limit=1&after={both.json()['next']}").json()
    assert [one["name"] for one in more["items"]] == ["内部"]
    assert http("auditor", "GET", f"{PATH}?colour=red").status_code == 400


def test_faults_are_named_and_nothing_is_kept(city: City, http: Browser) -> None:
    body: dict[str, Any] = {"name": "", "organisation": city.water, "class_code": "777"}
    bad = http("steward", "POST", PATH, json=body)
    assert bad.status_code == 400
    assert [(one["column"], one["why"]) for one in bad.json()["errors"]] == [
        ("name", "missing"),
        ("class_code", "unknown_class"),
    ]
    assert http("steward", "GET", PATH).json()["items"] == []
    made = http("steward", "POST", PATH, json={"name": "水", "organisation": city.water})
    one = f"{PATH}/{made.json()['id']}"
    assert made.json()["code"] == ""
    lacking = http("steward", "POST", f"{one}/steps/submit", json={})
    assert lacking.status_code == 400 and len(lacking.json()["errors"]) == 5
    assert http("steward", "GET", one).json()["state"] == "draft"
    assert http("steward", "POST", f"{one}/steps/dance", json={}).status_code == 400
    assert http("steward", "POST", f"{one}/steps/discard", json={}).status_code == 204
    assert http("steward", "GET", one).status_code == 404
    assert http("steward", "POST", PATH, json={"name": "x", "colour": 1}).status_code == 400


def test_departments_write_for_themselves(small_city: City) -> None:
    city = small_city
    id = service.add(city.steward, city.entry())
    with pytest.raises(NotYourResource):
        service.add(city.user, city.entry())
    with pytest.raises(NotYourResource):
        service.change(city.user, id, city.entry())
    with pytest.raises(NotYourResource):
        service.change(city.steward, id, city.entry(organisation=city.parks))
    for step in (service.submit, service.discard):
        with pytest.raises(NotYourResource):
            step(city.user, id)
    service.submit(city.steward, id)
    with pytest.raises(NotYourResource):
        service.withdraw(city.user, id)
    service.withdraw(city.steward, id)
    service.submit(city.steward, id)
    for refused in (service.publish, service.give_back, service.retire):
        with pytest.raises(Denied):
            refused(city.steward, id, "x")
    for nobody in (city.citizen, city.auditor):
        with pytest.raises(Denied):
            service.add(nobody, city.entry())
    with pytest.raises(SignInNeeded):
        views.versions(city.anonymous, id, "en")
    with pytest.raises(NoSuchResource):
        views.show(city.user, id, "en")
    assert views.show(city.bureau, id, "en")["steps"] == ["withdraw", "return", "publish"]
    with pytest.raises(Denied):
        views.in_review(city.user, "en")
    service.publish(city.bureau, id)
    with pytest.raises(NotYourResource):
        service.revise(city.user, id)
    assert views.show(city.user, id, "en")["steps"] == []
    assert [one["step"] for one in views.history(city.user, id)] == ["publish"]


def test_four_eyes_and_order_of_steps(small_city: City) -> None:
    city = small_city
    id = service.add(city.bureau, city.entry())
    with pytest.raises(WrongStep):
        service.publish(city.bureau, id)
    service.submit(city.bureau, id)
    with pytest.raises(WrongStep):
        service.change(city.bureau, id, city.entry())
    with pytest.raises(OwnReview):
        service.publish(city.bureau, id)
    with pytest.raises(ReasonMissing):
        service.give_back(city.second, id, " ")
    service.publish(city.second, id)
    with pytest.raises(ReasonMissing):
        service.retire(city.second, id, "")
    service.revise(city.bureau, id)
    with pytest.raises(WrongStep):
        service.retire(city.second, id, "no longer kept")
    with pytest.raises(ClassFixed):
        service.change(city.bureau, id, city.entry(class_code="101"))
    with pytest.raises(IncompleteEntry):
        service.change(city.bureau, id, city.entry(share_type="none", open_type="none", items=()))
        service.submit(city.bureau, id)
    with pytest.raises(BadEntry):
        service.change(city.bureau, id, city.entry(share_mode="pigeon"))
    service.discard(city.bureau, id)
    assert city.resource(id).pending == "" and city.resource(id).version == 1
    revision = city.resource(id).revision
    service.revise(city.bureau, id, revision=revision)
    with pytest.raises(ChangedMeanwhile):
        service.change(city.second, id, city.entry(), revision)


def test_codes_are_never_given_twice(small_city: City) -> None:
    city = small_city
    first = service.add(city.steward, city.entry())
    service.discard(city.steward, first)
    second = service.add(city.steward, city.entry())
    assert city.resource(second).code == "209/000002"
    service.change(city.steward, second, city.entry(class_code="101"))
    assert city.resource("101/000001").id == second
    assert city.resource(second).keys == ("station",)


def test_classes_of_the_city(
    small_city: City,
) -> None:
    city = small_city
    classes.put(city.bureau, "301", "区级部门")
    classes.put(city.bureau, "301001", "水务局", "Water Office", city.water)
    assert "301001" in {one.code for one in classes.listing(city.anonymous)}
    made = service.add(city.steward, city.entry(class_code="301001"))
    assert views.show(city.steward, made, "zh-CN")["class_path"] == [
        "部门信息资源", "区级部门", "水务局",
    ]  # fmt: skip
    refused = [("302001", "没有上级"), ("30", "短"), ("303", ""), ("301001" + "1" * 59, "太长")]
    for code, name in refused:
        with pytest.raises(BadClass):
            classes.put(city.bureau, code, name)
    for code in ("301001", "301", "101"):
        with pytest.raises(BadClass):
            classes.remove(city.bureau, code)
    with pytest.raises(Denied):
        classes.put(city.steward, "302", "自封")
    service.discard(city.steward, made)
    classes.remove(city.bureau, "301001")
    assert views.listing(city.steward, {}, 0, 10, "en") == []


def test_resources_that_lie_in_a_source_are_named_until_they_are_retired(small_city: City) -> None:
    held = small_city.published(source="files", table="a.csv", dataset=None)
    small_city.published(name="elsewhere")
    with small_city.database.read() as connection:
        assert store.lying_in(connection, "files") == [(held.id, held.name)]
    service.retire(small_city.bureau, held.id, "moved")
    with small_city.database.read() as connection:
        assert store.lying_in(connection, "files") == []
