"""From an observation published over MQTT to its update at a subscriber of SensorThings.

Starts a platform of its own; one client publishes at a steady rate to many datastreams, others
subscribe to single ones and to all. Prints the latency in milliseconds.

    python bench/mqtt_updates.py [--rate 200] [--seconds 10] [--streams 1000]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
from tests.sensing.mqtt.whole import Whole, caller, credential, populate

from yiwang.security import accounts
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

SECRET = "a-long-secret"
SINGLE = "v1.1/Datastreams(1)/Observations"


def client(port: int, name: str, secret: str) -> paho.Client:
    made = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    made.username_pw_set(name, secret)
    made.max_inflight_messages_set(0)
    made.connect("127.0.0.1", port)
    made.loop_start()
    while not made.is_connected():
        time.sleep(0.01)
    return made


def listened(port: int, token: str, topic: str, act: Callable[[], None]) -> list[float]:
    """Milliseconds from sending to hearing, of everything heard on a topic meanwhile."""
    heard: list[float] = []
    granted = threading.Event()

    def take(_c: object, _u: object, message: paho.MQTTMessage) -> None:
        now = time.perf_counter_ns()
        heard.append((now - json.loads(message.payload)["parameters"]["sent"]) / 1e6)

    reader = client(port, "reader", token)
    reader.on_message = take
    reader.on_subscribe = lambda *_: granted.set()
    reader.subscribe(topic, 0)
    granted.wait(10)
    act()
    time.sleep(1)
    reader.disconnect()
    reader.loop_stop()
    return heard


def send(writer: paho.Client, rate: int, seconds: int, streams: int) -> None:
    start = time.perf_counter()
    for number in range(rate * seconds):
        body = {"result": number % 1000, "parameters": {"sent": time.perf_counter_ns()}}
        topic = f"v1.1/Datastreams({number % streams + 1})/Observations"
        writer.publish(topic, json.dumps(body), 1)
        ahead = start + (number + 1) / rate - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)


def measure(folder: Path, rate: int, seconds: int, streams: int) -> None:
    database = Database(f"sqlite:///{folder}/yiwang.db")
    migrate(database)
    populate(database, streams)
    credential(database, "gateway")
    accounts.add_user(caller(database), "reader", "a long password", ["administrator"])
    token = accounts.add_token(caller(database), "reader", "bench")
    with Whole(database, folder) as server:
        writer = client(server.port, "gateway", SECRET)
        for topic, many in (("v1.1/Observations", streams), (SINGLE, 1)):
            act = partial(send, writer, rate, seconds, many)
            heard = listened(server.port, token, topic, act)
            p50, p99 = np.percentile(heard, [50, 99])
            print(f"{topic}: {len(heard)} of {rate * seconds}, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        writer.disconnect()
        writer.loop_stop()
    database.close()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rate", type=int, default=200)
    asked.add_argument("--seconds", type=int, default=10)
    asked.add_argument("--streams", type=int, default=1000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), given.rate, given.seconds, given.streams)
