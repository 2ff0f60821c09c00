"""What MQTT costs: messages a second from publishers to durable observations, and how long one
message takes, through the embedded listener and through a real Mosquitto. All on loopback.

    python -m bench.mqtt [--messages 100000] [--devices 5000] [--runs 3] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from bench.intake import datastreams

from yiwang.contracts.observations import ObservationBatch
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.codec import Decoder, encode
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.mqtt.limits import Limits
from yiwang.sensing.runtime import Sensing
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

SECRET = "a-long-secret"
WINDOW = 2000
PACE = 2000
"""Messages a second while latency is measured."""
LIMIT_S = 120.0
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def publish(
    port: int, first: int, count: int, devices: int, pace: float, answer: Connection
) -> None:
    """One publisher at QoS 1: sends ``count`` messages, at a pace or as fast as they are
    acknowledged, and answers with the seconds from the first byte to the last PUBACK."""
    wire = socket.create_connection(("127.0.0.1", port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    decoder = Decoder()
    hello = p.Connect(p.V311, f"bench-{first}", True, 60, "bench", SECRET.encode())
    wire.sendall(encode(hello))
    while not decoder.feed(wire.recv(4096)):
        pass
    answer.send("ready")
    answer.recv()
    began = time.perf_counter()
    sent = acknowledged = 0
    while acknowledged < count and time.perf_counter() - began < LIMIT_S:
        room = WINDOW - (sent - acknowledged)
        if pace:
            room = min(room, int((time.perf_counter() - began) * pace) - sent)
        size = min(room, count - sent)
        if size > (0 if pace else WINDOW // 4) or (size and sent + size == count):
            wire.sendall(
                b"".join(message(first + sent + n, sent + n, devices) for n in range(size))
            )
            sent += size
        if pace:
            wire.settimeout(0.002)
        try:
            acknowledged += len(decoder.feed(wire.recv(65536)))
        except TimeoutError:
            continue
    answer.send(time.perf_counter() - began)
    wire.close()


def message(number: int, order: int, devices: int) -> bytes:
    now = time.time_ns() // 1000 + number % 1000
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000))
    body = f'{{"result":{number % 1000 / 10},"phenomenonTime":"{moment}.{now % 1_000_000:06}Z"}}'
    topic = f"v1.1/Datastreams({number % devices + 1})/Observations"
    return encode(p.Publish(topic, body.encode(), 1, order % 65535 + 1))


class Broker:
    """A Mosquitto that keeps everything, on a free port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        conf = folder / "mosquitto.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_queued_messages 0\nmax_inflight_messages 10000\nset_tcp_nodelay true\n"
        )
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [str(MOSQUITTO), "-c", str(conf)], stdout=quiet, stderr=quiet
        )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class Run:
    """One run of the entrance over an empty home."""

    def __init__(self, folder: Path, devices: int, broker: Broker | None) -> None:
        address = "" if broker is None else f"127.0.0.1:{broker.port}"
        self._settings = replace(Settings(home=folder), mqtt_broker=address)
        self._database = Database(f"sqlite:///{folder / 'bench.db'}")
        migrate(self._database)
        datastreams(self._database, devices)
        caller = Caller(system("bench"), self._database, SystemClock())
        accounts.add_device(caller, "bench", password=SECRET)
        self._sensing = Sensing(self._settings, self._database, SystemClock())
        self._sensing.intake.listen(self._stored)
        self._broker = broker
        self._devices = devices
        self.stored = 0
        self.waited: list[np.ndarray[Any, Any]] = []
        self.last = 0.0

    def _stored(self, batch: ObservationBatch) -> None:
        self.stored += len(batch)
        self.waited.append(time.time_ns() // 1000 - batch.time)
        self.last = time.perf_counter()

    async def measure(self, messages: int, publishers: int, pace: float) -> dict[str, float]:
        buffer = Buffer(self._sensing.intake, SystemClock())
        buffer.start()
        limits = Limits(packets_per_s=1e9)  # one publisher alone may fill the listener here
        mqtt = Mqtt(self._settings, self._database, SystemClock(), buffer, limits)
        await mqtt.start(port=0)
        while mqtt.client is not None and not mqtt.client.connected:
            await asyncio.sleep(0.05)
        port = mqtt.port if self._broker is None else self._broker.port
        await asyncio.sleep(0.2)
        figures = await asyncio.to_thread(self._drive, port, messages, publishers, pace)
        await mqtt.close()
        await buffer.close()
        self._sensing.close()
        self._database.close()
        return figures

    def _drive(self, port: int, messages: int, publishers: int, pace: float) -> dict[str, float]:
        context = multiprocessing.get_context("spawn")
        each = messages // publishers
        pipes, processes = [], []
        for index in range(publishers):
            ours, theirs = context.Pipe()
            given = (port, index * each, each, self._devices, pace / publishers, theirs)
            process = context.Process(target=publish, args=given)
            process.start()
            pipes.append(ours)
            processes.append(process)
        for pipe in pipes:
            pipe.recv()
        began = time.perf_counter()
        for pipe in pipes:
            pipe.send("go")
        seconds = [pipe.recv() for pipe in pipes]
        while self.stored < each * publishers and time.perf_counter() - began < LIMIT_S:
            time.sleep(0.01)
        for process in processes:
            process.join()
        waited = np.concatenate(self.waited) / 1000
        return {
            "stored": self.stored,
            "per_s": round(self.stored / (self.last - began)),
            "acknowledged_per_s": round(each * publishers / max(seconds)),
            "p50_ms": round(float(np.percentile(waited, 50)), 2),
            "p99_ms": round(float(np.percentile(waited, 99)), 2),
        }


def once(
    messages: int, devices: int, publishers: int, pace: float, through: bool
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name)) if through else None
        try:
            time.sleep(0.3)
            return uvloop.run(Run(Path(name), devices, broker).measure(messages, publishers, pace))
        finally:
            if broker is not None:
                broker.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--devices", type=int, default=5000)
    parser.add_argument("--publishers", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    table: dict[str, dict[str, float]] = {}
    for through in (False, True) if MOSQUITTO else (False,):
        name = "through Mosquitto" if through else "embedded listener"
        fast = [
            once(given.messages, given.devices, given.publishers, 0, through)
            for _ in range(given.runs)
        ]
        calm = once(min(given.messages, PACE * 10), given.devices, given.publishers, PACE, through)
        table[name] = {
            "messages": fast[0]["stored"],
            "stored_per_s": statistics.median(run["per_s"] for run in fast),
            "acknowledged_per_s": statistics.median(run["acknowledged_per_s"] for run in fast),
            f"p50_ms_at_{PACE}": calm["p50_ms"],
            f"p99_ms_at_{PACE}": calm["p99_ms"],
        }
        print(name, json.dumps(table[name]))
    if given.out is not None:
        given.out.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
