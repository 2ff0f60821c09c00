"""MQTT create to MQTT receive: an observation is published and comes back to a subscriber."""

from __future__ import annotations

import json
import queue
import random
import threading
import time as wall
from typing import TYPE_CHECKING, Any

import numpy as np
import paho.mqtt.client as paho

from yiwang.kernel import clock as time

if TYPE_CHECKING:
    from bench.sensorthings import Peer

PACED = 500
PACE = 100
"""Messages a second while latency is measured."""
BURST = 3000
LONGEST_S = 60.0


class Pair:
    """A publisher and a subscriber of one datastream's observations."""

    def __init__(self, peer: Peer) -> None:
        self._topic = f"v1.1/Datastreams({peer.first_stream})/Observations"
        self._arrived: queue.SimpleQueue[tuple[float, float]] = queue.SimpleQueue()
        self._next = peer.end + random.SystemRandom().randrange(2000) * time.HOUR
        self._subscribed = threading.Event()
        self._speaking = threading.Event()
        self._listens = self._client(peer, "bench-listens")
        self._listens.on_connect = lambda client, *_: client.subscribe(self._topic, 0)
        self._listens.on_subscribe = lambda *_: self._subscribed.set()
        self._listens.on_message = self._received
        self._speaks = self._client(peer, "bench-speaks")
        self._speaks.on_connect = lambda *_: self._speaking.set()
        for client, ready in ((self._listens, self._subscribed), (self._speaks, self._speaking)):
            client.connect("127.0.0.1", peer.mqtt_port)
            client.loop_start()
            if not ready.wait(LONGEST_S):
                raise TimeoutError(f"{peer.name} did not take a client of its MQTT listener")

    def _client(self, peer: Peer, name: str) -> paho.Client:
        """Subscribes with every new connection: FROST closes some that it has just accepted."""
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name)
        client.max_inflight_messages_set(200)
        if peer.login is not None:
            client.username_pw_set(*peer.login)
        return client

    def _received(self, *about: Any) -> None:
        received = json.loads(about[2].payload)
        if "@iot.id" in received:  # Stored; FROST passes on what was published, too.
            self._arrived.put((wall.perf_counter(), float(received["result"])))

    def run(self, count: int, pace: float) -> dict[str, float]:
        """Publish ``count`` observations, at a pace (0: as fast as may be), and wait for them."""
        sent: dict[float, float] = {}
        began = wall.perf_counter()
        for index in range(count):
            if pace and (late := began + index / pace - wall.perf_counter()) > 0:
                wall.sleep(late)
            self._next += time.SECOND // 1000
            sent[float(index)] = wall.perf_counter()
            said = {"result": index, "phenomenonTime": time.render(self._next)}
            self._speaks.publish(self._topic, json.dumps(said), 1)
        taken = []
        end = wall.perf_counter() + LONGEST_S
        last = began
        while len(taken) < count and wall.perf_counter() < end:
            try:
                last, result = self._arrived.get(timeout=5)
            except queue.Empty:
                break
            taken.append(last - sent[result])
        milliseconds = np.array(taken or [float("nan")]) * 1000
        return {
            "sent": count,
            "received": len(taken),
            "per_s": round(len(taken) / max(last - began, 1e-9), 1),
            "p50_ms": round(float(np.percentile(milliseconds, 50)), 2),
            "p99_ms": round(float(np.percentile(milliseconds, 99)), 2),
        }

    def close(self) -> None:
        for client in (self._listens, self._speaks):
            client.disconnect()
            client.loop_stop()


def measured(peer: Peer) -> dict[str, Any]:
    """Latency at a pace, then how many come back a second when sent as fast as may be."""
    pair = Pair(peer)
    pair.run(50, PACE)
    paced = pair.run(PACED, PACE)
    burst = pair.run(BURST, 0)
    pair.close()
    return {"paced": paced, "burst": burst}
