"""``yiwang up`` as a process of its own, spoken to as devices, browsers and operators do."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as paho

LONGEST_S = 90.0
"""A busy machine is slow; nothing here is a measurement."""


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def command(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command ``yiwang`` to its end, in English unless ``env`` says otherwise."""
    environment = {**os.environ, "YIWANG_LANGUAGE": "en", "COLUMNS": "250", "NO_COLOR": "1"}
    environment |= options.pop("env", {})
    return subprocess.run(
        [sys.executable, "-m", "yiwang", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
        **options,
    )


def until(found: Callable[[], Any], what: str) -> Any:
    """Ask again until there is an answer."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {LONGEST_S} s")


class Server:
    """Starts on free ports and is up when it answers."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.port, self.mqtt_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = home.with_name(f"{home.name}-{self.port}.out")
        with self._output.open("wb") as output:
            ports = ("--port", str(self.port), "--mqtt-port", str(self.mqtt_port))
            where = ("--home", str(home), *ports)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "yiwang", "up", *where, *options],
                stdout=output,
                stderr=output,
            )
        until(self._answers, "the first answer")
        self._cookies: dict[str, str] = {}

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.output()
        try:
            return httpx.get(f"{self.url}/api/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(LONGEST_S)

    def sign_in(self, name: str, password: str) -> httpx.Client:
        """A browser: a session cookie, and the header that unsafe methods need."""
        client = httpx.Client(base_url=self.url, timeout=LONGEST_S)
        client.headers.update({"x-yiwang": "1", "accept-language": "en"})
        answer = client.post("/api/session", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        return client

    def admin(self) -> httpx.Client:
        kept = self.home / "keys" / "first-password.txt"
        return self.sign_in(*kept.read_text().split())

    def device(self, credential: str, secret: str) -> httpx.Client:
        """A device that speaks SensorThings over HTTP."""
        client = httpx.Client(base_url=self.url, timeout=LONGEST_S)
        word = base64.b64encode(f"{credential}:{secret}".encode()).decode()
        client.headers["authorization"] = f"Basic {word}"
        return client

    @contextmanager
    def mqtt(self, credential: str, secret: str) -> Iterator[paho.Client]:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.username_pw_set(credential, secret)
        client.connect("127.0.0.1", self.mqtt_port)
        client.loop_start()
        until(client.is_connected, "the MQTT connection")
        try:
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    @contextmanager
    def running(self) -> Iterator[Server]:
        try:
            yield self
        finally:
            if self._process.poll() is None:
                self.stop()
            self._process.kill()


class Stream:
    """The live stream as a browser reads it, each event with the moment it came."""

    def __init__(self, client: httpx.Client) -> None:
        self.events: list[tuple[float, str, Any]] = []
        self._client = client
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        assert self._open.wait(LONGEST_S)

    def _read(self) -> None:
        kind = ""
        try:
            with self._client.stream("GET", "/api/live", timeout=LONGEST_S) as answer:
                for line in answer.iter_lines():
                    self._open.set()
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "data":
                        self.events.append((time.monotonic(), kind, json.loads(value)))
        except httpx.HTTPError:
            return

    def first(self, kind: str) -> tuple[float, Any]:
        """When the first event of a kind came, and what it said."""

        def found() -> Any:
            return next(((at, data) for at, name, data in self.events if name == kind), None)

        answer: tuple[float, Any] = until(found, f"a live event {kind}")
        return answer


def publish(client: paho.Client, topic: str, payload: bytes | str) -> None:
    """Publish at QoS 1 and wait for the acknowledgement."""
    client.publish(topic, payload, qos=1).wait_for_publish(LONGEST_S)
