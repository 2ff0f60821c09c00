"""Our client against a real Mosquitto."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
import pytest
import uvloop

from tests.sensing.mqtt.brokers import MOSQUITTO, Mosquitto
from tests.sensing.mqtt.running import AnyTopic, Store
from yiwang.kernel.clock import SystemClock
from yiwang.sensing.mqtt.client import Broker, Client, broker
from yiwang.sensing.mqtt.inlet import Inlet

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


class RunningClient:
    def __init__(self, port: int, store: Store | None = None) -> None:
        self.store = store or Store()
        self._broker = Broker("127.0.0.1", port, window=500)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._main()), daemon=True)

    def __enter__(self) -> RunningClient:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def call(self, function: Callable[..., Any]) -> Any:
        async def run() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        inlet = Inlet("mqtt:test", self.store, AnyTopic(), SystemClock())
        inlet.start()
        self.client = Client(self._broker, inlet, ["level/+"], longest_wait_s=0.5)
        self.client.start()
        self._ready.set()
        await self._stop.wait()
        if self.store.held is None:
            await self.client.close()


def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.02)


def publish(port: int, first: int, last: int, topic: str = "level/7", body: bytes = b"%d") -> None:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [client.publish(topic, body % number, 1) for number in range(first, last)]
    for message in sent:
        message.wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def mosquitto(tmp_path):
    server = Mosquitto(tmp_path)
    yield server
    server.stop()


def expected(last: int) -> list[bytes]:
    return [b"%d" % number for number in range(last)]


def test_messages_arrive_in_order(mosquitto):
    with RunningClient(mosquitto.port) as running:
        until(lambda: running.client.connected)
        time.sleep(0.1)
        publish(mosquitto.port, 0, 3000)
        until(lambda: len(running.store.payloads) >= 3000)
        assert running.store.payloads == expected(3000)


def test_what_was_not_durable_comes_again(mosquitto):
    store = Store()
    store.hold()
    with RunningClient(mosquitto.port, store) as running:
        until(lambda: running.client.connected)
        time.sleep(0.1)
        publish(mosquitto.port, 0, 1000)
        until(lambda: store.payloads)
    with RunningClient(mosquitto.port) as running:
        until(lambda: len(running.store.payloads) >= 1000)
        assert running.store.payloads == expected(1000)


def test_what_was_published_while_we_were_away_arrives(mosquitto):
    with RunningClient(mosquitto.port) as running:
        until(lambda: running.client.connected)
        time.sleep(0.1)
    publish(mosquitto.port, 0, 500)
    with RunningClient(mosquitto.port) as running:
        until(lambda: len(running.store.payloads) >= 500)
        assert running.store.payloads == expected(500)


def test_it_comes_back_after_the_broker_was_restarted(mosquitto):
    with RunningClient(mosquitto.port) as running:
        until(lambda: running.client.connected)
        mosquitto.stop()
        until(lambda: not running.client.connected)
        until(lambda: "cannot be reached" in running.client.trouble)
        mosquitto.start()
        until(lambda: running.client.connected)
        time.sleep(0.2)
        publish(mosquitto.port, 0, 100)
        until(lambda: len(running.store.payloads) >= 100)


def test_addresses():
    assert broker("mosquitto.example").port == 1883
    assert broker("[::1]:1999").host == "::1"
    given = broker("mqtts://city:p%40ss@broker:8884", "share")
    assert (given.name, given.password, given.tls) == ("city", b"p@ss", True)
    assert given.label == "broker:8884"
