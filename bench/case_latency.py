"""From a message to a case that people see: how long it takes while 2,000 messages a second
come through Mosquitto into ``yiwang up``.

Smoke detectors report their batteries; now and then one is low, which opens a case. Measured is
the time from publishing that message to the case's event on ``/api/live``.

    python -m bench.case_latency [--seconds 20] [--pace 2000] [--devices 2000]
"""

from __future__ import annotations

import argparse
import json
import socket
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from bench.mqtt import SECRET, Broker
from bench.running import Running, token, up

from yiwang.app import Platform
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.codec import Decoder, encode

KIND = "small_premises_fire.smoke_detector"
ALARMS_A_SECOND = 10
WARM_UP_S = 3.0
"""Seconds of messages before the first that opens a case."""
LONGEST_WAIT_S = 15.0


def prepared(home: Path, devices: int) -> list[int]:
    """Make a home with that many detectors; the datastreams of their batteries."""
    with Platform(Settings(home=home), SystemClock()) as platform:
        platform.first_administrator()
        caller = platform.caller("bench")
        made = [NewDevice(f"D{number}", f"D{number}") for number in range(devices)]
        sensing.register_devices(caller, KIND, made)
        platform.settle()
        found = sensing.channels(caller, [KIND])
    return sorted(one.datastream for one in found if one.property == "battery_percent")


class Watch(threading.Thread):
    """Listens to the live stream and keeps when each case was first seen."""

    def __init__(self, running: Running, bearer: str) -> None:
        super().__init__(daemon=True)
        request = urllib.request.Request(f"{running.url}/api/live")
        request.add_header("Authorization", f"Bearer {bearer}")
        self._answer = urllib.request.urlopen(request, timeout=60)
        self.seen: dict[int, float] = {}

    def run(self) -> None:
        kind = ""
        with suppress(OSError, ValueError, AttributeError):
            for line in self._answer:
                if line.startswith(b"event: "):
                    kind = line[7:].strip().decode()
                elif line.startswith(b"data: ") and kind == "case":
                    number = int(json.loads(line[6:])["no"])
                    self.seen.setdefault(number, time.perf_counter())


def message(datastream: int, percent: int, order: int) -> bytes:
    moment = time.time_ns() // 1000 + order % 1000
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 1_000_000))
    body = f'{{"result":{percent},"phenomenonTime":"{whole}.{moment % 1_000_000:06}Z"}}'
    topic = f"v1.1/Datastreams({datastream})/Observations"
    return encode(p.Publish(topic, body.encode(), 1, order % 65535 + 1))


def connected(port: int) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.sendall(encode(p.Connect(p.V311, "bench", True, 60, "bench", SECRET.encode())))
    decoder = Decoder()
    while not decoder.feed(wire.recv(4096)):
        pass
    threading.Thread(target=_swallow, args=(wire,), daemon=True).start()
    return wire


def _swallow(wire: socket.socket) -> None:
    """Acknowledgements are not looked at."""
    with suppress(OSError):
        while wire.recv(65536):
            pass


def published(
    port: int, streams: list[int], pace: float, seconds: float
) -> tuple[list[float], int]:
    """Publish at a pace. When each message that opens a case was sent, and how many messages
    there were. The first tenth of the detectors reports low batteries, each once."""
    low, well = streams[: len(streams) // 10], streams[len(streams) // 10 :]
    wire = connected(port)
    alarms: list[float] = []
    sent = 0
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        due = int(passed * pace) - sent
        if due > 0:
            batch = (message(well[n % len(well)], 80, n) for n in range(sent, sent + due))
            wire.sendall(b"".join(batch))
            sent += due
        wanted = int((passed - WARM_UP_S) * ALARMS_A_SECOND)
        if len(alarms) < min(wanted, len(low)):
            wire.sendall(message(low[len(alarms)], 5, sent))
            alarms.append(time.perf_counter())
            sent += 1
        time.sleep(0.002)
    time.sleep(1.0)
    wire.close()
    return alarms, sent


def measure(seconds: float, pace: float, devices: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        streams = prepared(home, devices)
        broker = Broker(Path(name))
        try:
            address = f"127.0.0.1:{broker.port}"
            with up(home, "--mqtt-port", "0", "--mqtt-broker", address) as running:
                watch = Watch(running, token(home))
                watch.start()
                time.sleep(1.0)
                alarms, sent = published(broker.port, streams, pace, seconds)
                ended = time.perf_counter() + LONGEST_WAIT_S
                while len(watch.seen) < len(alarms) and time.perf_counter() < ended:
                    time.sleep(0.05)
                memory = running.resident_mb()
        finally:
            broker.stop()
    seen = [watch.seen[number] for number in sorted(watch.seen)]
    waited = (np.array(seen) - np.array(alarms[: len(seen)])) * 1000
    return {
        "messages": sent,
        "messages_per_s": round(sent / seconds),
        "alarms": len(alarms),
        "cases": len(seen),
        "p50_ms": round(float(np.percentile(waited, 50)), 1) if len(seen) else None,
        "p99_ms": round(float(np.percentile(waited, 99)), 1) if len(seen) else None,
        "resident_mb": round(memory, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--pace", type=float, default=2000)
    parser.add_argument("--devices", type=int, default=2000)
    given = parser.parse_args()
    print(json.dumps(measure(given.seconds, given.pace, given.devices), indent=1))


if __name__ == "__main__":
    main()
