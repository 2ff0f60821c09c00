"""A full disk: intake waits and says so, nothing acknowledged is lost, and it goes on by itself."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.main_line.district import KIND, ago
from tests.main_line.server import Server, publish, until

SIZE_MB = 48
LATER = range(2, 902)
"""Depths reported while the disk is full: more than the rest of the log's last page holds."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(
            "no file system can be mounted here; test_log and test_buffer inject the failure: "
            f"{done.stderr}"
        )
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            os.fsync(filler.fileno())


@pytest.mark.slow
def test_a_full_disk_stops_the_intake_until_there_is_room(disk: Path) -> None:
    with Server(disk / "home").running() as server:
        admin = server.admin()
        device = admin.post("/api/devices", json={"kind": KIND, "code": "WL-1", "credential": True})
        made = device.json()
        topic = "underpass/WL-1/level"
        with server.mqtt(made["credential"], made["secret"]) as mqtt:
            publish(mqtt, topic, json.dumps({"t": ago(3000), "depth": 1}))
            filler = disk / "filler"
            _fill(filler)
            waiting = [
                mqtt.publish(topic, json.dumps({"t": ago(2000 - n), "depth": n}), qos=1)
                for n in LATER
            ]
            until(lambda: _health(server).status_code == 503, "the health page's word")
            assert _health(server).json()["status"] == "store.disk_full"
            held = [message for message in waiting if not message.is_published()]
            assert held, "what could not be stored was acknowledged"
            assert "The disk that holds the home is full" in server.output()
            filler.unlink()
            for message in waiting:
                message.wait_for_publish(60)
                assert message.is_published()
        until(lambda: _health(server).status_code == 200, "recovery")
        path = f"/v1.1/Datastreams({made['datastreams']['depth_cm']})/Observations"
        found = admin.get(path, params={"$top": 1000, "$orderby": "phenomenonTime"}).json()["value"]
        assert [one["result"] for one in found] == [1, *LATER]
        assert admin.get("/api/session").status_code == 200
        assert server.stop() == 0
    with Server(disk / "home").running() as server:
        found = server.admin().get(path, params={"$top": 1000}).json()["value"]
        assert len(found) == 1 + len(LATER)


def _health(server: Server) -> httpx.Response:
    return httpx.get(f"{server.url}/api/health", timeout=30)
