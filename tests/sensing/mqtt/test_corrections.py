"""Subscribers hear of observations that were corrected and of things that moved; mosquitto_sub
listens."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sensing.mqtt.test_client import until
from tests.sensing.mqtt.test_updates import City, Client
from tests.sensing.mqtt.whole import Whole
from tests.sensing.sta.conftest import location
from yiwang.security import accounts
from yiwang.sensing.protocols import moving
from yiwang.sensing.protocols.moving import Move
from yiwang.sensing.sta import alterations
from yiwang.sensing.sta import path as paths
from yiwang.store.database import Database

LATE = 4_000_000_000_000_000


@pytest.fixture
def city(database: Database, tmp_path: Path) -> Iterator[City]:
    with Whole(database, tmp_path) as server:
        made = City(server)
        yield made
        made.writer.close()


@pytest.fixture
def admin(city: City) -> Iterator[Client]:
    made = city.person("administrator")
    yield made
    made.close()


def corrected(city: City, number: int, **body: Any) -> None:
    path = paths.parse(f"Observations({number})")
    alterations.change(city.caller, path, json.dumps(body).encode(), "merge")
    city.relay()


def observed(city: City, stream: int, result: Any) -> int:
    """Make an observation; returns its id once it can be read."""
    city.observe(stream, result)
    (shown,) = city.get(f"Datastreams({stream})/Observations")["value"]
    return int(shown["@iot.id"])


class Mosquitto:
    """mosquitto_sub as another process."""

    def __init__(self, city: City, count: int, *topics: str) -> None:
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(city.server.port), "-V", "5"]
        command += [
            "-u",
            "administrator",
            "-P",
            accounts.add_token(city.caller, "administrator", "sub"),
            "-q",
            "1",
            "-v",
            "-W",
            "10",
        ]
        command += ["-C", str(count)]
        for topic in topics:
            command += ["-t", topic]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watches = city.server.mqtt.updates.watches  # type: ignore[union-attr]
        until(lambda: all(topic in watches._watches for topic in topics))

    def heard(self) -> list[tuple[str, Any]]:
        lines = self._process.communicate(timeout=20)[0].splitlines()
        pairs = [line.split(" ", 1) for line in lines]
        return [(topic, json.loads(payload)) for topic, payload in pairs]


def test_a_real_client_hears_of_corrections_and_moves(city: City, admin: Client) -> None:
    number = observed(city, 1, 5)
    mine = "v1.1/Datastreams(1)/Observations"
    with_place = "v1.1/Things(1)?$expand=Locations"
    client = Mosquitto(city, 4, mine, "v1.1/Things(1)", with_place, "v1.1/Things(1)/Locations")
    corrected(city, number, result=6)
    city.add("Things(1)/Locations", location(117.5, name="moved"))
    city.relay()
    heard = dict(client.heard())
    assert heard[mine]["result"] == 6
    assert heard[mine] == city.get(f"Observations({number})")
    assert heard["v1.1/Things(1)"] == city.get("Things(1)")
    assert heard[with_place] == city.get("Things(1)?$expand=Locations")
    assert heard[with_place]["Locations"][0]["location"]["coordinates"][0] == 117.5
    assert heard["v1.1/Things(1)/Locations"] == city.get("Things(1)/Locations")["value"][0]


def test_corrections_are_told_to_who_sees_and_asks(city: City, admin: Client) -> None:
    number = observed(city, 1, 5)
    anybody = Client(city.server)
    anybody.subscribe("v1.1/Observations")
    for topic in (
        f"v1.1/Observations({number})",
        f"v1.1/Observations({number})/result",
        "v1.1/Observations?$filter=result gt 50&$select=result",
        "v1.1/Datastreams(2)/Observations",
    ):
        admin.subscribe(topic)
    corrected(city, number, result=6)
    admin.wait(2)
    corrected(city, number, result=60)
    admin.wait(5)
    assert sorted(admin.heard, key=str) == sorted(
        [
            (f"v1.1/Observations({number})", city.get(f"Observations({number})") | {"result": 6}),
            (f"v1.1/Observations({number})", city.get(f"Observations({number})")),
            (f"v1.1/Observations({number})/result", {"result": 6}),
            (f"v1.1/Observations({number})/result", {"result": 60}),
            ("v1.1/Observations?$filter=result gt 50&$select=result", {"result": 60}),
        ],
        key=str,
    )
    assert anybody.heard == []
    anybody.close()


def test_a_thing_that_a_protocol_moves_is_told_and_sets_are_not(city: City, admin: Client) -> None:
    admin.subscribe("v1.1/Things")
    admin.subscribe("v1.1/Things(2)")
    admin.subscribe("v1.1/Things(2)/name")
    admin.subscribe("v1.1/Things(2)/Locations")
    moving.write(city.server.database, [Move(2, 116.5, 39.5, LATE)], LATE)
    city.relay()
    admin.wait(2)
    assert dict(admin.heard) == {
        "v1.1/Things(2)": city.get("Things(2)"),
        "v1.1/Things(2)/Locations": city.get("Things(2)/Locations")["value"][0],
    }
    assert len(admin.heard) == 2
