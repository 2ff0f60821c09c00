"""The device side: gateways that speak MQTT at QoS 1 and SensorThings over HTTP, through the
entrances that every device uses. What was not acknowledged is sent again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import cast

import httpx

from yiwang.demo.messages import Arrays, Message, body
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.codec import Decoder, encode
from yiwang.sensing.mqtt.packets import Malformed, Packet, Publish

_log = logging.getLogger(__name__)

WINDOW = 1000
KEEP_ALIVE_S = 60
MOST_ROWS = 2000


class Gateway:
    """One MQTT connection on which many devices speak; comes back when it is cut."""

    def __init__(self, host: str, port: int, name: str, secret: str) -> None:
        self.acknowledged = 0
        self._address = (host, port)
        self._hello = p.Connect(p.V311, name, True, KEEP_ALIVE_S, name, secret.encode())
        self._unacknowledged: deque[Publish] = deque()
        self._room = asyncio.Event()
        self._link: _Link | None = None
        self._last_id = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def ready(self) -> None:
        """Wait until the connection is there."""
        await self._room.wait()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Send in order; waits while the platform has not acknowledged enough."""
        at = 0
        while at < len(messages):
            await self._room.wait()
            room = WINDOW - len(self._unacknowledged)
            link = self._link
            if link is None or room <= 0:
                self._room.clear()
                continue
            part = [self._numbered(message) for message in messages[at : at + room]]
            self._unacknowledged.extend(part)
            link.send(part)
            at += len(part)

    async def settled(self, seconds: float) -> bool:
        """Wait until everything is acknowledged; False when that takes too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._unacknowledged and loop.time() < until:
            await asyncio.sleep(0.02)
        return not self._unacknowledged

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._link is not None:
            self._link.close()

    def _numbered(self, message: Message) -> Publish:
        self._last_id = self._last_id % 65535 + 1
        return Publish(message.topic, message.payload, 1, self._last_id)

    async def _run(self) -> None:
        loop, wait = asyncio.get_running_loop(), 0.2
        while True:
            try:
                _, link = await loop.create_connection(lambda: _Link(self), *self._address)
                await link.hello(self._hello)
                wait = 0.2
                await link.over
            except (OSError, ConnectionError) as error:
                _log.info("gateway: %s", error)
            self._link = None
            self._room.clear()
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)

    def connected(self, link: _Link) -> None:
        """Signed in: first repeat what was never acknowledged."""
        for message in self._unacknowledged:
            message.dup = True
        link.send(list(self._unacknowledged))
        self._link = link
        self._room.set()

    def acknowledge(self, number: int) -> None:
        if self._unacknowledged and self._unacknowledged[0].id == number:
            self._unacknowledged.popleft()
        else:
            kept = [message for message in self._unacknowledged if message.id != number]
            self._unacknowledged = deque(kept)
        self.acknowledged += 1
        if len(self._unacknowledged) <= WINDOW // 2:
            self._room.set()


class _Link(asyncio.Protocol):
    def __init__(self, gateway: Gateway) -> None:
        loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = loop.create_future()
        self._gateway = gateway
        self._decoder = Decoder()
        self._transport = cast(asyncio.Transport, None)
        self._timer: asyncio.TimerHandle | None = None
        self._welcome: asyncio.Future[int] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    async def hello(self, packet: p.Connect) -> None:
        self._transport.write(encode(packet))
        code = await asyncio.wait_for(self._welcome, 10)
        if code:
            raise ConnectionError(f"refused with code {code}")
        self._gateway.connected(self)
        self._beat()

    def send(self, messages: Sequence[Publish]) -> None:
        self._transport.write(b"".join([encode(message) for message in messages]))

    def close(self) -> None:
        self._transport.write(encode(p.Disconnect()))
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            packets = self._decoder.feed(data)
        except Malformed as error:
            _log.error("%s", error)
            self._transport.abort()
            return
        for packet in packets:
            self._take(packet)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._welcome.done():
            self._welcome.set_exception(ConnectionError("cut before it was signed in"))
        if not self.over.done():
            self.over.set_result(None)

    def _take(self, packet: Packet) -> None:
        if isinstance(packet, p.Ack) and packet.type == p.PUBACK:
            self._gateway.acknowledge(packet.id)
        elif isinstance(packet, p.ConnAck) and not self._welcome.done():
            self._welcome.set_result(packet.code)

    def _beat(self) -> None:
        self._transport.write(b"\xc0\0")
        self._timer = asyncio.get_running_loop().call_later(KEEP_ALIVE_S / 2, self._beat)


class Uploader:
    """Devices that speak SensorThings over HTTP, several rows a request."""

    def __init__(self, base: str, name: str, secret: str) -> None:
        self.acknowledged = 0
        self._client = httpx.AsyncClient(base_url=base, auth=(name, secret), timeout=30)

    async def upload(self, arrays: Arrays) -> None:
        """Send until it is accepted, waiting longer after each failure."""
        part: Arrays = {}
        rows = 0
        for number, found in arrays.items():
            part[number] = found
            rows += len(found)
            if rows >= MOST_ROWS:
                await self._post(part, rows)
                part, rows = {}, 0
        if part:
            await self._post(part, rows)

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, part: Arrays, rows: int) -> None:
        wait = 0.2
        while True:
            try:
                headers = {"content-type": "application/json"}
                answer = await self._client.post(
                    "/v1.1/CreateObservations", content=body(part), headers=headers
                )
                if answer.status_code < 500:
                    answer.raise_for_status()
                    self.acknowledged += rows
                    return
            except httpx.TransportError as error:
                _log.info("uploader: %s", error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)
