"""The whole line through a running process: signal, finding, case, handling, closing, why."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.main_line.district import PASSWORD, District, ago, picture, settle_in
from tests.main_line.server import Server, Stream, command, publish, until

RISING = ((420, 12), (360, 14), (300, 14), (240, 16), (180, 17), (120, 18))
"""Seconds ago and depth in cm: over the warning depth for two minutes with the last one."""


def _observe(server: Server, district: District, stream: Stream) -> float:
    """The device reports by MQTT and by HTTP; when the last, decisive message was sent."""
    *early, (last_ago, last_depth) = RISING
    with server.mqtt(district.credential, district.secret) as mqtt:
        for seconds, depth in early[:3]:
            publish(mqtt, district.topic, json.dumps({"t": ago(seconds), "depth": depth}))
        http = server.device(district.credential, district.secret)
        for seconds, depth in early[3:]:
            answer = http.post(
                f"/v1.1/Datastreams({district.datastream})/Observations",
                json={"phenomenonTime": ago(seconds), "result": depth},
            )
            assert answer.status_code == 201, answer.text
        until(lambda: any(kind == "latest" for _, kind, _ in stream.events), "latest values")
        sent = time.monotonic()
        publish(mqtt, district.topic, json.dumps({"t": ago(last_ago), "depth": last_depth}))
    return sent


def _step(client: httpx.Client, step: str, **given: Any) -> Any:
    answer = client.post(f"/api/cases/1/{step}", json=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _handle(server: Server) -> None:
    """The department starts, cannot report without evidence, and reports; the grid verifies."""
    handler = server.sign_in("wang.wei", PASSWORD)
    assert _step(handler, "start")["state"] == "handling"
    bare = handler.post("/api/cases/1/report", json={"text": "pumped dry"})
    assert bare.status_code == 400 and bare.json()["type"] == "cases.step_incomplete"
    files = {"photo": ("after.png", picture(), "image/png")}
    photos = handler.post("/api/cases/1/photos", files=files).json()["photos"]
    shown = _step(handler, "report", text="pumped dry", evidence=[photos[0]["sha"]])
    assert shown["state"] == "handled" and shown["kind"] == "waiting"
    assert handler.get(f"/api/blobs/{photos[0]['sha']}").content == picture()
    assert server.sign_in("police", PASSWORD).get("/api/cases/1").status_code == 404
    _step(server.sign_in("grid.one", PASSWORD), "verify_ok")


@pytest.mark.slow
def test_a_signal_becomes_a_closed_case(tmp_path: Path) -> None:
    with Server(tmp_path / "home").running() as server:
        district = settle_in(server, tmp_path / "files")
        stream = Stream(server.sign_in("centre", PASSWORD))
        sent = _observe(server, district, stream)
        found_at, finding = stream.first("finding")
        case_at, _ = stream.first("case")
        assert finding["rule"] == "road_ponding" and finding["severity"] == "warning"
        # A second on an idle machine; the rest is what a loaded one may add.
        assert found_at - sent < 10 and case_at - sent < 10

        case = district.admin.get("/api/cases/1").json()
        assert case["case_class"] == "underpass_flooding.road_ponding"
        assert case["organisation"] == district.organisations["DRAIN"]
        assert case["handler_name"] == "Wang Wei"
        assert case["grid"] == district.grids["G1"] and case["place"] == district.place
        assert any("Drainage Office" in line for line in case["dispatch"]["reason"]), case[
            "dispatch"
        ]
        assert case["due_at"] > case["opened_at"]

        _handle(server)
        case = district.admin.get("/api/cases/1").json()
        assert case["kind"] == "done", case["state"]
        _accountable(case)
        assert len(district.admin.get("/api/cases").json()["items"]) == 1
        _explained(server)
        _reconciled(server, district)
        assert server.stop() == 0
        assert "everything acknowledged is stored" in server.output()


def _accountable(case: dict[str, Any]) -> None:
    """Who and why stand at every change; people's steps carry what they wrote."""
    steps = [line["step"] for line in case["timeline"]]
    for wanted in ("start", "report", "verify_ok"):
        assert wanted in steps
    state = ""
    for line in case["timeline"]:
        assert line["actor"] and line["at"] and line["step_title"], line
        if line["state"] != state and line["step"] not in ("start", "report", "verify_ok"):
            assert line["reason"] or line["details"], line
        state = line["state"]
    told = next(line for line in case["timeline"] if line["step"] == "report")
    assert told["text"] == "pumped dry" and len(told["photos"]) == 1


def _explained(server: Server) -> None:
    """The command goes down to the observations, beside the server that holds the home."""
    told = command("explain", "case", "1", "--home", server.home)
    assert told.returncode == 0, told.stderr
    for wanted in ("underpass_flooding/road_ponding/", "wang.wei", "Drainage Office", "pumped dry"):
        assert wanted in told.stdout
    for _, depth in RISING[3:]:
        assert f"{depth}" in told.stdout


def _reconciled(server: Server, district: District) -> None:
    lines = until(lambda: _folded(district, len(RISING)), "the ledger")
    assert {line["source"] for line in lines} == {"mqtt", "http"}
    assert all(line["balanced"] for line in lines)
    assert sum(line["stored"] for line in lines) == len(RISING)
    printed = command("ledger", "--json", "--home", server.home)
    assert printed.returncode == 0
    assert sum(line["stored"] for line in json.loads(printed.stdout)) == len(RISING)


def _folded(district: District, received: int) -> Any:
    lines = district.admin.get("/api/ledger").json()["items"]
    return lines if sum(line["received"] for line in lines) >= received else None
