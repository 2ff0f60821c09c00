"""A running home for tests of field protocols: a kind of device, registered devices, a buffer,
an intake and the adapters under test, in an event loop of its own thread.

::

    with Home(tmp_path, sqlite, DEVICES, adapters={"lines": Lines()}) as home:
        device = home.register("A-1", secret="123456")
        with home.client("lines") as client:
            client.send(b"A-1 123456 1782864000 L=12\\n")
            assert client.line() == b"ok 1"
        assert home.results(device, "depth_cm") == [12.0]

``DEVICES`` is the text of a pack's ``devices.yaml``. Without ``adapters`` the installed ones
run; each listens on a free port.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import uvloop
from starlette.applications import Starlette

from yiwang.kernel import documents
from yiwang.kernel.clock import Clock, SystemClock
from yiwang.kernel.settings import Settings
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing import ledger, service, spec
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.ledger import Rejection
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.protocols import adapter as registry
from yiwang.sensing.protocols import http
from yiwang.sensing.protocols.adapter import Adapter
from yiwang.sensing.protocols.entrance import Field
from yiwang.sensing.protocols.report import Reports
from yiwang.sensing.runtime import Sensing
from yiwang.sensing.service import Registered
from yiwang.store.database import Database
from yiwang.web.auth import Authentication
from yiwang.web.errors import HANDLERS

PATIENCE_S = 20.0


def until(probe: Callable[[], Any], what: str = "it") -> Any:
    """Ask again until the answer is true, and give it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {PATIENCE_S} s")


def kinds(text: str, adapters: Mapping[str, Adapter] | None = None) -> spec.Devices:
    """The kinds of device of a text in the form of ``devices.yaml``."""
    document = documents.parse(text, "devices.yaml")
    with mock.patch.object(registry, "installed", lambda: adapters or {}):
        return spec.read_section(document)


class Home:
    def __init__(
        self,
        folder: Path,
        database: Database,
        devices: str,
        *,
        adapters: Mapping[str, Adapter] | None = None,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self.adapters = registry.installed() if adapters is None else adapters
        self.clock = clock or SystemClock()
        self.settings = replace(Settings(home=folder, mqtt_port=0), **settings)
        self.database = database
        self.sensing = Sensing(self.settings, database, self.clock)
        self.caller = Caller(system("test"), database, self.clock, self.sensing.ports())
        declared = kinds(devices, self.adapters)
        self.kind = f"test.{next(iter(declared.kinds))}"
        service.install_kinds(self.caller, "test", declared)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._main()), daemon=True)

    def __enter__(self) -> Home:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.sensing.close()

    def register(self, code: str, secret: str = "", kind: str = "") -> Registered:
        """A device, with a credential where a secret is given; known to the adapters at once."""
        made = service.register_device(self.caller, kind or self.kind, NewDevice(code))
        if secret:
            name = f"{made.kind}/{code}"
            accounts.add_device(self.caller, name, [made.thing], None, secret)
        self.refresh()
        return made

    def refresh(self) -> None:
        """As after DatastreamsChanged."""
        self.sensing.changed()
        self.mqtt.refresh()
        self.field.refresh()

    def client(self, protocol: str) -> Client:
        """A raw TCP client of one adapter."""
        return Client(self.field.ports[protocol].number)

    def results(self, device: Registered, name: str) -> list[float]:
        """The stored results of one property of a device, in time order."""
        return [float(result) for result in self.observed(device, name).result.tolist()]

    def observed(self, device: Registered, name: str) -> Any:
        number = device.datastreams[name]
        return self.sensing.observations.between([number], -(2**62), 2**62, 1_000_000)

    def ledger(self, source: str) -> tuple[int, int, int, int]:
        """Received, stored, duplicate and rejected of a source, which must add up."""
        self.sensing.settle()
        lines = [line for line in ledger.lines(self.caller) if line.source == source]
        assert all(line.balanced for line in lines)
        names = ("received", "stored", "duplicate", "rejected")
        received, stored, duplicate, rejected = (
            sum(getattr(line, name) for line in lines) for name in names
        )
        return received, stored, duplicate, rejected

    def rejections(self, source: str) -> list[Rejection]:
        self.sensing.settle()
        return ledger.rejected(self.caller, source=source)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the HTTP routes of field protocols; ``auth`` is a device's name and secret."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._asgi)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **more)

        response: httpx.Response = self.wait(ask())
        return response

    def token(self, *roles: str) -> dict[str, str]:
        """The header of a new person with these roles."""
        name = "+".join(roles)
        accounts.add_user(self.caller, name, "a-long-password", roles)
        return {"authorization": f"Bearer {accounts.add_token(self.caller, name, 'test')}"}

    def call(self, function: Callable[..., Any], *given: Any) -> Any:
        """Run a function inside the event loop of the listeners."""

        async def run() -> Any:
            return function(*given)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine inside the event loop of the listeners."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def connections(self, protocol: str) -> int:
        return self.field.ports[protocol].connections

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.buffer = buffer = Buffer(self.sensing.intake, self.clock)
        buffer.start()
        self.mqtt = Mqtt(self.settings, self.database, self.clock, buffer)
        self.field = Field(
            self.settings,
            self.database,
            self.clock,
            buffer,
            self.mqtt.devices,
            self.mqtt.look,
            self.mqtt.router,
            self.adapters,
        )
        self.reports = Reports("http_json", buffer, self.mqtt.router, self.clock)
        self.reports.start()
        ports = {**self.caller.ports, Field: self.field, Reports: self.reports}
        self.caller = replace(self.caller, ports=ports)
        inner = Starlette(routes=http.routes(), exception_handlers=HANDLERS)
        self._asgi = Authentication(inner, self.database, self.clock, ports)
        await self.field.start(dict.fromkeys(self.adapters, 0))
        self._ready.set()
        await self._stop.wait()
        await self.field.close()
        await self.reports.close()
        await buffer.close()


class Client:
    """A raw client that says exactly what a test wants."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.held = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, ending: bytes) -> bytes:
        """What comes up to and with an ending; all there was at the end of the stream."""
        while ending not in self.held:
            data = self._more()
            if not data:
                found, self.held = self.held, b""
                return found
            self.held += data
        found, _, self.held = self.held.partition(ending)
        return found + ending

    def line(self) -> bytes:
        return self.until(b"\n").strip()

    def take(self, size: int) -> bytes:
        """So many bytes."""
        while len(self.held) < size:
            data = self._more()
            if not data:
                break
            self.held += data
        found, self.held = self.held[:size], self.held[size:]
        return found

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            return not self.held and not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)

    def closed(self) -> bool:
        """Waits until the server has hung up."""
        while self._more():
            pass
        return True

    def _more(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""
