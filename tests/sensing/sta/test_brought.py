"""Observations that a request brings along, where the platform is killed in the middle of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from tests.sensing.sta.conftest import Service
from tests.sensing.sta.killed import BODY, BROUGHT, GROUP, KILLED, SINGLE, app, platform_of
from yiwang.sensing import ledger as ledgers
from yiwang.sensing import tables
from yiwang.sensing.runtime import Sensing


def kept(database: Any) -> int:
    count = select(func.count()).select_from(tables.brought_observations)
    with database.read() as connection:
        return int(connection.execute(count).scalar_one())


def drained(sensing: Sensing) -> None:
    """Wait until what was kept is taken up; it never is where that does not work."""
    while kept(sensing.database):
        time.sleep(0.02)


@pytest.mark.parametrize(("point", "repeated"), [("committed", 0), ("stored", 3)])
def test_a_start_finishes_what_a_kill_cut_off(tmp_path: Path, point: str, repeated: int) -> None:
    command = [sys.executable, "-m", "tests.sensing.sta.killed", str(tmp_path), point]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == KILLED and not done.stdout, done.stderr
    with platform_of(tmp_path) as platform:
        assert kept(platform.database) == 2
        platform.sensing.start()
        drained(platform.sensing)
        client = TestClient(app(platform))
        query = "Observations?$orderby=phenomenonTime&$expand=Datastream,FeatureOfInterest"
        found = client.get(f"/v1.1/{query}").json()["value"]
        assert [item["result"] for item in found] == [1.5, "wet", 3]
        assert found[1]["parameters"] == BROUGHT[1]["parameters"]
        assert {item["Datastream"]["@iot.id"] for item in found} == {1}
        assert {item["FeatureOfInterest"]["name"] for item in found} == {"Gate"}
        platform.sensing.settle()
        with platform.database.read() as connection:
            (line,) = ledgers.read(connection)
        assert (line.stored, line.duplicate, line.rejected) == (3, repeated, 0)
        assert line.balanced


def test_what_is_answered_is_kept_no_more(service: Service) -> None:
    service.send("POST", "$batch", GROUP)
    service.post("Things", BODY)
    assert kept(service.database) == 0
    assert len(service.get("Observations")["value"]) == 5


def test_what_is_refused_is_not_kept(service: Service) -> None:
    wrong = {**SINGLE, "result": 1, "phenomenonTime": "2100-01-01T00:00:00Z"}
    first, second = GROUP["requests"]
    service.send("POST", "$batch", {"requests": [first, {**second, "body": wrong}]})
    assert kept(service.database) == 0
    assert service.get("Things")["value"] == service.get("Observations")["value"] == []
