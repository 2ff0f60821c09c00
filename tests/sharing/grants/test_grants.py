"""Requests, grants, their limits, and who may do what with them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.sharing.conftest import ITEMS, Browser, City
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import DAY, parse, render
from yiwang.security.errors import Denied
from yiwang.security.evidence import store as evidence
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.grants import corrections, http, model, service, store, views
from yiwang.sharing.grants.errors import (
    BadTerms,
    NoSuchGrant,
    NoSuchRequest,
    NotInForce,
    NotShared,
    NotYours,
    OpenAlready,
    Settled,
)
from yiwang.sharing.grants.model import Grant, Row, Terms
from yiwang.sharing.grants.places import Place
from yiwang.sharing.grants.tables import share_complaints
from yiwang.sharing.sources.datasets import Datasets

WANTED = Terms(fields=("station", "level"), rows=(Row("level", ">", 10),))


def _grants(city: City, organisation: int, resource: int) -> list[model.Grant]:
    with city.database.read() as connection:
        return store.of(connection, organisation, resource, city.clock.now())


def _log(city: City) -> list[str]:
    with city.database.read() as connection:
        held = evidence.about(connection)
        size = held[2] if held else 0
        return [msgspec.json.decode(text)["verb"] for _, text in evidence.read(connection, 0, size)]


def test_what_is_shared_unconditionally_is_granted_at_once(sharing: City) -> None:
    held = sharing.published(share_type="unconditional", share_condition="", dataset="water_levels")
    wanted = msgspec.structs.replace(WANTED, fields=("station", "phone"), plain=("phone",))
    service.ask(sharing.user, held.id, "停车场关闭预警", wanted)
    (given,) = _grants(sharing, sharing.parks, held.id)
    assert given.terms.plain == (), "labelled values need an approval"
    assert given.basis == service.BY_RULE and given.expires_at == sharing.clock.now() + 366 * DAY
    assert _log(sharing) == ["data_requested", "data_granted"]
    assert [one["change"] for one in sharing.events("grant.changed")] == ["granted"]
    assert _grants(sharing, sharing.health, held.id) == []
    sharing.clock.advance(366 * DAY)
    assert _grants(sharing, sharing.parks, held.id) == [], "over"


def test_what_a_provider_took_back_is_not_granted_again_by_rule(sharing: City) -> None:
    held = sharing.published(share_type="unconditional", share_condition="", dataset="water_levels")
    wanted = msgspec.structs.replace(WANTED, fields=("station", "level"), plain=())
    less = msgspec.structs.replace(wanted, fields=("level",))

    def granted() -> list[Grant]:
        return _grants(sharing, sharing.parks, held.id)

    service.ask(sharing.user, held.id, "停车场关闭预警", wanted)
    service.end(sharing.user, granted()[0].id, "不再需要")
    service.ask(sharing.user, held.id, "又需要了", wanted)
    service.narrow(sharing.steward, granted()[0].id, less, "用途只需水位")
    asked = service.ask(sharing.user, held.id, "还要站名", wanted)
    assert [one.terms for one in granted()] == [less], "the provider answers now"
    service.grant(sharing.steward, asked, "同意")
    assert [one.terms for one in granted()] == [wanted, less]
    for one in granted():
        service.end(sharing.bureau, one.id, "超出用途使用")
    asked = service.ask(sharing.user, held.id, "再次申请", wanted)
    assert granted() == []
    service.refuse(sharing.steward, asked, "先整改")
    service.ask(sharing.user, held.id, "已整改", wanted)
    assert granted() == []
    with sharing.database.read() as connection:
        assert not store.held_back(connection, sharing.health, held.id)


def test_a_provider_grants_no_more_than_was_asked(sharing: City) -> None:
    held = sharing.published()
    id = service.ask(sharing.user, held.id, "停车场关闭预警", WANTED)
    with pytest.raises(OpenAlready):
        service.ask(sharing.user, held.id, "again", WANTED)
    for who in (sharing.user, sharing.stranger, sharing.bureau):
        with pytest.raises(NotYours):
            service.grant(who, id)
    with pytest.raises(Denied):
        service.grant(sharing.citizen, id)
    for wider in (
        {"fields": ("station", "level", "name")},
        {"rows": ()},
        {"per_day": WANTED.per_day + 1},
        {"plain": ("level",)},
    ):
        with pytest.raises(BadTerms):
            service.grant(sharing.steward, id, "", msgspec.structs.replace(WANTED, **wider))
    narrow = msgspec.structs.replace(WANTED, fields=("station",), days=30)
    service.grant(sharing.steward, id, "同意", narrow)
    (given,) = _grants(sharing, sharing.parks, held.id)
    assert given.terms == narrow and given.basis == "同意"
    for late in (service.grant, service.withdraw):
        with pytest.raises(Settled):
            late(sharing.steward if late is service.grant else sharing.user, id)
    with pytest.raises(NotYours):
        service.end(sharing.stranger, given.id, "why not")
    service.end(sharing.steward, given.id, "用途已完成")
    assert _grants(sharing, sharing.parks, held.id) == []
    with pytest.raises(Settled):
        service.end(sharing.user, given.id, "again")


def test_a_provider_narrows_a_grant_and_the_next_call_gives_less(sharing: City) -> None:
    held = sharing.published()
    id = service.ask(sharing.user, held.id, "停车场关闭预警", WANTED)
    old = service.grant(sharing.steward, id)
    more = Row("station", "=", "A1")
    less = msgspec.structs.replace(WANTED, fields=("level",), rows=(*WANTED.rows, more), days=30)
    for who, error in ((sharing.user, NotYours), (sharing.stranger, NotYours)):
        with pytest.raises(error):
            service.narrow(who, old, less, "too much")
    with pytest.raises(Denied):
        service.narrow(sharing.auditor, old, less, "too much")
    for wrong, reason in (
        (WANTED, "nothing less"),
        (less, " "),
        (msgspec.structs.replace(less, rows=(more,)), "a condition is gone"),
        (msgspec.structs.replace(less, per_minute=WANTED.per_minute + 1), "faster"),
        (msgspec.structs.replace(less, fields=()), "nothing"),
    ):
        with pytest.raises(BadTerms):
            service.narrow(sharing.steward, old, wrong, reason)
    assert [one.id for one in _grants(sharing, sharing.parks, held.id)] == [old]
    sharing.clock.advance(350 * DAY)
    new = service.narrow(sharing.steward, old, less, "水位站已停用")
    (given,) = _grants(sharing, sharing.parks, held.id)
    assert given.id == new and given.terms == less and given.basis == "水位站已停用"
    assert given.expires_at == sharing.clock.now() + 16 * DAY, "never later than before"
    assert _log(sharing)[-1] == "grant_narrowed"
    with pytest.raises(Settled):
        service.narrow(sharing.steward, old, less, "again")
    soon = msgspec.structs.replace(less, days=1)
    service.narrow(sharing.bureau, new, soon, "到期前收回")
    sharing.clock.advance(DAY)
    assert _grants(sharing, sharing.parks, held.id) == []
    with pytest.raises(Settled):
        service.narrow(sharing.bureau, new + 1, soon, "over")


def test_refused_withdrawn_and_not_shared(small: City) -> None:
    held = small.published()
    id = service.ask(small.user, held.id, "why", WANTED)
    with pytest.raises(BadTerms):
        service.refuse(small.steward, id, " ")
    service.refuse(small.steward, id, "not needed for that")
    second = service.ask(small.user, held.id, "why", WANTED)
    with pytest.raises(NotYours):
        service.withdraw(small.stranger, second)
    service.withdraw(small.user, second)
    assert _grants(small, small.parks, held.id) == []
    with pytest.raises(NotYours):
        service.ask(small.steward, held.id, "own data", WANTED)
    closed = tuple(msgspec.structs.replace(one, opened=False) for one in ITEMS)
    terms = {"share_type": "none", "share_basis": "档案法 第一条", "share_condition": ""}
    secret = small.published(name="a secret", open_type="none", items=closed, **terms)
    with pytest.raises(NotShared, match="档案法"):
        service.ask(small.user, secret.id, "why", WANTED)
    catalogue.retire(small.bureau, held.id, "nobody needs it")
    with pytest.raises(NotInForce):
        service.ask(small.user, held.id, "why", WANTED)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"fields": ("nothing",)}, "nothing"),
        ({"fields": ()}, "fields"),
        ({"plain": ("phone",)}, "phone"),
        ({"rows": (Row("level", "like", 1),)}, "like"),
        ({"rows": (Row("nothing", "=", 1),)}, "nothing"),
        ({"modes": ("fax",)}, "fax"),
        ({"modes": ()}, "modes"),
        ({"days": 0}, "days"),
        ({"per_minute": 10**9}, "per_minute"),
    ],
)
def test_terms_that_cannot_be(small: City, changed: dict[str, Any], name: str) -> None:
    held = small.published()
    with pytest.raises(BadTerms, match=name):
        service.ask(small.user, held.id, "why", msgspec.structs.replace(WANTED, **changed))


def test_a_renewal_takes_the_place_of_the_grant(small: City) -> None:
    held = small.published(share_type="unconditional", share_condition="")
    service.ask(small.user, held.id, "why", WANTED)
    (first,) = _grants(small, small.parks, held.id)
    small.clock.advance(360 * DAY)
    assert service.sweep(small.platform) == 1 and service.sweep(small.platform) == 0
    service.ask(small.user, held.id, "still", WANTED, renews=first.id)
    (second,) = _grants(small, small.parks, held.id)
    assert second.id != first.id and second.expires_at > first.expires_at
    with pytest.raises(Settled):
        service.ask(small.user, held.id, "again", WANTED, renews=first.id)
    other = small.published(name="other", share_type="unconditional", share_condition="")
    with pytest.raises(NoSuchGrant):
        service.ask(small.user, other.id, "not that one", WANTED, renews=second.id)
    assert [one.id for one in _grants(small, small.parks, held.id)] == [second.id]
    with pytest.raises(Denied):
        service.watch(small.user)


def test_what_is_not_answered_in_ten_working_days_goes_to_the_bureau(sharing: City) -> None:
    held = sharing.published()
    id = service.ask(sharing.user, held.id, "why", WANTED)
    assert service.sweep(sharing.platform) == 0
    sharing.clock.advance(20 * DAY)
    assert service.sweep(sharing.platform) == 1 and service.sweep(sharing.platform) == 0
    shown = views.one(sharing.bureau, "request", id, "en")
    assert shown["late"] and shown["escalated_at"] and not shown["yours"]
    service.grant(sharing.bureau, id, "for the provider")
    assert len(_grants(sharing, sharing.parks, held.id)) == 1


def test_ten_working_days_know_the_holidays() -> None:
    at = parse("2026-09-30T02:00:00Z")
    assert render(model.answer_by(WorkingCalendar(), at)) == "2026-10-20T10:00:00Z"
    assert render(model.answer_by(WorkingCalendar(), at, 1)) == "2026-10-08T10:00:00Z"


def test_who_sees_which_requests(small: City) -> None:
    held = small.published()
    id = service.ask(small.user, held.id, "why", WANTED)
    for who, seen in (("user", 1), ("steward", 1), ("stranger", 0), ("bureau", 1), ("auditor", 1)):
        assert len(views.requests(getattr(small, who), {}, "", (None, 50), "en")) == seen, who
    assert views.requests(small.user, {}, "provider", (None, 50), "en") == []
    with pytest.raises(NoSuchRequest):
        views.one(small.stranger, "request", id, "en")
    service.grant(small.steward, id)
    (shown,) = views.grants(small.user, {"resource": held.id}, "user", (None, 50), "zh-CN")
    assert shown["in_force"] and shown["provider_name"] == "水务局"
    assert views.grants(small.stranger, {}, "", (None, 50), "en") == []


def test_a_wrong_value_is_reported_answered_and_corrected(sharing: City) -> None:
    held = sharing.published(share_type="unconditional", share_condition="", dataset="water_levels")
    place = Place({"station": "S1"}, "level", 21.0)
    with pytest.raises(BadTerms, match="level"):
        corrections.file(sharing.user, "correction", held.id, "too low", place)
    service.ask(sharing.user, held.id, "why", WANTED)
    for wrong in (Place({"name": "x"}, "level", 1), Place({"station": "S1"}, "phone", "1")):
        with pytest.raises(BadTerms):
            corrections.file(sharing.user, "correction", held.id, "wrong", wrong)
    id = corrections.file(sharing.user, "correction", held.id, "too low", place)
    with sharing.database.read() as connection:
        kept = store.row(connection, share_complaints, id)
    assert kept is not None and "21.0" not in str(kept) and "station" not in str(kept), "sealed"
    for who in (sharing.user, sharing.steward):
        shown = views.one(who, "complaint", id, "en")["place"]
        assert shown == {"key": {"station": "S1"}, "column": "level", "value": 21.0}
    for who in (sharing.bureau, sharing.auditor):
        assert views.one(who, "complaint", id, "en")["place"] == {"column": "level"}
    with pytest.raises(NotYours):
        corrections.answer(sharing.stranger, id, True, "yes")
    with pytest.raises(NotYours):
        corrections.withdraw(sharing.stranger, id)
    corrections.answer(sharing.steward, id, True, "校核后更正")
    shown = views.one(sharing.user, "complaint", id, "en")
    assert shown["state"] == "accepted" and shown["corrected_at"]
    rows = sharing.ports[Datasets].read("water_levels", ["station", "level"], limit=1)
    assert rows == [{"station": "S1", "level": 21.0}]
    assert sharing.events("value.corrected")[0]["value"] == 21.0
    corrections.rate(sharing.user, id, 5)
    with pytest.raises(Settled):
        corrections.rate(sharing.user, id, 1)
    other = corrections.file(sharing.user, "complaint", held.id, "always late")
    corrections.withdraw(sharing.user, other)
    (newest, _) = views.complaints(sharing.steward, {}, "provider", (None, 50), "en")
    assert newest["state"] == "withdrawn"


@pytest.mark.parametrize("number", [2**63, -(2**70)])
def test_a_number_that_no_database_holds_is_refused(sharing: City, number: int) -> None:
    ask = Browser(sharing, http.routes())
    held = sharing.published()
    terms = {"fields": ["station"]}
    asked = {"resource": number, "purpose": "停车场关闭预警", "terms": terms}
    answer = ask("user", "POST", "/api/sharing/requests", json=asked)
    assert answer.status_code in (400, 404), answer.text
    renewed = asked | {"resource": held.id, "terms": terms | {"days": number}}
    answer = ask("user", "POST", "/api/sharing/requests", json=renewed)
    assert answer.status_code == 400, answer.text
    assert ask("user", "GET", f"/api/sharing/requests/{2**70}").status_code in (400, 404)


def test_over_http(small: City) -> None:
    ask = Browser(small, http.routes())
    held = small.published()
    body = {
        "resource": held.id,
        "purpose": "停车场关闭预警",
        "terms": {
            "fields": ["station"],
            "rows": [{"column": "level", "operator": ">", "value": 1}],
        },
    }
    made = ask("user", "POST", "/api/sharing/requests", json=body)
    assert made.status_code == 201 and made.json()["state"] == "waiting", made.text
    path = f"/api/sharing/requests/{made.json()['id']}"
    assert ask("stranger", "GET", path).status_code == 404
    assert ask("user", "POST", f"{path}/answer", json={"granted": True}).status_code == 403
    given = ask("steward", "POST", f"{path}/answer", json={"granted": True, "answer": "ok"})
    assert given.json()["state"] == "granted"
    found = ask("user", "GET", f"/api/sharing/grants?side=user&resource={held.id}").json()["items"]
    assert found[0]["terms"]["fields"] == ["station"] and found[0]["in_force"]
    grant = f"/api/sharing/grants/{found[0]['id']}"
    assert ask("user", "POST", f"{grant}/end", json={"reason": "done"}).json()["in_force"] is False
    said = {"kind": "complaint", "resource": held.id, "text": "late"}
    filed = ask("user", "POST", "/api/sharing/complaints", json=said).json()
    one = f"/api/sharing/complaints/{filed['id']}"
    judged = ask("steward", "POST", f"{one}/answer", json={"accepted": False, "answer": "no"})
    assert judged.json()["state"] == "rejected"
    assert ask("user", "POST", f"{one}/rating", json={"stars": 2}).json()["stars"] == 2
    assert ask("user", "POST", f"{one}/withdraw").status_code == 409
    assert ask("user", "GET", "/api/sharing/requests?colour=red").status_code == 400
    assert ask("anonymous", "GET", "/api/sharing/requests").status_code == 401
