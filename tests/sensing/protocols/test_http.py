"""Reports by plain HTTP with JSON, and the routes of field protocols."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sensing.protocols.lines import Lines
from tests.sensing.protocols.running import Home
from yiwang.kernel.clock import ManualClock, parse
from yiwang.sensing.protocols.adapter import installed
from yiwang.store.database import Database

NOW = parse("2026-07-01T00:00:00Z")
KINDS = """
kinds:
  box:
    properties:
      depth_cm: {unit: cm, valid: {least: -100, most: 1000}}
      mode: {type: text}
    protocols:
      http_json:
        values: {depth_cm: d.depth, mode: m}
        time: at
        time_zone: Asia/Shanghai
      lines: {values: {depth_cm: L}}
  spoken:
    properties: {depth_cm: {unit: cm}}
    mqtt: {topic: "spoken/+/{device}", values: {depth_cm: depth}}
  mute:
    properties: {depth_cm: {unit: cm}}
"""


@pytest.fixture
def home(tmp_path: Path, sqlite: Database) -> Iterator[Home]:
    adapters = {"lines": Lines(), "http_json": installed()["http_json"]}
    with Home(tmp_path, sqlite, KINDS, adapters=adapters, clock=ManualClock(NOW)) as made:
        yield made


def send(home: Home, kind: str, code: str, body: Any, secret: str = "s3cret") -> Any:
    auth = (f"{kind}/A-1", secret)
    return home.request("POST", f"/api/report/{kind}/{code}", json=body, auth=auth)


def test_a_report_is_stored_once_and_answered_when_durable(home: Home) -> None:
    device = home.register("A-1", "s3cret")
    body = {"at": "2026-07-01 07:59:00", "d": {"depth": 12.5}, "m": "calm"}
    assert send(home, "test.box", "A-1", body).status_code == 204
    assert send(home, "test.box", "A-1", body).status_code == 204
    found = home.observed(device, "depth_cm")
    assert (found.result.tolist(), found.time.tolist()) == ([12.5], [NOW - 60_000_000])
    assert home.observed(device, "mode").exact == ['"calm"']
    assert home.ledger("http_json") == (4, 2, 2, 0)


def test_a_kind_without_the_mapping_is_read_as_over_mqtt(home: Home) -> None:
    device = home.register("A-1", "s3cret", "test.spoken")
    assert send(home, "test.spoken", "A-1", {"depth": 3}).status_code == 204
    assert home.results(device, "depth_cm") == [3.0]


@pytest.mark.parametrize(
    ("kind", "code", "body", "status", "reason", "words"),
    [
        ("test.box", "A-1", {"d": 3}, 400, "sensing.nothing_observed", "depth_cm"),
        ("test.box", "A-1", {"d": {"depth": 1e9}}, 400, "sensing.out_of_range", "range"),
        ("test.box", "A-1", {"at": "then", "m": "x"}, 400, "sensing.bad_time", "then"),
        ("test.box", "A-2", {"m": "x"}, 403, "sensing.not_allowed_to_write", "A-2"),
        ("test.box", "A-9", {"m": "x"}, 400, "sensing.unknown_device", "A-9"),
        ("test.mute", "A-1", {"m": "x"}, 400, "sensing.unknown_topic", "report/test.mute/A-1"),
    ],
)
def test_what_is_refused_says_why_and_is_kept(
    home: Home, kind: str, code: str, body: Any, status: int, reason: str, words: str
) -> None:
    home.register("A-1", "s3cret")
    home.register("A-2")
    home.register("A-1", "s3cret", "test.mute")
    answer = send(home, kind, code, body)
    assert (answer.status_code, answer.json()["type"]) == (status, reason)
    assert words in answer.text
    assert home.ledger("http_json") == (1, 0, 0, 1)


def test_only_devices_and_those_who_may_write_report(home: Home) -> None:
    home.register("A-1", "s3cret")
    assert send(home, "test.box", "A-1", {"m": "x"}, "wrong").status_code == 401
    assert home.request("POST", "/api/report/test.box/A-1", json={}).status_code == 401
    auditor = home.token("auditor")
    asked = home.request("POST", "/api/report/test.box/A-1", json={}, headers=auditor)
    assert asked.status_code == 403
    assert home.ledger("http_json") == (0, 0, 0, 0)


def test_protocols_devices_commands_and_secrets_over_http(home: Home) -> None:
    device = home.register("A-1", "s3cret")
    admin = home.token("administrator")
    with home.client("lines") as client:
        client.send(b"A-1 s3cret %d L=3\n" % (NOW // 1_000_000))
        assert client.line() == b"ok 1"
        shown = home.request("GET", "/api/protocols", headers=admin).json()["items"]
        assert [(item["name"], item["devices"]) for item in shown] == [
            ("http_json", 0),
            ("lines", 1),
        ]
        path = "/api/protocols/lines/devices"
        (one,) = home.request("GET", path, headers=admin).json()["items"]
        assert one["code"] == "A-1" and one["heard"] == "2026-07-01T00:00:00Z"
        commands = f"/api/devices/{device.thing}/commands"
        given = home.request("POST", commands, json={"command": "ping"}, headers=admin)
        assert (given.status_code, given.json()["state"]) == (200, "rehearsed")
        assert len(home.request("GET", commands, headers=admin).json()["items"]) == 1
    path = f"/api/devices/{device.thing}/secret"
    made = home.request("POST", path, json={"secret": "other"}, headers=admin)
    assert made.json() == {"thing": device.thing, "secret": "other"}
    gone = home.request("POST", "/api/devices/999/secret", json={}, headers=admin)
    assert (gone.status_code, gone.json()["type"]) == (404, "sensing.no_such_thing")
    assert home.request("GET", "/api/protocols").status_code == 401
