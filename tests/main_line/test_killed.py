"""``kill -9`` right after an acknowledgement: what was acknowledged is there, and judged once."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.main_line.district import District, ago, settle_in
from tests.main_line.server import Server, command, publish, until

ROUNDS = ((480, 12), (420, 12)), ((360, 17), (300, 17), (240, 17), (180, 18)), ((120, 19),)
"""Seconds ago and depth; the server is killed after each. The second raises the finding.

None is old enough that the meter counts as silent (a quarter of an hour) where it is judged before
the next one is there.
"""


@pytest.mark.slow
def test_what_was_acknowledged_survives_and_is_judged_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    district: District | None = None
    sent: list[str] = []
    for messages in ROUNDS:
        with Server(home).running() as server:
            if district is None:
                district = settle_in(server, tmp_path / "files")
            with server.mqtt(district.credential, district.secret) as mqtt:
                for seconds, depth in messages:
                    payload = json.dumps({"t": ago(seconds), "depth": depth})
                    publish(mqtt, district.topic, payload)
                    sent.append(payload)
                server.kill()
    assert district is not None
    with Server(home).running() as server:
        admin = server.admin()
        path = f"/v1.1/Datastreams({district.datastream})/Observations"
        stored = admin.get(path, params={"$top": 1000, "$orderby": "phenomenonTime"}).json()
        assert [one["result"] for one in stored["value"]] == [
            json.loads(payload)["depth"] for payload in sent
        ]
        until(lambda: admin.get("/api/cases").json()["items"], "the case")
        with server.mqtt(district.credential, district.secret) as mqtt:
            for payload in sent:
                publish(mqtt, district.topic, payload)
        lines = until(lambda: _folded(admin, 2 * len(sent)), "the ledger")
        assert sum(line["stored"] for line in lines) == len(sent)
        assert sum(line["duplicate"] for line in lines) == len(sent)
        assert all(line["balanced"] for line in lines)
        assert len(admin.get("/api/cases").json()["items"]) == 1
        findings = admin.get("/api/findings?state=all").json()["items"]
        assert [one["rule"] for one in findings] == ["road_ponding"]
        assert server.stop() == 0
    _once(home)


def _folded(admin: Any, received: int) -> Any:
    lines = admin.get("/api/ledger").json()["items"]
    return lines if sum(line["received"] for line in lines) >= received else None


def _once(home: Path) -> None:
    """One opening and one dispatch stand in the timeline, and the home is sound."""
    told = command("explain", "case", "1", "--home", home)
    assert told.stdout.count("underpass_flooding/road_ponding/") == 1
    database = sqlite3.connect(home / "yiwang.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
