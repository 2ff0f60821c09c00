"""The client of an external broker (Mosquitto, EMQX): a shared subscription at QoS 1 whose
messages are acknowledged when they are durable.

The broker keeps the session while we are away and sends again what was not acknowledged; what
was stored already is then recognised as a duplicate. Several instances share the load under
one share name.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.codec import Decoder, encode, encode_ack
from yiwang.sensing.mqtt.errors import BrokerRefused, BrokerUnreachable
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Inlet
from yiwang.sensing.mqtt.packets import V5, Malformed, Packet, Publish

_log = logging.getLogger(__name__)

KEEP_ALIVE_S = 30
CONNECT_S = 10.0
STABLE_S = 10.0
"""A connection that lasted so long resets the back-off."""


@dataclass(frozen=True)
class Broker:
    """Where the broker is and how we present ourselves.

    ``window``: messages the broker may send us ahead of our acknowledgements.
    """

    host: str
    port: int = 1883
    name: str | None = None
    password: bytes | None = None
    tls: bool = False
    share: str = "yiwang"
    client_id: str = "yiwang-1"
    window: int = 5000
    session_s: int = 7 * 24 * 3600
    packet_bytes: int = 256 * 1024

    @property
    def label(self) -> str:
        return f"{self.host}:{self.port}"


def broker(address: str, share: str = "yiwang", client_id: str = "yiwang-1") -> Broker:
    """``host``, ``host:port`` or ``mqtt[s]://name:password@host:port``."""
    url = urlsplit(address if "://" in address else f"mqtt://{address}")
    tls = url.scheme == "mqtts"
    password = None if url.password is None else unquote(url.password).encode()
    name = None if url.username is None else unquote(url.username)
    port = url.port or (8883 if tls else 1883)
    return Broker(url.hostname or "", port, name, password, tls, share, client_id)


class Client:
    """Stays connected until closed. ``start`` and ``close`` belong to the inlet's loop."""

    def __init__(
        self, broker: Broker, inlet: Inlet, filters: Sequence[str], longest_wait_s: float = 60.0
    ) -> None:
        self.broker = broker
        self.inlet = inlet
        self.connected = False
        self.trouble = ""
        """Why there is no connection, in English; empty while there is one."""
        self._filters = list(filters)
        self._longest_wait_s = longest_wait_s
        self._link: _Link | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="mqtt-client")

    async def close(self) -> None:
        """Wait until everything taken is durable and acknowledged, then leave."""
        if self._link is not None:
            self._link.stop_reading()
        await self.inlet.close()
        if self._task is not None:
            self._task.cancel()
        if self._link is not None:
            self._link.leave()

    def listen_to(self, filters: Sequence[str]) -> None:
        """Change what is subscribed to, for example after a pack was installed."""
        gone = [topic for topic in self._filters if topic not in filters]
        self._filters = list(filters)
        if self._link is not None and self.connected:
            self._link.subscribe(self._filters, gone)

    async def _run(self) -> None:
        loop, wait = asyncio.get_running_loop(), 0.5
        while True:
            began = loop.time()
            try:
                await self._stay()
                wait = 0.5 if loop.time() - began > STABLE_S else wait
            except (BrokerUnreachable, BrokerRefused) as error:
                if str(error) != self.trouble:
                    _log.warning("%s", error)
                self.trouble = str(error)
            self.connected = False
            await asyncio.sleep(wait * random.uniform(0.7, 1.3))
            wait = min(wait * 2, self._longest_wait_s)

    async def _stay(self) -> None:
        """Connect and stay until the connection ends."""
        link = await self._connect()
        try:
            async with asyncio.timeout(CONNECT_S):
                code = await link.accepted
        except TimeoutError:
            link.abort()
            raise BrokerUnreachable(broker=self.broker.label, reason="no answer") from None
        if code:
            link.abort()
            raise BrokerRefused(broker=self.broker.label, code=code)
        self._link, self.connected, self.trouble = link, True, ""
        _log.info("MQTT: connected to the broker %s", self.broker.label)
        link.subscribe(self._filters, ())
        reason = await link.over
        self._link = None
        _log.warning("MQTT: the connection to %s ended: %s", self.broker.label, reason)

    async def _connect(self) -> _Link:
        broker, loop = self.broker, asyncio.get_running_loop()
        context = ssl.create_default_context() if broker.tls else None
        try:
            async with asyncio.timeout(CONNECT_S):
                _, link = await loop.create_connection(
                    lambda: _Link(broker, self.inlet), broker.host, broker.port, ssl=context
                )
        except (OSError, TimeoutError) as error:
            reason = str(error) or "no answer"
            raise BrokerUnreachable(broker=broker.label, reason=reason) from error
        return link


class _Link(asyncio.Protocol):
    """One connection to the broker."""

    def __init__(self, broker: Broker, inlet: Inlet) -> None:
        loop = asyncio.get_running_loop()
        self.accepted: asyncio.Future[int] = loop.create_future()
        self.over: asyncio.Future[str] = loop.create_future()
        self._broker = broker
        self._inlet = inlet
        self._loop = loop
        self._sender = Sender(f"broker:{broker.label}")
        self._decoder = Decoder(broker.packet_bytes, V5)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._pending = 0
        self._heard = loop.time()
        self._last_id = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        broker = self._broker
        properties = {
            "session_expiry": broker.session_s,
            "receive_maximum": broker.window,
            "maximum_packet": broker.packet_bytes,
        }
        hello = p.Connect(V5, broker.client_id, False, KEEP_ALIVE_S, broker.name, broker.password)
        hello.properties = properties
        self._transport.write(encode(hello, V5))
        self._timer = self._loop.call_later(KEEP_ALIVE_S / 2, self._beat)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        try:
            packets = self._decoder.feed(data)
        except Malformed as error:
            self._over(str(error))
            return
        messages: list[Publish] = []
        for packet in packets:
            if type(packet) is Publish:
                messages.append(packet)
            else:
                self._control(packet)
        if messages:
            self._pending += len(messages)
            self._inlet.take(self._sender, self, messages)
            if self._pending > 2 * self._broker.window:
                self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._over(str(error or "closed by the broker"))

    # What the inlet calls

    def settled(self, messages: Sequence[Publish], reasons: Sequence[str]) -> None:
        self._pending -= len(messages)
        if self._transport.is_closing():
            return
        self._transport.write(
            b"".join([encode_ack(p.PUBACK, message.id) for message in messages if message.qos])
        )
        if self._pending <= self._broker.window:
            self._transport.resume_reading()

    def failed(self, messages: Sequence[Publish]) -> None:
        """Unacknowledged: the broker sends them again on the next connection."""
        self._pending -= len(messages)
        self._over("what the broker sent could not be stored")

    # What the client calls

    def subscribe(self, filters: Sequence[str], gone: Sequence[str]) -> None:
        if gone:
            names = [self._shared(topic) for topic in gone]
            self._transport.write(encode(p.Unsubscribe(self._next_id(), names), V5))
        if filters:
            wanted = [(self._shared(topic), 1) for topic in filters]
            self._transport.write(encode(p.Subscribe(self._next_id(), wanted), V5))

    def stop_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def leave(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(encode(p.Disconnect(), V5))
        self._over("closed")

    def abort(self) -> None:
        self._over("given up")

    def _control(self, packet: Packet) -> None:
        if isinstance(packet, p.ConnAck):
            if not self.accepted.done():
                self.accepted.set_result(packet.code)
        elif isinstance(packet, p.SubAck):
            refused = [code for code in packet.codes if code >= 0x80]
            if refused and packet.type == p.SUBACK:
                _log.error("MQTT: %s refused subscriptions: %s", self._broker.label, refused)
        elif isinstance(packet, p.Disconnect):
            self._over(f"the broker said goodbye with code {packet.code}")

    def _shared(self, topic: str) -> str:
        return f"$share/{self._broker.share}/{topic}"

    def _next_id(self) -> int:
        self._last_id = self._last_id % 65535 + 1
        return self._last_id

    def _beat(self) -> None:
        if self._loop.time() - self._heard > KEEP_ALIVE_S * 1.5 and self._transport.is_reading():
            self._over("the broker is silent")
            return
        self._transport.write(b"\xc0\0")
        self._timer = self._loop.call_later(KEEP_ALIVE_S / 2, self._beat)

    def _over(self, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport.close()
        if not self.accepted.done():
            self.accepted.set_exception(BrokerUnreachable(broker=self._broker.label, reason=reason))
        if not self.over.done():
            self.over.set_result(reason)
