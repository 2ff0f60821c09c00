"""Whatever devices send wrongly ends in the ledger, with its reason and as it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.main_line.district import District, ago, settle_in
from tests.main_line.server import Server, publish, until

YEARS = 3 * 366 * 86_400.0


def _by_mqtt(district: District) -> dict[str, str]:
    """Payload and reason; the topic is the device's own."""
    return {
        '{"t": ': "sensing.not_json",
        '{"depth": "deep"}': "sensing.not_a_number",
        json.dumps({"t": ago(60), "depth": 99_999}): "sensing.out_of_range",
        json.dumps({"t": ago(-86_400), "depth": 4}): "sensing.in_future",
        json.dumps({"t": ago(YEARS), "depth": 5}): "sensing.too_old",
        json.dumps({"t": "yesterday", "depth": 6}): "sensing.bad_time",
    }


def _by_http(district: District) -> list[tuple[int, Any, str]]:
    """Datastream, body and reason."""
    own = district.datastream
    return [
        (own, {"phenomenonTime": ago(50), "result": 88_888}, "sensing.out_of_range"),
        (own, {"phenomenonTime": ago(-90_000), "result": 7}, "sensing.in_future"),
        (own, {"phenomenonTime": ago(YEARS), "result": 8}, "sensing.too_old"),
    ]


@pytest.mark.slow
def test_bad_messages_are_kept_with_their_reasons(tmp_path: Path) -> None:
    with Server(tmp_path / "home").running() as server:
        district = settle_in(server, tmp_path / "files")
        wrong = _by_mqtt(district)
        good = json.dumps({"t": ago(30), "depth": 3})
        with server.mqtt(district.credential, district.secret) as mqtt:
            for payload in wrong:
                publish(mqtt, district.topic, payload)
            publish(mqtt, district.topic, good)
            publish(mqtt, district.topic, good)
            publish(mqtt, "underpass/WL-404/level", good)
        refused = _send_by_http(server, district)
        lines = until(lambda: _all_folded(district, len(wrong) + 3 + len(refused)), "the ledger")

        assert all(line["balanced"] for line in lines)
        mqtt_line = next(line for line in lines if line["source"] == "mqtt")
        assert (mqtt_line["stored"], mqtt_line["duplicate"]) == (1, 1)
        kept = district.admin.get("/api/rejections?limit=100").json()["items"]
        by_raw = {item["raw"]: item["reason"] for item in kept}
        for payload, reason in wrong.items():
            assert by_raw[payload] == reason
        strange = [item for item in kept if "WL-404" in item["where"]]
        assert [item["raw"] for item in strange] == [good]
        by_http = [item for item in kept if item["source"] == "http"]
        assert sorted(item["reason"] for item in by_http) == sorted(refused)
        assert district.admin.get("/api/cases").json()["items"] == []


def _send_by_http(server: Server, district: District) -> list[str]:
    """Each is answered with its problem; the reasons of those that count as received."""
    http = server.device(district.credential, district.secret)
    reasons: list[str] = []
    for number, body, reason in _by_http(district):
        answer = http.post(f"/v1.1/Datastreams({number})/Observations", json=body)
        assert 400 <= answer.status_code < 500, answer.text
        assert reason in answer.text
        reasons.append(reason)
    path = f"/v1.1/Datastreams({district.datastream})/Observations"
    garbage = http.post(path, content=b'{"result": ', headers={"content-type": "application/json"})
    assert garbage.status_code == 400
    reasons.append("sensing.undecodable")
    unknown = http.post("/v1.1/Datastreams(4711)/Observations", json={"result": 1})
    assert unknown.status_code == 403, unknown.text
    reasons.append("sensing.not_allowed_to_write")
    stranger = server.device(district.credential, "wrong secret").post(path, json={"result": 1})
    assert stranger.status_code == 401
    return reasons


def _all_folded(district: District, received: int) -> Any:
    lines = district.admin.get("/api/ledger").json()["items"]
    return lines if sum(line["received"] for line in lines) >= received else None
