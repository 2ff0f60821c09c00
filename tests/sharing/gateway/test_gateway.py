"""What the gateway gives under a grant, and every way around a grant that we could think of."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from tests.sharing.conftest import ITEMS, Browser, City
from tests.sharing.granting import ROWS
from yiwang.kernel.clock import DAY, MINUTE
from yiwang.security.actions import Caller, Context
from yiwang.security.errors import Denied
from yiwang.security.evidence import store as evidence
from yiwang.security.evidence.log import Log
from yiwang.security.model import Identity
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.catalogue.errors import NoSuchResource
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.gateway import alarms, http, openapi, reading, standing, usage
from yiwang.sharing.gateway.errors import TooManyCalls
from yiwang.sharing.gateway.model import Question, Sealed
from yiwang.sharing.gateway.usage import Usage
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants import store
from yiwang.sharing.grants.model import Row, Terms
from yiwang.sharing.sources.datasets import Datasets

TERMS = Terms(
    fields=("station", "name", "phone"),
    verify=("level",),
    rows=(Row("station", "in", ["S1", "S2"]),),
    per_minute=1000,
)


def _resource(city: City) -> Resource:
    items = city.entry().items
    labelled = [
        msgspec.structs.replace(one, label="mobile") if one.column == "phone" else one
        for one in items
    ]
    free = {"share_type": "unconditional", "share_condition": ""}
    return city.published(dataset="water_levels", items=tuple(labelled), **free)


def _granted(city: City, terms: Terms = TERMS) -> tuple[Browser, str]:
    held = _resource(city)
    grants.ask(city.user, held.id, "停车场关闭预警", terms)
    return Browser(city, http.routes()), f"/api/sharing/data/{held.id}"


def _entries(city: City) -> list[dict[str, Any]]:
    with city.database.read() as connection:
        held = evidence.about(connection)
        assert held is not None
        found = [msgspec.json.decode(text) for _, text in evidence.read(connection, 0, held[2])]
    return [one for one in found if one["verb"].startswith("data_re")][1:]


def test_a_grant_gives_its_fields_of_its_rows_and_masks_what_is_labelled(sharing: City) -> None:
    ask, path = _granted(sharing)
    found = ask("user", "GET", path)
    assert found.status_code == 200 and found.headers["cache-control"] == "no-store"
    assert found.json()["items"] == [
        {"station": "S1", "name": "东门桥下", "phone": "138****8001"},
        {"station": "S2", "name": "西门桥下", "phone": "138****8002"},
    ]
    assert ask("user", "GET", path, params={"fields": "name", "order": "-name"}).json()[
        "items"
    ] == [
        {"name": "西门桥下"},
        {"name": "东门桥下"},
    ]
    assert len(ask("user", "GET", path, params={"where.name.starts": "东"}).json()["items"]) == 1
    entry = _entries(sharing)[0]
    assert (entry["verb"], entry["rows"], entry["who"]) == ("data_read", 2, "user:user")
    assert "138" not in json.dumps(_entries(sharing)), "what was read is not in the log"


def test_pages_hold_no_values_and_are_bound_to_grant_and_question(small: City) -> None:
    ask, path = _granted(small)
    asked = {"fields": "name", "limit": "1", "order": "-name"}
    first = ask("user", "GET", path, params=asked).json()
    second = ask("user", "GET", path, params=asked | {"after": first["next"]}).json()
    assert [first["items"], second["items"]] == [[{"name": "西门桥下"}], [{"name": "东门桥下"}]]
    third = ask("user", "GET", path, params=asked | {"after": second["next"]}).json()
    assert third == {"items": [], "next": None}
    forged = [
        first["next"][:-3] + "AAA",
        "AAAA",
        "é",
        Sealed(b"0" * 32).seal(["S9"], 1, Question()),
    ]
    for after in forged:
        assert ask("user", "GET", path, params=asked | {"after": after}).status_code == 400
    other = asked | {"where.name.starts": "北", "after": first["next"]}
    assert ask("user", "GET", path, params=other).status_code == 400, "another question"


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"fields": "level"}, 403),
        ({"fields": "name,nothing"}, 403),
        ({"where.level.gt": "20"}, 403),
        ({"where.nothing": "1"}, 403),
        ({"order": "level"}, 403),
        ({"where.phone": "13800138001"}, 403),
        ({"where.phone.starts": "138"}, 403),
        ({"order": "phone"}, 403),
        ({"where.name": "x' OR '1'='1"}, 200),
        ({"where.name.starts": "%"}, 200),
        ({"where.name); DROP TABLE d_water_levels; --": "1"}, 403),
        ({'where.name"': "1"}, 403),
        ({"order": "name,(select phone from d_water_levels)"}, 403),
        ({"fields": "*"}, 403),
        ({"limit": "100000"}, 400),
        ({"limit": "-1"}, 400),
        ({"offset": "0"}, 400),
        ({"$filter": "level gt 1"}, 400),
        ({f"where.name.{op}": "x" for op in ("ne", "lt", "le", "gt", "ge")}, 200),
    ],
)
def test_nothing_beyond_the_grant_comes_out(
    small: City, parameters: dict[str, str], status: int
) -> None:
    ask, path = _granted(small)
    found = ask("user", "GET", path, params=parameters)
    assert found.status_code == status, found.text
    for secret in ("S3", "北门", "13800138", "31.5"):
        assert secret not in found.text
    if status == 200 and "where.name.ne" not in parameters:
        assert found.json()["items"] == []
    if status != 200:
        assert _entries(small)[-1]["verb"] == "data_refused", "each attempt is seen"


def test_what_is_not_granted_and_what_is_not_there_look_alike(small: City) -> None:
    ask, path = _granted(small)
    answers = []
    for name in ("level", "nothing"):
        found = ask("user", "GET", path, params={"fields": name}).json()
        answers.append({key: str(value).replace(name, "?") for key, value in found.items()})
    assert answers[0] == answers[1]
    draft = small.resource(_draft(small))
    for id in (draft.id, 999_999):
        assert ask("stranger", "GET", f"/api/sharing/data/{id}").status_code == 404


def _draft(city: City) -> int:
    return catalogue.add(city.platform, city.entry(name="not yet"))


def test_no_grant_another_organisation_a_narrow_token_and_nobody(small: City) -> None:
    ask, path = _granted(small)
    for who, status in (("stranger", 403), ("steward", 403), ("bureau", 403), ("citizen", 403)):
        assert ask(who, "GET", path).status_code == status, who
    assert ask("anonymous", "GET", path).status_code == 401
    identity = Identity(
        "token", 1, "user", frozenset({"data_steward"}), frozenset({"registry.read"}), small.parks
    )
    narrow = Caller(identity, small.database, small.clock, small.ports)
    with pytest.raises(Denied):
        reading.rows(narrow, 1, Question())


def test_a_grant_that_ended_gives_nothing_with_the_next_call(small: City) -> None:
    ask, path = _granted(small)
    assert ask("user", "GET", path).status_code == 200
    cursor = ask("user", "GET", path, params={"limit": "1"}).json()["next"]
    grants.end(small.steward, 1, "over")
    for parameters in ({}, {"limit": "1", "after": cursor}):
        assert ask("user", "GET", path, params=parameters).status_code == 403, "replayed"
    assert ask("user", "GET", f"{path}/openapi.json").status_code == 403


def test_what_is_kept_of_grants_is_believed_by_its_stamp_alone(sharing: City) -> None:
    ask, path = _granted(sharing)
    kept = standing.of(sharing.database)
    narrow = msgspec.structs.replace(TERMS, fields=("station",))
    grants.ask(sharing.user, 1, "停车场关闭预警", narrow)

    def fields() -> set[str]:
        answers = [ask("user", "GET", path, params={"where.station": "S1"}) for _ in range(2)]
        assert [one.status_code for one in answers] in ([200, 200], [403, 403])
        return {name for one in answers for row in one.json().get("items", []) for name in row}

    assert fields() == {"station"}, "the newest"
    now = sharing.clock.now()
    with sharing.database.read() as connection:
        stamp = standing.stamp(connection, 1, sharing.parks, now)
    assert stamp[2:] == (2, 1) and kept.find("api", stamp) is not None
    for place in range(standing.MOST + 1):
        kept.lies_in(f"other{place}", "others")
    assert kept.dataset(1) is None and fields() and kept.dataset(1) == "water_levels", "told anew"
    grants.end(sharing.steward, 2, "over")
    assert fields() == {"station", "name", "phone"}
    grants.end(sharing.steward, 1, "over")
    assert fields() == set()
    assert not reading.is_small(sharing.citizen, 1, {"station"}), "a refusal waits for a thread"


def test_sealed_columns_are_opened_for_a_grant_that_names_them_alone(sharing: City) -> None:
    ask, path = _granted(sharing)
    datasets = sharing.ports[Datasets]
    datasets.seal("water_levels", ["phone", "level"])
    rows = ask("user", "GET", path).json()["items"]
    assert [row["phone"] for row in rows] == ["138****8001", "138****8002"]
    for claims, found in (({"level": 12}, True), ({"level": 12.5}, False)):
        body = {"key": {"station": "S1"}, "claims": claims | {"phone": "13800138001"}}
        assert ask("user", "POST", f"{path}/verify", json=body).json() == {"matches": found}
    assert datasets.read("water_levels", limit=1)[0]["phone"] is None, "without a grant"
    datasets.seal("water_levels", ["name"])
    for asked in ({"order": "name"}, {"where.name.starts": "东"}):
        assert ask("user", "GET", path, params=asked).status_code == 400, "by its digest alone"
    assert len(ask("user", "GET", path, params={"where.name": "东门桥下"}).json()["items"]) == 1
    narrow = msgspec.structs.replace(TERMS, fields=("station",), verify=())
    grants.ask(sharing.user, 1, "停车场关闭预警", narrow)
    assert ask("user", "GET", path).json()["items"] == [{"station": "S1"}, {"station": "S2"}]


def test_an_answer_that_is_there_already_is_not_sent_again(small: City) -> None:
    ask, path = _granted(small)
    first = ask("user", "GET", path, params={"where.station": "S2"})
    assert first.json()["next"] is None
    held = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    again = ask("user", "GET", path, params={"where.station": "S2"}, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert [one["rows"] for one in _entries(small)] == [1, 1], "it was used again"
    changed = pa.RecordBatch.from_pylist([ROWS[1] | {"name": "西二门桥下"}])
    small.ports[Datasets].upsert("water_levels", changed)
    third = ask("user", "GET", path, params={"where.station": "S2"}, headers=held)
    assert third.status_code == 200 and third.headers["etag"] != first.headers["etag"]
    grants.end(small.steward, 1, "over")
    assert ask("user", "GET", path, headers=held).status_code == 403


def test_an_expired_grant_gives_nothing(small: City) -> None:
    ask, path = _granted(small, msgspec.structs.replace(TERMS, days=1))
    small.clock.advance(DAY)
    assert ask("user", "GET", path).status_code == 403


def test_what_a_later_version_shares_no_longer_is_not_given(small: City) -> None:
    ask, path = _granted(small)
    held = small.resource(1)
    items = tuple(msgspec.structs.replace(one, shared=one.column != "name") for one in held.items)
    catalogue.revise(small.platform, held.id)
    catalogue.change(small.platform, held.id, msgspec.structs.replace(held.entry(), items=items))
    catalogue.submit(small.platform, held.id)
    catalogue.publish(small.platform, held.id)
    assert ask("user", "GET", path).json()["items"][0].keys() == {"station", "phone"}
    catalogue.retire(small.bureau, held.id, "over")
    assert ask("user", "GET", path).status_code == 403


def test_yes_and_no_and_nothing_else(sharing: City) -> None:
    ask, path = _granted(sharing)

    def verified(station: str, **claims: Any) -> Any:
        body = {"key": {"station": station}, "claims": claims}
        return ask("user", "POST", f"{path}/verify", json=body)

    assert verified("S1", level=12).json() == {"matches": True}
    assert verified("S1", level=12, phone="13800138001").json() == {"matches": True}
    no = {"matches": False}
    for answer in (verified("S1", level=13), verified("S3", level=None), verified("S9", level=1)):
        assert answer.json() == no, "another value, a row left out and no row are alike"
    for body in ({"key": {}, "claims": {"level": 1}}, {"key": {"station": "S1"}, "claims": {}}):
        assert ask("user", "POST", f"{path}/verify", json=body).status_code == 400
    assert ask("stranger", "POST", f"{path}/verify", json=body).status_code == 403
    odd = {"key": {"station": "S1"}, "claims": {"level": "abc"}}
    assert ask("user", "POST", f"{path}/verify", json=odd).status_code == 400


def test_guessing_is_stopped_and_told(small: City) -> None:
    ask, path = _granted(small)
    for guess in range(usage.MOST_MISSES):
        body = {"key": {"station": "S1"}, "claims": {"level": 1000 + guess}}
        assert ask("user", "POST", f"{path}/verify", json=body).json() == {"matches": False}
    right = {"key": {"station": "S1"}, "claims": {"level": 12}}
    assert ask("user", "POST", f"{path}/verify", json=right).status_code == 429
    assert usage.flush(small.platform, small.ports[Usage]) == 1
    (alarm,) = alarms.listing(small.auditor, None, 10)
    assert (alarm["kind"], alarm["organisation"]) == ("misses", small.parks)
    assert usage.flush(small.platform, small.ports[Usage]) == 0


def test_limits_by_minute_and_day(small: City) -> None:
    ask, path = _granted(small, msgspec.structs.replace(TERMS, per_minute=3, per_day=7))
    given = [ask("user", "GET", path).status_code for _ in range(4)]
    assert given == [200, 200, 200, 429], "three calls a minute"
    small.clock.advance(MINUTE)
    assert ask("user", "GET", path).status_code == 429, "six of seven rows a day, and two more"
    usage.flush(small.platform, small.ports[Usage])
    small.ports[Usage]._days.clear()
    assert ask("user", "GET", path).status_code == 429, "a restart forgets nothing"
    assert ask("user", "GET", path, params={"limit": "1"}).status_code == 200
    small.clock.advance(DAY)
    assert ask("user", "GET", path).status_code == 200


def test_answers_that_are_made_at_once_share_the_day(small: City) -> None:
    _granted(small, msgspec.structs.replace(TERMS, per_day=5))
    with small.database.read() as connection:
        (grant,) = store.grants_of(connection, 1, small.clock.now())
        ctx, held = Context(small.user, connection, writes=False), small.ports[Usage]
        held.take(ctx, grant, 3)
        with pytest.raises(TooManyCalls):
            held.take(ctx, grant, 3)
        held.take(ctx, grant, 2)


def test_a_system_uses_what_its_department_was_granted(small: City) -> None:
    closed = tuple(msgspec.structs.replace(one, opened=False) for one in ITEMS)
    free = {"share_type": "unconditional", "share_condition": "", "open_type": "none"}
    held = small.published(dataset="water_levels", items=closed, **free)
    machine = small.caller("machine", "data_system", organisation=small.parks)
    with pytest.raises(NoSuchResource):
        reading.rows(machine, held.id, Question())
    grants.ask(small.user, held.id, "停车场关闭预警", TERMS)
    assert reading.rows(machine, held.id, Question()).rows == 2
    other = small.caller("other", "data_system", organisation=small.health)
    with pytest.raises(NoSuchResource):
        reading.rows(other, held.id, Question())


def test_many_refusals_and_unusual_volumes_are_alarms(small: City) -> None:
    ask, path = _granted(small)
    for _ in range(usage.MOST_REFUSALS):
        ask("stranger", "GET", path)
    held = small.ports[Usage]
    with small.database.read() as connection:
        (grant,) = store.grants_of(connection, 1, small.clock.now())
    for day, rows in ((0, 300), (1, 300), (2, 5000)):
        at = small.clock.now() + day * DAY
        held.used(at, grant, rows)
        small.clock.advance(DAY if day else 0)
        usage.flush(small.platform, held)
    assert {one["kind"] for one in alarms.listing(small.bureau, None, 10)} == {"refusals", "volume"}


def test_the_interface_describes_itself(small: City) -> None:
    ask, path = _granted(small)
    made = ask("user", "GET", f"{path}/openapi.json").json()
    names = {one["name"] for one in made["paths"][path]["get"]["parameters"]}
    assert "where.name.starts" in names and not {"where.phone", "where.level"} & names
    assert openapi.document(small.user, 1, "http://x")["openapi"] == "3.1.0"
    assert ask("auditor", "GET", "/api/sharing/alarms").json()["items"] == []
    assert small.ports[Log].verifier()
