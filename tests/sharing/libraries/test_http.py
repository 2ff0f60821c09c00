"""Libraries over HTTP, and who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.sharing.conftest import Browser
from tests.sharing.libraries.conftest import (
    COLUMNS,
    HEALTH,
    POLICE,
    WANG,
    Site,
    fed,
    first_pair,
)
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.security import audit
from yiwang.security.errors import Denied
from yiwang.security.evidence.log import Log
from yiwang.sharing.catalogue.model import Item
from yiwang.sharing.gateway import http as gateway
from yiwang.sharing.gateway.usage import Usage
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants.model import Terms
from yiwang.sharing.libraries import hands, http, service, views


@pytest.fixture
def http_of(site: Site) -> Iterator[Browser]:
    yield Browser(site.city, http.routes())


def test_a_library_over_http(site: Site, http_of: Browser) -> None:
    """From its declaration to the answers of the two work lists."""
    base = "/api/sharing/libraries"
    shown = http_of("bureau", "GET", base + "/templates").json()["items"]
    text = next(one["text"] for one in shown if one["name"] == "person")
    assert http_of("bureau", "PUT", base + "/people", json={"text": text}).status_code == 200
    for name, rows, rank in (("police", POLICE, 10), ("health", HEALTH, 20)):
        body = {"resource": site.table(name, rows).code, "columns": COLUMNS, "rank": rank}
        assert http_of("bureau", "PUT", f"{base}/people/feeds/{name}", json=body).status_code == 200
    site.work()
    assert site.groups() == {
        frozenset({"police/1", "health/a"}),
        frozenset({"police/2"}),
        frozenset({"health/b"}),
        frozenset({"health/c"}),
    }
    shown = http_of("steward", "GET", base + "/people").json()
    assert shown["tally"] == {
        "entities": 4, "joined": 1, "proposals": 2, "blocked": 0, "conflicts": 1
    }  # fmt: skip
    address = next(one for one in shown["fields"] if one["name"] == "address")
    assert address["sources"] == [{"feed": "police", "rank": 10}, {"feed": "health", "rank": 20}]

    found = http_of("bureau", "POST", base + "/people/search", json={"value": "王伟"}).json()
    assert [one["records"] for one in found["items"]] == [2]
    told = {one["field"]: one["value"] for one in found["items"][0]["values"]}
    assert told["name"] == "王*" and WANG not in str(told)
    entity = found["items"][0]["entity"]
    one = http_of("bureau", "GET", f"{base}/people/entities/{entity}").json()
    fields = {each["field"]: each for each in one["fields"]}
    assert fields["address"]["value"] == "解放路12号3栋301室"
    assert [(each["feed"], each["rank"]) for each in fields["address"]["claims"]] == [
        ("police", 10),
        ("health", 20),
    ]
    assert (fields["address"]["why"], fields["address"]["gap"]) == ("rank", 10)
    assert fields["born"]["value"] == "1990-03-07"

    for path, sent, status in (
        ("/people/proposals?after=WzFd", None, 400),
        ("/people/conflicts?state=x", None, 400),
        (f"/people/entities/{entity}?at=now", None, 400),
        ("/nobody", None, 404),
        ("/people/entities/999", None, 404),
        (f"/people/entities/{10**25}", None, 404),
        (f"/people/proposals/1/{10**25}", None, 404),
        (f"/people/entities/{entity}/merge", {"other": 10**25, "reason": "x y"}, 400),
        (f"/people/entities/{entity}/split", {"records": [10**25], "reason": "x y"}, 400),
        ("/people/search", {"value": ""}, 400),
        (f"/people/entities/{entity}/merge", {"other": entity, "reason": "x y"}, 400),
    ):
        method = "GET" if sent is None else "POST"
        got = http_of("bureau", method, base + path, json=sent)
        assert (path, got.status_code) == (path, status)


def test_the_work_lists_over_http(site: Site, http_of: Browser) -> None:
    base = "/api/sharing/libraries"
    fed(site)
    items = http_of("bureau", "GET", base + "/people/proposals?limit=1").json()
    pair = items["items"][0]
    assert items["next"] and {"李*"} == {
        each["value"] for each in pair["values"] if each["field"] == "name"
    }
    place = f"{base}/people/proposals/{pair['one']}/{pair['other']}"
    beside = http_of("bureau", "GET", place).json()
    assert [each["values"]["name"] for each in beside["records"]] == ["李芳", "李方"]
    assert sum(each["points"] for each in beside["reasons"]) == beside["points"] == pair["points"]
    answer = http_of("bureau", "POST", place, json={"same": True, "reason": "同一住址"})
    assert answer.json() == {"entities": [pair["one"]]}

    items = http_of("bureau", "GET", base + "/people/conflicts").json()["items"]
    assert [one["gap"] for one in items] == [0, 0, 10], "the strongest disagree first"
    conflict = items[2]
    entity = conflict["entity"]
    one = http_of("bureau", "GET", f"{base}/people/entities/{entity}").json()
    fields = {each["field"]: each for each in one["fields"]}
    assert conflict["field"] == "address"
    claim = fields["address"]["claims"][1]
    body = {"record": claim["record"], "print": fields["address"]["print"], "reason": "已走访"}
    field = f"{base}/people/entities/{entity}/fields/address"
    assert http_of("bureau", "POST", field, json=body).status_code == 204
    assert site.golden(entity)["address"] == "和平路8号"
    decided = http_of("bureau", "GET", base + "/people/conflicts?state=decided").json()["items"]
    assert decided[0]["reason"] == "已走访"
    assert http_of("bureau", "POST", field, json=body).status_code == 204
    again = http_of("bureau", "POST", field + "/reopen", json={"reason": "看错了"})
    assert again.status_code == 204 and site.golden(entity)["address"] == "解放路12号3栋301室"

    steps = http_of("bureau", "GET", f"{base}/people/steps?entity={entity}").json()["items"]
    assert [each["kind"] for each in steps] == ["reopened", "decided", "decided", "merged"]
    undone = http_of(
        "bureau", "POST", f"{base}/people/steps/{steps[-1]['step']}/undo", json={"reason": "误并"}
    )
    assert len(undone.json()["entities"]) == 2


def test_only_the_bureau_sees_records_and_each_look_is_written_down(small_site: Site) -> None:
    site = fed(small_site)
    entity = int(site.published()[0]["entity"])
    site.open(entity)
    with site.city.database.read() as connection:
        line = audit.page(connection, 1)[0]
    assert (line["verb"], line["subject"]) == ("library_record_read", f"library:people/{entity}")
    pair = first_pair(site)
    views.open_proposal(site.city.bureau, "people", *pair, "en")
    for who in (site.city.steward, site.city.auditor, site.city.citizen, site.city.user):
        for call, args in (
            (views.open_entity, (entity, None, None, "en")),
            (views.open_proposal, (*pair, "en")),
            (views.list_entities, (0, 10, "en")),
            (views.find_entities, ("王伟", "en")),
            (views.list_proposals, ("proposed", None, 10, "en")),
            (views.list_conflicts, ("open", None, 10, "en")),
            (views.list_steps, (None, None, 10)),
            (hands.merge_entities, (1, 2, "why not")),
            (hands.split_entity, (1, [1], "why not")),
            (service.put_library, ("x: y",)),
            (service.remove_feed, ("police",)),
        ):
            with pytest.raises(Denied):
                call(who, "people", *args)


def test_departments_read_a_library_under_grants_and_no_other_way(
    small_site: Site, tmp_path: Path
) -> None:
    site = fed(small_site)
    city = site.city
    city.ports |= {
        Log: Log(city.database, city.clock, tmp_path, "test"),
        Usage: Usage(ZoneInfo("Asia/Shanghai")),
        WorkingCalendar: WorkingCalendar(),
    }
    items = (
        Item(name="编号", column="entity", type="N", length=18, key=True),
        Item(name="姓名", column="name", length=60, label="person_name"),
        Item(name="身份号码", column="resident_id", length=18, label="resident_id"),
        Item(name="住址", column="address", length=200, label="home_address"),
    )
    free = {"share_type": "unconditional", "share_condition": "", "open_type": "none"}
    held = city.published(name="人口库", dataset="base_people", items=items, **free)
    ask, path = Browser(city, gateway.routes()), f"/api/sharing/data/{held.id}"
    assert ask("user", "GET", path).status_code == 403
    grants.ask(city.user, held.id, "核对住户", Terms(fields=("entity", "name"), per_minute=100))
    found = ask("user", "GET", path).json()["items"]
    assert [one["name"] for one in found] == ["王*", "李*", "李*", "李*"]
    assert {*found[0]} == {"entity", "name"}
    assert ask("user", "GET", path, params={"fields": "resident_id"}).status_code == 403
