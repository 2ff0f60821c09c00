"""Systems, duties, demands and the negative list, over HTTP and by who may."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from tests.sharing.conftest import Browser, City
from yiwang.contracts.events import ResourceChanged
from yiwang.security.actions import Context
from yiwang.security.errors import Denied
from yiwang.sharing.catalogue import scoring
from yiwang.sharing.catalogue.errors import NotYourResource
from yiwang.sharing.gateway import store as gateway
from yiwang.sharing.grants import store as grants
from yiwang.sharing.grants.model import Terms
from yiwang.sharing.grants.tables import share_grants, share_requests
from yiwang.sharing.ledger import lists, systems
from yiwang.sharing.ledger.errors import BadLine, BadSystem, NoSuchDemand, NoSuchDuty, NoSuchSystem
from yiwang.sharing.ledger.http import routes
from yiwang.sharing.ledger.model import System
from yiwang.sharing.ledger.systems import Day
from yiwang.store.outbox import Delivery


def test_the_ledger_tells_zombies_by_real_use(city: City) -> None:
    http = Browser(city, routes())
    path = "/api/sharing/systems"
    body = {"name": "积水上报系统", "organisation": city.water, "functions": ["上报"], "users": 9}
    made = http("steward", "POST", path, json=body)
    assert made.status_code == 201
    one = f"{path}/{made.json()['id']}"
    listed = http("auditor", "GET", path).json()["items"]
    assert [(row["name"], row["organisation_name"], row["signs"]) for row in listed] == [
        ("积水上报系统", "Water Office", [])
    ]
    days: list[dict[str, Any]] = [
        {"day": "2026-06-01", "calls": 2, "people": 1, "organisations": 1},
        {"day": "2025-01-01", "calls": 9999, "people": 99, "business": 9},
    ]
    assert http("steward", "POST", f"{one}/uses", json=days).status_code == 204
    assert http("steward", "POST", f"{one}/uses", json=days[:1]).status_code == 204
    row = http("auditor", "GET", path, lang="zh-CN").json()["items"][0]
    assert row["use"]["calls"] == 2, "a day told twice counts once, old days not at all"
    assert [each["text"] for each in row["signs"]] == [
        "与实际业务流程脱节：180 天内没有办理业务",
        "使用范围小、频度低：180 天内调用 2 次，单日最多 1 人",
    ]
    assert row["zombie"] and not row["mine"]
    assert http("steward", "GET", path).json()["items"][0]["mine"]
    page = http("auditor", "GET", f"{path}?limit=1").json()
    assert page["limits"]["days"] == 180
    assert http("auditor", "GET", f"{path}?after={page['next']}").json()["items"] == []
    with pytest.raises(Denied):
        systems.system_limits(city.citizen)
    changed = body | {"state": "retired", "revision": row["revision"]}
    assert http("steward", "PUT", one, json=changed).status_code == 204
    assert http("steward", "PUT", one, json=changed).status_code == 409
    assert not http("bureau", "GET", f"{path}?organisation={city.water}").json()["items"][0][
        "zombie"
    ]
    assert http("user", "PUT", one, json=body).status_code == 403
    assert http("user", "DELETE", one).status_code == 403
    assert http("steward", "POST", path, json=body | {"scope": "moon"}).status_code == 400
    assert (
        http("steward", "POST", f"{one}/uses", json=[{"day": "heute", "calls": 1}]).status_code
        == 400
    )
    assert http("steward", "DELETE", one).status_code == 204
    assert http("steward", "DELETE", one).status_code == 404


def test_data_that_a_system_renews_shows_that_it_runs(small_city: City) -> None:
    city = small_city
    held = city.published()
    system = System(name="水情系统", organisation=city.water, resources=(held.code,))
    id = systems.add(city.steward, system)
    systems.count(city.steward, id, [Day("2025-07-02", 1)])
    row = systems.listing(city.auditor, None, "en")[0]
    assert [one["sign"] for one in row["signs"]] == ["detached", "idle", "little_used"]
    with city.database.write() as connection:
        context = Context(city.platform, connection)
        changed = ResourceChanged(held.id, held.code, "published", 1)
        scoring.follow(context, [Delivery(1, changed.topic, vars(changed), 0)])
        scoring.brought(context, held.id, city.clock.now())
    row = systems.listing(city.auditor, None, "en")[0]
    assert [one["sign"] for one in row["signs"]] == ["detached", "little_used"]
    with pytest.raises(BadSystem):
        systems.change(city.steward, id, System(name="x", organisation=city.water, users=-1))
    with pytest.raises(NoSuchSystem):
        systems.remove(city.steward, 99)


def test_calls_by_others_under_a_grant_are_use_of_the_system(city: City) -> None:
    """A system that nobody signs in to lives by what other departments ask it."""
    held = city.published()
    id = systems.add(
        city.steward, System(name="水情系统", organisation=city.water, resources=(held.code,))
    )
    systems.count(city.steward, id, [Day("2025-07-02", 1)])

    def signs() -> list[str]:
        (row,) = systems.listing(city.auditor, None, "en")
        return [one["sign"] for one in row["signs"]]

    assert signs() == ["detached", "idle", "little_used"]
    with city.database.write() as connection:
        for user, day, calls in (
            (city.parks, "2026-06-20", 40),
            (city.water, "2026-06-21", 500),
            (city.health, "2025-01-01", 900),
        ):
            grant = _granted(connection, held.id, city.water, user)
            gateway.add(connection, {(grant, day): gateway.Counts(calls)})
    assert signs() == []
    (row,) = systems.listing(city.auditor, None, "en")
    use = row["use"]
    assert (use["calls"], use["business"], use["served"]) == (40, 40, 1), "own and old ones are not"
    assert use["last_at"] == "2026-06-20T00:00:00Z"


def _granted(connection: Connection, resource: int, provider: int, user: int) -> int:
    both = {"resource": resource, "provider": provider, "organisation": user, "purpose": "x"}
    asked = both | {"terms": Terms(fields=("level",)), "state": "granted", "asked_at": 0}
    asked |= {"asked_by": "", "answer_by": 0, "answered_by": "", "answer": ""}
    request = grants.add(connection, share_requests, asked)
    given = both | {"request": request, "terms": Terms(fields=("level",)), "basis": ""}
    given |= {"granted_at": 0, "granted_by": "", "expires_at": 0, "ended_by": "", "end_reason": ""}
    return grants.add(connection, share_grants, given)


def test_duties_tell_what_breaks_one_source(city: City) -> None:
    http = Browser(city, routes())
    held = city.published()
    for who, unit in (("steward", city.water), ("user", city.parks)):
        duty = {"organisation": unit, "element": "水位", "basis": "三定方案", "resource": held.code}
        assert http(who, "POST", "/api/sharing/duties", json=duty).status_code == 201
    told = http("auditor", "GET", "/api/sharing/duties").json()
    sorts = [[one["sort"] for one in line["conflicts"]] for line in told["items"]]
    assert sorts == [["two_sources"], ["two_sources", "other_provider"]]
    first = http("auditor", "GET", "/api/sharing/duties?limit=1").json()
    assert first["items"] == told["items"][:1], "conflicts with lines of other pages, too"
    rest = http("auditor", "GET", f"/api/sharing/duties?limit=1&after={first['next']}").json()
    assert rest["items"] == told["items"][1:]
    second = told["items"][1]["id"]
    with pytest.raises(NotYourResource):
        lists.remove_duty(city.steward, second)
    assert http("user", "DELETE", f"/api/sharing/duties/{second}").status_code == 204
    (left,) = lists.duties(city.auditor, 0, 9, "en")
    assert left["conflicts"] == []
    with pytest.raises(NoSuchDuty):
        lists.remove_duty(city.bureau, second)
    with pytest.raises(BadLine):
        lists.add_duty(city.steward, city.water, "水位", " ")
    with pytest.raises(BadLine):
        lists.add_duty(city.steward, city.water, "水位", "三定方案", "2" * 81)
    with pytest.raises(NotYourResource):
        lists.add_duty(city.steward, city.parks, "水位", "三定方案")


def test_demands_are_answered_and_what_is_not_shared_is_listed(city: City) -> None:
    http = Browser(city, routes())
    held = city.published()
    city.published(name="统计", share_type="none", share_basis="统计法第九条", open_type="none",
                   items=(city.entry().items[3],))  # fmt: skip
    want = {
        "organisation": city.parks,
        "element": "积水点",
        "purpose": "引导车辆",
        "provider": city.water,
    }
    id = http("user", "POST", "/api/sharing/demands", json=want).json()["id"]
    other = lists.add_demand(city.user, "潮位", "防汛", city.parks)
    with pytest.raises(NotYourResource):
        lists.answer_demand(city.user, id, "自答", held.id)
    with pytest.raises(NotYourResource):
        lists.answer_demand(city.steward, other, "不是我")
    with pytest.raises(BadLine):
        lists.answer_demand(city.steward, id, " ")
    answer = {"text": "见水位资源", "resource": held.id}
    assert (
        http("steward", "POST", f"/api/sharing/demands/{id}/answer", json=answer).status_code == 204
    )
    lists.answer_demand(city.bureau, other, "无单位掌握")
    states = http("auditor", "GET", "/api/sharing/demands").json()["items"]
    assert [(one["state"], one["resource"]) for one in states] == [
        ("met", held.id),
        ("refused", None),
    ]
    assert lists.demands(city.auditor, "open", 0, 9, "en") == []
    with pytest.raises(NoSuchDemand):
        lists.answer_demand(city.bureau, id, "zu spät")
    with pytest.raises(NotYourResource):
        lists.add_demand(city.user, "x", "y", city.water)
    with pytest.raises(Denied):
        lists.add_demand(city.auditor, "x", "y", city.parks)
    negative = http("user", "GET", "/api/sharing/negative-list").json()["items"]
    assert [(one["name"], one["basis"]) for one in negative] == [("统计", "统计法第九条")]
    assert lists.negative(city.auditor, 0, 9, "en")


def test_lists_say_what_the_caller_may_do(city: City) -> None:
    http, held = Browser(city, routes()), city.published()
    for who, unit in (("steward", city.water), ("user", city.parks)):
        duty = {"organisation": unit, "element": "水位 A", "basis": "三定方案"}
        http(who, "POST", "/api/sharing/duties", json=duty | {"resource": held.code})
    first, second = http("steward", "GET", "/api/sharing/duties?q=位a").json()["items"]
    assert (first["resource_id"], first["resource_name"]) == (held.id, held.name)
    assert (first["mine"], second["mine"]) == (True, False)
    assert http("auditor", "GET", "/api/sharing/duties?q=%25").json()["items"] == []
    asked = lists.add_demand(city.user, "积水点", "引导车辆", city.parks, city.water)
    lists.add_demand(city.user, "潮位", "防汛", city.parks)
    base = "/api/sharing/demands"

    def may(who: str) -> list[bool]:
        return [one["mine"] for one in http(who, "GET", base).json()["items"]]

    found = {who: may(who) for who in ("steward", "user", "bureau", "auditor")}
    nobody = [False, False]
    assert found == {
        "steward": [True, False],
        "user": nobody,
        "bureau": [True, True],
        "auditor": nobody,
    }
    lists.answer_demand(city.steward, asked, "", held.id)
    assert http("user", "GET", base).json()["items"][0]["resource_name"] == held.name
    assert may("steward") == nobody
