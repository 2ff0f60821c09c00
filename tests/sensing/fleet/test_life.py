"""Devices from registration to retirement, on both databases and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from starlette.testclient import TestClient

from tests.sensing.fleet.conftest import KIND, csv_list, declared, hear, meters, put_city
from yiwang.cli import main
from yiwang.kernel.clock import DAY, HOUR, ManualClock, render
from yiwang.kernel.settings import Settings
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import system
from yiwang.sensing import service, tables
from yiwang.sensing.devices import Details, NewDevice
from yiwang.sensing.errors import CodeTaken
from yiwang.sensing.fleet import (
    credentials,
    editing,
    groups,
    importing,
    listing,
)
from yiwang.sensing.fleet.editing import Replacement
from yiwang.sensing.fleet.errors import (
    BadReplacement,
    BadValue,
    DeviceRetired,
    GroupByRule,
    GroupTaken,
    ListRefused,
    NoDevice,
    NoSuchGroup,
)
from yiwang.sensing.fleet.listing import Filter
from yiwang.sensing.runtime import Sensing
from yiwang.store.database import Database
from yiwang.store.migrate import migrate
from yiwang.store.outbox import outbox


def count(by: Caller, table: object = tables.things) -> int:
    with by.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def codes(by: Caller, **wanted: object) -> list[str]:
    return [one["code"] for one in listing.devices(by, Filter(**wanted))]  # type: ignore[arg-type]


def put(by: Caller, sensing: Sensing, content: bytes) -> importing.Imported:
    made = importing.import_devices(by, KIND, content, True)
    sensing.changed()
    return made


def test_a_list_is_looked_over_and_then_written_whole(by: Caller, sensing: Sensing) -> None:
    groups.add_group(by, "Station 1")
    content = csv_list(
        "A,Meter A,121.05,31.05,,ACME,X1,S1,2026-01-01,Station 1,P1",
        "B,,,,underpass_site/U1,ACME,X1,S2,,,P2",
    )
    outlook = importing.check_device_list(by, KIND, content)
    assert (outlook.rows, outlook.wrong) == (2, 0)
    assert outlook.first[1]["lon"] == 121.05 and outlook.first[1]["place"] is not None
    assert count(by) == 0
    made = put(by, sensing, content)
    assert made.registered == 2
    assert [name for _, name, _ in made.credentials] == ["flood.meter/A", "flood.meter/B"]
    known = accounts.device(by.database, made.credentials[0][1], made.credentials[0][2])
    assert known is not None and known.things == {1}
    assert known.topics is not None and "meter/A" in known.topics
    first = listing.show_device(by, 1)
    assert first["supplier"] == "ACME" and first["installed_on"] == "2026-01-01"
    assert first["properties"] == {"pole": "P1"} and first["street_name"] == "西街"
    assert listing.show_device(by, 1, "en")["street_name"] == "West Street"
    assert [one["name"] for one in first["groups"]] == ["Station 1"]
    assert [one["property"] for one in first["datastreams"]] == ["depth_cm", "volts", "version"]


def test_one_wrong_cell_and_nothing_is_written(by: Caller, sensing: Sensing) -> None:
    put(by, sensing, meters(1))
    content = csv_list(
        "M1,,,,,,,,,,P",
        "N1,,,,underpass_site/U9,,,,,,P",
        "N2,,,,,,,,,Nowhere,P",
        "N3,,,,,,,,,,P",
    )
    outlook = importing.check_device_list(by, KIND, content)
    assert [(one.where, one.code) for one in outlook.errors] == [
        ("row 2, column code", "sensing.code_taken"),
        ("row 3, column place", "sensing.cell_unknown"),
        ("row 4, column group", "sensing.cell_unknown"),
    ]
    with pytest.raises(ListRefused) as caught:
        importing.import_devices(by, KIND, content)
    assert caught.value.fields["count"] == 3 and "row 4, column group" in caught.value.message()
    assert count(by) == 1


def test_the_list_over_http(client: TestClient, by: Caller, sensing: Sensing) -> None:
    shown = client.get("/api/devices/template", params={"kind": KIND})
    assert shown.headers["content-type"].startswith("text/csv") and "properties.pole" in shown.text
    assert client.get("/api/devices/template", params={"kind": "no.such"}).status_code == 404
    path = f"/api/devices/import?kind={KIND}"
    wrong = csv_list("A,,x,31,,,,,,,P")
    for lang, where in (("en", "row 2, column lon"), ("zh-CN", "第 2 行 lon 列")):
        headers = {"accept-language": lang}
        looked = client.post(path + "&dry_run=1", content=wrong, headers=headers).json()
        (error,) = looked["errors"]
        assert error["where"] == where and error["fields"]["value"] == "x"
    assert "121.4737" in error["detail"]
    refused = client.post(path, content=wrong)
    assert refused.status_code == 400 and refused.json()["type"] == "sensing.list_refused"
    made = client.post(path, content=meters(2))
    assert (made.status_code, made.json()) == (201, {"registered": 2})
    told = client.post(path + "&credentials=1", content=meters(1, start=9))
    assert told.headers["cache-control"] == "no-store"
    name, secret = told.text.splitlines()[1].split(",")[1:]
    assert accounts.device(by.database, name, secret) is not None


def test_the_command_registers_or_says_what_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "other"
    home.mkdir()
    database = Database(Settings(home=home).database_url)
    migrate(database)
    caller = Caller(system("test"), database, ManualClock(0))
    service.install_kinds(caller, "flood", declared(tmp_path))
    put_city(caller)
    listed, bad = tmp_path / "list.csv", tmp_path / "bad.csv"
    listed.write_bytes(meters(3))
    bad.write_bytes(csv_list("A,,x,31,,,,,,,P"))
    run = CliRunner()
    base = ["devices", "import", "--kind", KIND, "--home", str(home)]
    wrong = run.invoke(main, [*base, str(bad)])
    assert wrong.exit_code == 1 and "row 2, column lon" in wrong.output
    tried = run.invoke(main, [*base, "--dry-run", str(listed)])
    assert tried.exit_code == 0 and "3 devices" in tried.output
    assert count(caller) == 0
    secrets = tmp_path / "secrets.csv"
    done = run.invoke(main, [*base, "--credentials", str(secrets), str(listed)])
    assert done.exit_code == 0 and "registered: 3" in done.output
    assert len(secrets.read_text().splitlines()) == 4 and secrets.stat().st_mode & 0o077 == 0
    again = run.invoke(main, [*base, "--credentials", str(secrets), str(listed)])
    assert again.exit_code == 2 and "already" in again.output
    empty = run.invoke(main, ["devices", "template", "--kind", KIND, "--home", str(home)])
    assert empty.exit_code == 0 and "properties.pole" in empty.output
    database.close()


def test_lists_by_what_devices_are_and_how_they_are(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    put(by, sensing, meters(3))
    put(by, sensing, meters(2, lon=121.15, supplier="Zeta", start=7))
    assert codes(by, supplier="Zeta") == ["M7", "M8"]
    assert codes(by, supplier="nobody") == []
    assert codes(by, q="s2") == ["M2"]
    streets = {one["street"] for one in listing.devices(by)}
    assert len(streets) == 2
    assert codes(by, area=listing.devices(by)[0]["street"]) == ["M1", "M2", "M3"]
    hear(sensing, [1])
    assert codes(by, state="online") == ["M1"]
    clock.advance(HOUR)
    assert codes(by, state="silent") == ["M1"]
    assert codes(by, state="never", kind=KIND) == ["M2", "M3", "M7", "M8"]
    assert [one["code"] for one in listing.devices(by, Filter(), after=2, limit=2)] == ["M3", "M7"]
    assert listing.count_devices(by, Filter(kind=KIND)) == 5


def test_a_device_is_edited(by: Caller, sensing: Sensing) -> None:
    put(by, sensing, meters(1))
    editing.edit_device(by, 1, {"name": "At the bridge", "supplier": "Zeta", "lon": 121.15})
    sensing.changed()
    shown = listing.show_device(by, 1)
    assert (shown["name"], shown["supplier"], shown["model"]) == ("At the bridge", "Zeta", "X1")
    assert (shown["lon"], shown["street_name"]) == (121.15, "东街")
    assert count(by, tables.historical_locations) == 2
    for name, value in (("colour", "red"), ("name", 5), ("installed_on", "soon"), ("place", "x")):
        with pytest.raises(BadValue):
            editing.edit_device(by, 1, {"model": "X9", name: value})
    assert listing.show_device(by, 1)["model"] == "X1"
    with pytest.raises(NoDevice):
        editing.edit_device(by, 99, {"name": "x"})


def test_a_retired_device_is_counted_and_judged_no_more(
    by: Caller, sensing: Sensing, client: TestClient
) -> None:
    (_, name, secret) = put(by, sensing, meters(2)).credentials[0]
    hear(sensing, [1, 4])
    with pytest.raises(BadValue):
        editing.retire_device(by, 1, " ")
    told = client.post("/api/devices/1/retire", json={"why": "broken"})
    sensing.changed()
    assert told.json()["retired_why"] == "broken" and told.json()["retired_at"]
    assert accounts.device(by.database, name, secret) is None
    assert {one.thing for one in service.channels(by)} == {2}
    assert codes(by) == ["M2"] and codes(by, state="retired") == ["M1"]
    assert client.get("/api/devices/summary").json()["total"]["total"] == 1
    assert client.get("/api/devices/health?state=online").json()["items"][0]["code"] == "M2"
    with pytest.raises(DeviceRetired):
        editing.edit_device(by, 1, {"name": "x"})
    with pytest.raises(DeviceRetired):
        credentials.rotate_credentials(by, [1])
    assert len(sensing.observations.between([1], 0, 2**62)) == 1


def test_a_replaced_device_keeps_its_history(
    by: Caller, sensing: Sensing, clock: ManualClock, client: TestClient
) -> None:
    put(by, sensing, meters(2))
    _, old_name, old_secret = credentials.rotate_credentials(by, [1])[0]
    before = listing.show_device(by, 1)["datastreams"]
    hear(sensing, [1], 1.0)
    clock.advance(DAY)
    made = editing.replace_device(
        by, 1, Replacement("lightning", "M1-B", "S-NEW", firmware="2.0", at=clock.now() - HOUR)
    )
    sensing.changed()
    hear(sensing, [1], 2.0)
    assert made is not None and made[0] == "flood.meter/M1-B"
    assert accounts.device(by.database, *made) is not None
    assert accounts.device(by.database, old_name, old_secret) is None
    shown = listing.show_device(by, 1)
    assert (shown["code"], shown["serial"], shown["firmware"]) == ("M1-B", "S-NEW", "2.0")
    assert [one["datastream"] for one in shown["datastreams"]] == [
        one["datastream"] for one in before
    ]
    stood = client.get("/api/devices/1/hardware").json()["items"]
    assert [one["serial"] for one in stood] == ["S-NEW", "S1"]
    assert stood[0]["until"] is None and stood[1]["until"] == stood[0]["since"]
    first = client.get("/api/observations/1/hardware").json()
    assert (first["thing"], first["hardware"]["serial"]) == (1, "S1")
    assert editing.observing_hardware(by, 2)["hardware"]["serial"] == "S-NEW"
    assert editing.hardware(by, 2)[0]["serial"] == "S2"


def test_what_is_no_replacement(by: Caller, sensing: Sensing, clock: ManualClock) -> None:
    put(by, sensing, meters(2))
    for new in (Replacement(""), Replacement("x", at=clock.now() + 1), Replacement("x", at=1)):
        with pytest.raises(BadReplacement):
            editing.replace_device(by, 1, new)
    with pytest.raises(CodeTaken):
        editing.replace_device(by, 1, Replacement("x", code="M2"))
    assert listing.show_device(by, 1)["code"] == "M1"
    assert len(editing.hardware(by, 1)) == 1


def test_replacing_over_http(client: TestClient, by: Caller, sensing: Sensing) -> None:
    put(by, sensing, meters(1))
    told = client.post("/api/devices/1/replace", json={"why": "worn out", "serial": "S9"}).json()
    assert accounts.device(by.database, told["credential"], told["secret"]) is not None
    at = {"why": "again", "at": "soon"}
    assert client.post("/api/devices/1/replace", json=at).status_code == 400
    none = {"why": "again", "credential": False}
    assert client.post("/api/devices/1/replace", json=none).json()["secret"] == ""
    assert listing.show_device(by, 1)["credential"]["revoked_at"] is not None


def test_credentials_are_shown_renewed_and_revoked(
    client: TestClient, by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    made = put(by, sensing, meters(2)).credentials
    shown = client.get("/api/devices/1").json()["credential"]
    assert shown == {"created_at": render(clock.now()), "revoked_at": None}
    file = client.post(
        "/api/devices/credentials", json={"things": [1, 2, 1]}, headers={"accept": "text/csv"}
    )
    rows = [line.split(",") for line in file.text.splitlines()[1:]]
    assert [row[0] for row in rows] == ["M1", "M2"]
    for code, name, secret in made:
        assert accounts.device(by.database, name, secret) is None, code
    assert accounts.device(by.database, rows[0][1], rows[0][2]) is not None
    assert client.post("/api/devices/credentials/revoke", json={"things": [1]}).json() == {
        "revoked": 1
    }
    assert client.post("/api/devices/credentials/revoke", json={"things": [1]}).json() == {
        "revoked": 0
    }
    assert accounts.device(by.database, rows[0][1], rows[0][2]) is None
    states = credentials.credentials(by, [1, 2])
    assert states[1] is not None and states[1].revoked_at == clock.now()
    assert accounts.credential_states(by, ["flood.meter/M2", "no"]).keys() == {"flood.meter/M2"}
    assert client.post("/api/devices/credentials", json={"things": [99]}).status_code == 404
    with by.database.read() as connection:
        told = connection.execute(
            select(outbox.c.body).where(outbox.c.topic == "credentials.revoked")
        ).scalars()
        assert list(told)[-1] == {"names": ["flood.meter/M1"]}
    assert accounts.revoke_devices(by, ["flood.meter/M2"]) == 1


def test_groups_by_list_and_by_rule(by: Caller, sensing: Sensing, client: TestClient) -> None:
    put(by, sensing, meters(3))
    put(by, sensing, meters(2, supplier="Zeta", start=7))
    listed = groups.add_group(by, "Listed")
    ruled = client.post(
        "/api/devices/groups", json={"name": "Zetas", "rule": {"supplier": "Zeta", "kind": KIND}}
    ).json()["id"]
    path = f"/api/devices/groups/{listed}/members"
    assert client.post(path, json={"add": [1, 2, 2]}).json() == {"count": 2}
    assert client.post(path, json={"remove": [1]}).json() == {"count": 1}
    assert codes(by, group=listed) == ["M2"] and codes(by, group=ruled) == ["M7", "M8"]
    shown = client.get("/api/devices/groups").json()["items"]
    assert [(one["name"], one["count"]) for one in shown] == [("Listed", 1), ("Zetas", 2)]
    assert [one["name"] for one in listing.show_device(by, 4)["groups"]] == ["Zetas"]
    with pytest.raises(GroupByRule):
        groups.set_members(by, ruled, [1])
    with pytest.raises(GroupTaken):
        groups.add_group(by, "Listed ")
    with pytest.raises(NoDevice):
        groups.set_members(by, listed, [99])
    for rule in ({}, {"colour": "red"}, {"area": "west"}):
        with pytest.raises(BadValue):
            groups.add_group(by, "Other", "", rule)
    groups.edit_group(by, listed, "By hand", "note")
    with pytest.raises(GroupByRule):
        groups.edit_group(by, listed, "By hand", "", {"kind": KIND})
    assert client.put(f"/api/devices/groups/{ruled}", json={"name": "Z"}).status_code == 409
    assert client.delete(f"/api/devices/groups/{ruled}").status_code == 204
    groups.remove_group(by, listed)
    assert groups.list_groups(by) == []
    with pytest.raises(NoSuchGroup):
        codes(by, group=listed)


def test_one_device_over_http(client: TestClient, sensing: Sensing) -> None:
    body = {"kind": KIND, "code": "A", "supplier": "ACME", "lon": 121.05, "lat": 31.05}
    made = client.post("/api/devices", json=body | {"credential": True})
    assert made.status_code == 201 and made.json()["secret"]
    sensing.changed()
    assert client.get("/api/devices?supplier=ACME").json()["items"][0]["code"] == "A"
    assert client.get("/api/devices/count?supplier=ACME").json() == {"count": 1}
    assert client.get("/api/devices?state=ill").status_code == 400
    assert client.patch("/api/devices/1", json={"model": "X2"}).json()["model"] == "X2"
    assert client.patch("/api/devices/1", json={"model": 2}).json()["type"].endswith("_value")
    assert client.get("/api/devices/7").status_code == 404


@pytest.mark.parametrize("role", ["department_handler", "citizen", "auditor"])
def test_only_those_who_may_manage(
    by: Caller, caller_for: Callable[..., Caller], role: str
) -> None:
    caller = caller_for(role)
    for refused in (
        lambda: importing.import_devices(caller, KIND, meters(1)),
        lambda: editing.edit_device(caller, 1, {"name": "x"}),
        lambda: credentials.rotate_credentials(caller, [1]),
    ):
        with pytest.raises(Denied):
            refused()


def test_details_are_kept_for_devices_made_one_by_one(by: Caller) -> None:
    device = NewDevice("A", details=Details(supplier="ACME", installed_on="2026-01-01"))
    service.register_device(by, KIND, device)
    assert listing.show_device(by, 1)["supplier"] == "ACME"
    assert importing.device_template(by, KIND, "en").startswith("\ufeffcode,name")


def test_secrets_for_many_at_once(by: Caller) -> None:
    wanted = [accounts.NewCredential(name, (1,), ("a/b",)) for name in ("one", "two")]
    first = accounts.add_devices(by, wanted)
    again = accounts.add_devices(by, wanted[:1])
    assert accounts.device(by.database, "one", first[0]) is None
    assert accounts.device(by.database, "one", again[0]) is not None
    assert accounts.device(by.database, "two", first[1]) is not None
