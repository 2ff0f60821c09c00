"""A listener for protocols over UDP: each address is a client of its own, for a while.

UDP cannot be slowed down: what comes faster than the limits allow is not read, and counted.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import OrderedDict
from typing import Any, cast

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.adapter import Talk
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import AdapterFailed, ProtocolPortTaken
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.link import Answer, Conversation, Start
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Session, Station

_log = logging.getLogger(__name__)

Address = tuple[Any, ...]
RECEIVE_BYTES = 4 * 1024 * 1024
"""What the kernel is asked to hold of datagrams that were not read yet; it may hold less."""


class UdpListener(asyncio.DatagramProtocol):
    """Implements ``adapter.Port``. One datagram is one frame."""

    def __init__(self, station: Station, start: Start, limits: Limits | None = None) -> None:
        self.station = station
        self.limits = (limits or Limits()).within(station.settings)
        self.converse = start
        self.number = 0
        self.transport = cast(asyncio.DatagramTransport, None)
        self.under_way: set[asyncio.Task[None]] = set()
        self._clients: OrderedDict[Address, Peer] = OrderedDict()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closing = False

    @property
    def connections(self) -> int:
        return len(self._clients)

    async def open(self, host: str, port: int) -> UdpListener:
        """Raises ProtocolPortTaken."""
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(host, port)
            )
        except OSError as error:
            where, why = f"{host}:{port}", error.strerror or str(error)
            raise ProtocolPortTaken(
                where, port=port, protocol=self.station.name, reason=why
            ) from error
        self.transport = transport
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.number = int(transport.get_extra_info("sockname")[1])
        self._sweeping = loop.call_later(self.limits.sweep_s, self._sweep)
        return self

    async def close(self) -> None:
        self._closing = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self.under_way:
            await asyncio.wait(list(self.under_way), timeout=self.limits.closing_s)
        for peer in list(self._clients.values()):
            peer.end()
        self.transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        limits = self.limits
        now = asyncio.get_running_loop().time()
        if self._closing or len(data) > limits.frame_bytes or self._crowded():
            self.station.dropped += 1
            return
        peer = self._clients.get(addr)
        if peer is None:
            if len(self._clients) >= limits.connections:
                self._clients.popitem(last=False)[1].end()
            peer = self._clients[addr] = Peer(self, addr)
        self._clients.move_to_end(addr)
        if not peer.take(data, now):
            self.station.dropped += 1

    def error_received(self, exc: Exception) -> None:
        _log.debug("%s: %s", self.station.name, exc)

    def forget(self, addr: Address) -> None:
        self._clients.pop(addr, None)

    def _crowded(self) -> bool:
        return self.station.waiting >= self.limits.all_waiting

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while self._clients:
            peer = next(iter(self._clients.values()))
            if loop.time() <= peer.heard + self.limits.idle_s:
                break
            peer.end()
        self._sweeping = loop.call_later(self.limits.sweep_s, self._sweep)


class Peer:
    """Implements ``link.Link`` for one address."""

    def __init__(self, listener: UdpListener, addr: Address) -> None:
        self._listener = listener
        self._addr = addr
        self._one = asyncio.Lock()
        self._pending = 0
        self._allowance = listener.limits.frames_per_s
        self.heard = asyncio.get_running_loop().time()
        self.station = listener.station
        self.peer = f"{addr[0]}:{addr[1]}"
        self.session: Session | None = None
        self._sessions: dict[int, Session] = {}
        self._conversation: Conversation = listener.converse(self)

    def take(self, data: bytes, now: float) -> bool:
        """Read one datagram; False when the client sends too many."""
        limits = self._listener.limits
        grown = self._allowance + (now - self.heard) * limits.frames_per_s
        self._allowance = min(grown, limits.frames_per_s)
        self.heard = now
        if self._allowance < 1 or self._pending >= limits.window:
            return False
        self._allowance -= 1
        self._run(self._handle(data))
        return True

    def send(self, data: bytes) -> bool:
        if self._listener.transport.is_closing():
            return False
        self._listener.transport.sendto(data, self._addr)
        return True

    def store(self, reading: Reading, answer: Answer | bytes = b"") -> None:
        self._run(self._store(reading, answer))

    def refuse(self, error: Refused, raw: bytes, answer: bytes = b"") -> None:
        known = self.session.device.code if self.session is not None else ""
        reading = Reading(raw, f"{known} {self.peer}".strip())
        reading.refuse(error)
        if self.session is not None:
            self.session.rejected += 1
        self.store(reading, answer)

    def join(self, device: Device, talk: Talk) -> Session:
        session = self._sessions.get(device.thing)
        if session is None or self.station.sessions.get(device.thing) is not session:
            session = self._sessions[device.thing] = self.station.join(device, talk, self.peer)
            session.frames = 1
        self.session = session
        return session

    def end(self) -> None:
        self._listener.forget(self._addr)
        for session in self._sessions.values():
            self.station.leave(session)
        self._conversation.lost()

    async def _handle(self, raw: bytes) -> None:
        async with self._one:
            self.station.heard(self.session)
            try:
                await self._conversation.handle(raw)
            except Refused as error:
                self.refuse(error, raw)
            except Exception:
                _log.exception("%s: a datagram of %s", self.station.name, self.peer)
                self.refuse(AdapterFailed(protocol=self.station.name), raw)

    async def _store(self, reading: Reading, answer: Answer | bytes) -> None:
        try:
            receipt = await self.station.store(reading)
        except Exception:
            _log.exception("%s: a datagram of %s is not stored", self.station.name, self.peer)
            return
        data = answer if isinstance(answer, bytes) else answer(receipt)
        if data:
            self.send(data)

    def _run(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._pending += 1
        self._listener.under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._pending -= 1
        self._listener.under_way.discard(task)
