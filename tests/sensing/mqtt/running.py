"""A listener in an event loop of its own thread, over a store that a test can hold up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import uvloop

from yiwang.contracts.observations import Incoming, Receipt
from yiwang.kernel.clock import SystemClock
from yiwang.sensing.errors import UnknownTopic
from yiwang.sensing.mqtt.codec import Decoder, encode
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Columns, Inlet
from yiwang.sensing.mqtt.limits import Limits
from yiwang.sensing.mqtt.listener import Listener

SECRET = "a-long-secret"


class Store:
    """Keeps what it is given. ``hold`` leaves batches not durable until ``release``."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.rejected: list[tuple[str, bytes, str]] = []
        self.held: list[tuple[asyncio.Future[Receipt], Receipt]] | None = None
        self.error: Exception | None = None

    async def put_batch(self, incoming: Incoming) -> asyncio.Future[Receipt]:
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if self.error is not None:
            future.set_exception(self.error)
            return future
        self.payloads += incoming.raw or ()
        self.rejected += [(item.reason, item.raw, item.where) for item in incoming.rejected]
        size = len(incoming.datastream)
        whole = size + len(incoming.rejected)
        numbers = np.arange(1, size + 1)
        receipt = Receipt(whole, size, 0, incoming.rejected, 0, numbers)
        if self.held is None:
            future.set_result(receipt)
        else:
            self.held.append((future, receipt))
        return future

    def hold(self) -> None:
        self.held = []

    def release(self) -> None:
        held, self.held = self.held or [], None
        for future, receipt in held:
            future.set_result(receipt)


class AnyTopic:
    """Takes every message as one row, except what is sent to ``bad/#``."""

    def read(self, sender: Sender, topic: str, payload: bytes, now: int, into: Columns) -> None:
        if topic.startswith("bad/"):
            raise UnknownTopic(topic=topic)
        into.add(1, now, 0.0, payload)

    def look(self) -> bool:
        return False


class OneSecret:
    """Admits whoever knows SECRET; ``bounded`` may write and hear only ``own/#``."""

    async def admit(self, name: str, secret: bytes) -> Sender | None:
        await asyncio.sleep(0)
        if secret != SECRET.encode():
            return None
        return Sender(name, topics=("own/#",) if name == "bounded" else None)

    def close(self) -> None:
        pass


class Running:
    """``with Running(...) as server``: ``server.port``, ``server.store``, ``server.call``."""

    def __init__(self, limits: Limits | None = None, reader: Any = None, gate: Any = None) -> None:
        self.store = Store()
        self._limits = limits
        self._reader = reader or AnyTopic()
        self._gate = gate or OneSecret()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._main()), daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def call(self, function: Callable[..., Any], *given: Any) -> Any:
        """Run a function inside the listener's loop."""

        async def run() -> Any:
            return function(*given)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        inlet = Inlet("mqtt", self.store, self._reader, SystemClock())
        inlet.start()
        self.listener = Listener(self._gate, inlet, self._limits)
        self.port = await self.listener.start("127.0.0.1", 0)
        self._ready.set()
        await self._stop.wait()
        self.store.release()
        await self.listener.close()


class Wire:
    """A raw client that says exactly what a test wants."""

    def __init__(self, port: int, version: int = 4) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.version = version
        self._decoder = Decoder(1 << 24, version)
        self._packets: list[Any] = []

    def send(self, *packets: Any) -> None:
        self.socket.sendall(b"".join(encode(packet, self.version) for packet in packets))

    def receive(self) -> Any:
        """The next packet, None at the end of the stream."""
        while not self._packets:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._packets += self._decoder.feed(data)
        return self._packets.pop(0)

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            return not self._packets and not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5)

    def close(self) -> None:
        self.socket.close()
