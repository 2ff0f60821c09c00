"""Renewed, revoked and replaced: what it means for devices that are connected over MQTT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from tests.sensing.mqtt.test_client import until
from tests.sensing.mqtt.whole import Whole, caller, populate
from yiwang.sensing.fleet import credentials, editing
from yiwang.sensing.fleet.editing import Replacement
from yiwang.store.database import Database


@pytest.fixture
def server(sqlite: Database, tmp_path: Path) -> Iterator[Whole]:
    populate(sqlite, 3)
    with Whole(sqlite, tmp_path) as running:
        yield running


def connected(server: Whole, name: str, secret: str) -> paho.Client:
    made = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    made.username_pw_set(name, secret)
    made.connect("127.0.0.1", server.port)
    made.loop_start()
    return made


def test_a_revoked_credential_ends_the_connection_and_admits_nobody(server: Whole) -> None:
    by = caller(server.database)
    (_, name, secret), (_, other, other_secret) = credentials.rotate_credentials(by, [1, 2])
    device, second = connected(server, name, secret), connected(server, other, other_secret)
    until(device.is_connected)
    until(second.is_connected)
    refused: list[str] = []
    device.on_connect = lambda _, __, ___, code, ____: refused.append(str(code))
    credentials.revoke_credentials(by, [1])
    server.mqtt.expel([name])
    until(lambda: bool(refused))
    assert refused[0] == "Bad user name or password"
    assert second.is_connected()
    for one in (device, second):
        one.disconnect()
        one.loop_stop()


def test_replaced_hardware_writes_into_the_same_datastream(server: Whole) -> None:
    by = caller(server.database)
    made = editing.replace_device(by, 1, Replacement("worn out", code="UP-NEW"))
    assert made is not None
    server.mqtt.refresh(anew=True)
    device = connected(server, *made)
    until(device.is_connected)
    device.publish("level/UP-NEW", b'{"depth": 7}', 1).wait_for_publish(10)
    device.publish("level/UP-1", b'{"depth": 9}', 1).wait_for_publish(10)
    until(lambda: server.stored() == 1)
    assert server.results() == [7.0]
    device.disconnect()
    device.loop_stop()
