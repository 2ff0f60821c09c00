"""The ledger, rejected messages and device health: as actions, over HTTP, as a command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.sensing.core.conftest import incoming
from tests.sensing.core.test_devices import KIND, declared
from yiwang.contracts.observations import Rejected
from yiwang.kernel.clock import DAY, HOUR, MINUTE, SECOND, ManualClock
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import Identity
from yiwang.sensing import cli, health, ledger, service
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.http import routes
from yiwang.sensing.latest import Latest
from yiwang.sensing.runtime import Sensing
from yiwang.web import errors


@pytest.fixture
def sensing(tmp_path: Path, system_caller: Caller, clock: ManualClock) -> Iterator[Sensing]:
    home = tmp_path / "home"
    (home / "observations").mkdir(parents=True)
    service.install_kinds(system_caller, "flood", declared(tmp_path))
    names = [NewDevice(f"WL-{number}", lon=121, lat=31) for number in range(4)]
    service.register_devices(system_caller, KIND, names)
    made = Sensing(Settings(home=home), system_caller.database, clock)
    yield made
    made.close()


@pytest.fixture
def by(system_caller: Caller, sensing: Sensing) -> Caller:
    return replace(system_caller, ports=sensing.ports())


@pytest.fixture
def client(by: Caller) -> Iterator[TestClient]:
    async def as_caller(request: Request, call_next: Any) -> Response:
        request.state.caller = by
        answer: Response = await call_next(request)
        return answer

    application = Starlette(routes=routes(), exception_handlers=errors.HANDLERS)
    application.add_middleware(BaseHTTPMiddleware, dispatch=as_caller)
    with TestClient(application) as made:
        yield made


def messages(sensing: Sensing, clock: ManualClock) -> None:
    """One good row, one again, one unknown, two that cannot be decoded."""
    now = clock.now()
    lost = [Rejected("sensing.undecodable", b"{", "level/1"), Rejected("x.y", b"\xff\x00", "t")]
    rows = [(1, now, 5.0), (1, now, 5.0), (99, now, 5.0)]
    sensing.intake.accept(incoming(rows, "mqtt", now, rejected=lost))


def test_the_ledger_adds_up_by_source_and_day(
    client: TestClient, sensing: Sensing, clock: ManualClock
) -> None:
    messages(sensing, clock)
    clock.advance(DAY)
    messages(sensing, clock)
    sensing.intake.accept(incoming([(2, clock.now(), 1.0)], "http", clock.now()))
    sensing.settle()
    sensing.ledger.waiting = lambda: {"mqtt": 7, "file": 2}
    lines = client.get("/api/ledger").json()["items"]
    assert [(line["source"], line["day"]) for line in lines] == [
        ("mqtt", "2026-07-02"),
        ("http", "2026-07-02"),
        ("file", "2026-07-02"),
        ("mqtt", "2026-07-01"),
    ]
    newest = lines[0]
    assert newest["reasons"] == {
        "sensing.undecodable": 1,
        "sensing.unknown_datastream": 1,
        "x.y": 1,
    }
    counts = ("received", "stored", "duplicate", "rejected", "waiting")
    assert [newest[name] for name in counts] == [12, 1, 1, 3, 7]
    assert all(line["balanced"] for line in lines)
    (old,) = client.get("/api/ledger?day=2026-07-01").json()["items"]
    assert [old[name] for name in counts] == [5, 1, 1, 3, 0]


def test_the_day_is_the_citys(by: Caller, sensing: Sensing, clock: ManualClock) -> None:
    clock.set(clock.now() + 15 * HOUR + 59 * MINUTE)
    messages(sensing, clock)
    clock.advance(MINUTE)
    messages(sensing, clock)
    sensing.settle()
    assert [line.day for line in ledger.lines(by)] == ["2026-07-02", "2026-07-01"]


def test_rejected_messages_can_be_read_page_by_page(
    client: TestClient, sensing: Sensing, clock: ManualClock
) -> None:
    for _ in range(3):
        messages(sensing, clock)
    sensing.settle()
    seen: list[dict[str, Any]] = []
    after = ""
    while True:
        page = client.get("/api/rejections", params={"limit": 4, "after": after}).json()
        seen += page["items"]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == 9 == len({item["id"] for item in seen})
    raws = {item["reason"]: item.get("raw") or item.get("raw_base64") for item in seen}
    assert raws["sensing.undecodable"] == "{"
    assert raws["x.y"] == "/wA="
    assert '"datastream":99' in raws["sensing.unknown_datastream"]
    only = client.get("/api/rejections?reason=x.y&source=mqtt").json()["items"]
    assert len(only) == 3
    assert client.get("/api/rejections?source=other").json() == {"items": [], "next": None}


def test_old_rejected_messages_are_forgotten_but_still_counted(
    by: Caller, sensing: Sensing, clock: ManualClock
) -> None:
    messages(sensing, clock)
    sensing.settle()
    assert sensing.ledger.forget(clock.now() + ledger.RAW_KEPT) == 0
    assert sensing.ledger.forget(clock.now() + ledger.RAW_KEPT + 1) == 3
    assert ledger.lines(by)[0].rejected == 3


def test_the_ledger_command(sqlite: object, tmp_path: Path, clock: ManualClock) -> None:
    database: Any = sqlite
    home = tmp_path / "home"
    (home / "observations").mkdir(parents=True)
    (home / "yiwang.yaml").write_text(f"database: {database.engine.url}\n")
    empty = CliRunner().invoke(cli.show, ["--home", str(home)])
    assert (empty.exit_code, empty.output) == (0, "Nothing has been received.\n")
    sensing = Sensing(Settings(home=home), database, clock)
    messages(sensing, clock)
    sensing.close()
    shown = CliRunner().invoke(cli.show, ["--home", str(home), "--day", "2026-07-01"])
    assert shown.exit_code == 0 and "mqtt" in shown.output
    lines = json.loads(CliRunner().invoke(cli.show, ["--home", str(home), "--json"]).output)
    assert [line["received"] for line in lines] == [5]


def test_devices_go_silent_and_come_back(
    client: TestClient, sensing: Sensing, clock: ManualClock
) -> None:
    def summary() -> list[int]:
        total = client.get("/api/devices/summary").json()["total"]
        return [total[name] for name in ("total", "online", "silent", "never")]

    assert summary() == [4, 0, 0, 4]
    now = clock.now()
    sensing.intake.accept(incoming([(1, now, 1.0), (4, now, 1.0)], received=now))
    assert summary() == [4, 2, 0, 2]
    clock.advance(10 * MINUTE)
    sensing.intake.accept(incoming([(4, clock.now(), 1.0)], received=clock.now()))
    clock.advance(6 * MINUTE)
    assert summary() == [4, 1, 1, 2]
    (silent,) = client.get("/api/devices/health?state=silent").json()["items"]
    assert (silent["code"], silent["unheard_s"]) == ("WL-0", 960)
    assert silent["last_seen"] == "2026-07-01T00:00:00Z"
    online = client.get("/api/devices/health", params={"state": "online", "kind": KIND}).json()
    assert [item["code"] for item in online["items"]] == ["WL-1"]
    assert client.get("/api/devices/health?kind=no.kind").json()["items"] == []
    assert client.get("/api/devices/health?state=asleep").status_code == 400
    first = client.get("/api/devices/health?limit=3").json()
    rest = client.get("/api/devices/health", params={"limit": 3, "after": first["next"]}).json()
    assert (len(first["items"]), len(rest["items"])) == (3, 1)


def test_a_clock_that_is_wrong_is_flagged(
    client: TestClient, sensing: Sensing, clock: ManualClock
) -> None:
    for _ in range(5):
        now = clock.advance(MINUTE) or clock.now()
        ahead, behind, right = now + 2 * MINUTE, now - HOUR, now - SECOND
        rows = [(1, ahead, 1.0), (4, behind, 1.0), (7, right, 1.0)]
        sensing.intake.accept(incoming(rows, received=now))
    clock.advance(HOUR)
    buffered = [(10, clock.now() - minute * MINUTE, 1.0) for minute in (50, 30, 20, 10, 1)]
    for row in buffered:
        sensing.intake.accept(incoming([row], received=clock.now()))
    found = client.get("/api/devices/health?state=skewed").json()["items"]
    assert {item["code"]: item["skew_s"] for item in found} == {"WL-0": 120.0, "WL-1": -3600.0}


def test_devices_none_of_which_has_a_rhythm_are_examined() -> None:
    index = health.build([(1, "flood.gauge", 0), (2, "flood.gauge", 0)], [])
    found = health.examine(index, Latest(), health.Delays(), 2 * DAY)
    assert found.state.tolist() == [2, 2] and not found.skewed.any()


def test_a_device_is_registered_over_http_and_known_at_once(
    client: TestClient, sensing: Sensing, clock: ManualClock
) -> None:
    body = {"kind": KIND, "code": "NEW", "lon": 121.5, "lat": 31.2, "credential": True}
    made = client.post("/api/devices", json=body)
    assert made.status_code == 201 and made.json()["secret"]
    stream = made.json()["datastreams"]["depth_cm"]
    receipt = sensing.intake.accept(
        incoming([(stream, clock.now(), 5.0), (stream, clock.now(), 5000.0)], received=clock.now())
    )
    assert receipt.numbers.tolist() == [1, -1]
    sensing.changed()
    assert client.get("/api/devices/summary").json()["total"]["total"] == 5
    assert client.post("/api/devices", json=body).status_code == 409
    assert client.post("/api/devices", json=body | {"kid": 1}).status_code == 400
    (kind,) = client.get("/api/devices/kinds").json()["items"]
    assert kind["kind"] == KIND and kind["properties"][0]["name"] == "depth_cm"
    shown = client.get("/api/observations/1").json()
    assert (shown["result"], shown["source"]) == (5.0, "test")
    assert client.get("/api/observations/2").status_code == 404


def test_only_those_who_may_read_sensing(by: Caller, clock: ManualClock) -> None:
    assert len(health.listing(by)) == 4
    citizen = replace(by, identity=Identity("user", 1, "somebody", frozenset({"citizen"})))
    for asked in (health.listing, health.summary, ledger.lines, ledger.rejected, service.kinds):
        with pytest.raises(Denied):
            asked(citizen)


def test_background_work_folds_and_reloads(
    by: Caller, sensing: Sensing, clock: ManualClock, tmp_path: Path
) -> None:
    sensing.start()
    messages(sensing, clock)
    text = (tmp_path / "devices.yaml").read_text().replace("most: 900", "most: 4")
    service.install_kinds(by, "flood", declared(tmp_path, text))
    sensing.changed()
    sensing._stop.wait(1.5)
    assert [line.received for line in ledger.lines(by)] == [5]
    receipt = sensing.intake.accept(incoming([(1, clock.now(), 5.0)], received=clock.now()))
    assert receipt.rejected[0].reason == "sensing.out_of_range"
