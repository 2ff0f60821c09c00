"""A listener for protocols over TCP: connections that cannot hold it up.

Reading is paused, never dropped, while too much of what a client sent is not yet durable, while
it sends faster than its rate, and while it does not read our answers. A client that says
nothing, does not end what it began or sends what is no frame is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter, deque
from collections.abc import Callable
from typing import cast

from yiwang.kernel.errors import Kind
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.adapter import Talk
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import (
    AdapterFailed,
    FrameTooLong,
    ProtocolPortTaken,
    UnfinishedFrame,
)
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.link import Answer, Conversation, Piece, Splitter, Start
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Session, Station

_log = logging.getLogger(__name__)


class TcpListener:
    """Implements ``adapter.Port``. ``splitter`` makes one for each connection; ``start`` begins
    the conversation with one client."""

    def __init__(
        self,
        station: Station,
        splitter: Callable[[], Splitter],
        start: Start,
        limits: Limits | None = None,
    ) -> None:
        self.station = station
        self.limits = (limits or Limits()).within(station.settings)
        self.splitter = splitter
        self.converse = start
        self.number = 0
        self.clients: set[Client] = set()
        self.addresses: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._closing = False
        station.relieved = self._relieve

    @property
    def connections(self) -> int:
        return len(self.clients)

    @property
    def crowded(self) -> bool:
        """Whether nobody may send more at the moment."""
        return self._closing or self.station.waiting >= self.limits.all_waiting

    async def open(self, host: str, port: int) -> TcpListener:
        """Raises ProtocolPortTaken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Client(self), host, port, backlog=1024)
        except OSError as error:
            where, why = f"{host}:{port}", error.strerror or str(error)
            raise ProtocolPortTaken(
                where, port=port, protocol=self.station.name, reason=why
            ) from error
        self.number = int(self._server.sockets[0].getsockname()[1])
        self._sweeping = loop.call_later(self.limits.sweep_s, self._sweep)
        return self

    async def close(self) -> None:
        """Take nothing more, wait until what was taken is durable, and hang up."""
        self._closing = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._server is not None:
            self._server.close()
        for client in self.clients:
            client.regulate()
        tasks = [task for client in self.clients for task in client.under_way()]
        if tasks:
            await asyncio.wait(tasks, timeout=self.limits.closing_s)
        for client in list(self.clients):
            client.abort()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for client in list(self.clients):
            client.look(now)
        self._sweeping = loop.call_later(self.limits.sweep_s, self._sweep)

    def _relieve(self) -> None:
        if not self._closing and self.station.waiting == self.limits.all_waiting // 2:
            for client in self.clients:
                client.regulate()


class Client(asyncio.Protocol):
    """Implements ``link.Link`` over one TCP connection."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._limits = listener.limits
        self._loop = asyncio.get_running_loop()
        self._splitter = listener.splitter()
        self._transport = cast(asyncio.Transport, None)
        self._pieces: deque[Piece] = deque()
        self._working: asyncio.Task[None] | None = None
        self._storing: set[asyncio.Task[None]] = set()
        self._reading = True
        self._writable = True
        self._ended = False
        self._junk = 0
        self._had_frame = False
        self._allowance = listener.limits.frames_per_s
        self._counted_at = self._connected = self._heard = self._loop.time()
        self._began: float | None = None
        self._unread_since: float | None = None
        self.station = listener.station
        self.peer = ""
        self.session: Session | None = None
        self._sessions: dict[int, Session] = {}
        self._conversation: Conversation = listener.converse(self)

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername") or ("?", 0)
        self.peer, address = f"{name[0]}:{name[1]}", name[0]
        listener = self._listener
        listener.clients.add(self)
        listener.addresses[address] += 1
        limits = self._limits
        crowd = len(listener.clients) > limits.connections
        if crowd or listener.addresses[address] > limits.per_address:
            self.station.dropped += 1
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=limits.unread_bytes)
        plug = transport.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.regulate()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        now = self._heard = self._loop.time()
        try:
            pieces = self._splitter.feed(data)
        except Exception:
            _log.exception("%s: the splitter failed", self.station.name)
            pieces = [Piece(data, AdapterFailed(protocol=self.station.name))]
            self._junk = self._limits.junk
        waiting = self._splitter.waiting
        self._began = (self._began or now) if waiting and not pieces else now if waiting else None
        if waiting > self._limits.frame_bytes:
            most = self._limits.frame_bytes
            pieces.append(Piece(data, FrameTooLong(bytes=waiting, most=most)))
            self._junk = self._limits.junk
        self._spend(len(pieces), now)
        self._pieces.extend(pieces)
        if self._pieces and self._working is None:
            self._working = self._loop.create_task(self._work())
        self.regulate()

    def pause_writing(self) -> None:
        self._writable = False
        self._unread_since = self._loop.time()
        self.regulate()

    def resume_writing(self) -> None:
        self._writable = True
        self._unread_since = None
        self.regulate()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._listener.clients.discard(self)
        address = self.peer.rpartition(":")[0]
        self._listener.addresses[address] -= 1
        if self._listener.addresses[address] <= 0:
            del self._listener.addresses[address]
        for session in self._sessions.values():
            self.station.leave(session)
        self._conversation.lost()

    # What the conversation calls

    def send(self, data: bytes) -> bool:
        if self._transport.is_closing() or not self._writable:
            return False
        self._transport.write(data)
        return True

    def store(self, reading: Reading, answer: Answer | bytes = b"") -> None:
        task = self._loop.create_task(self._store(reading, answer))
        self._storing.add(task)
        task.add_done_callback(self._stored)

    def refuse(self, error: Refused, raw: bytes, answer: bytes = b"") -> None:
        reading = Reading(raw, self._where())
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
        self._ended = True
        self._pieces.clear()
        if not self._storing:
            self._transport.close()

    def abort(self) -> None:
        """Hang up, whatever is under way."""
        self._ended = True
        self._transport.close()

    # What the listener calls

    @property
    def unfinished(self) -> int:
        """Bytes held of a frame that is not complete."""
        return self._splitter.waiting

    def under_way(self) -> list[asyncio.Task[None]]:
        return [*self._storing, *([self._working] if self._working is not None else [])]

    def look(self, now: float) -> None:
        """Cut the client off when it has been silent, or slow, for too long."""
        limits = self._limits
        if self._unread_since is not None and now > self._unread_since + limits.unread_s:
            self._transport.abort()
        elif self._reading and self._began is not None and now > self._began + limits.frame_s:
            self._began = None
            self.refuse(UnfinishedFrame(seconds=limits.frame_s), b"")
            self.end()
        elif self._silent(now):
            self.end()
        elif not self._reading:
            self.regulate()

    def _silent(self, now: float) -> bool:
        if self._pieces or self._storing or self._working is not None:
            return False
        if not self._had_frame and now > self._connected + self._limits.first_frame_s:
            return True
        return self._reading and now > self._heard + self._limits.idle_s

    def regulate(self) -> None:
        """Read or do not read, as what is under way demands."""
        if self._transport.is_closing():
            return
        now = self._loop.time()
        self._spend(0, now)
        under_way = len(self._pieces) + len(self._storing)
        most = self._limits.window if self._reading else self._limits.window // 2
        slow = self._allowance < 0
        wanted = under_way < most and self._writable and not slow and not self._listener.crowded
        if slow and self._reading:
            self._loop.call_later(-self._allowance / self._limits.frames_per_s, self.regulate)
        if wanted and not self._reading:
            self._heard = now
            self._began = now if self._began is not None else None
            self._transport.resume_reading()
        elif self._reading and not wanted:
            self._transport.pause_reading()
        self._reading = wanted

    # Inside

    def _spend(self, frames: int, now: float) -> None:
        """Frames are paid from an allowance that grows by the rate, to a second's worth."""
        rate = self._limits.frames_per_s
        grown = self._allowance + (now - self._counted_at) * rate
        self._allowance = min(grown, rate) - frames
        self._counted_at = now

    async def _work(self) -> None:
        while self._pieces:
            piece = self._pieces.popleft()
            if piece.fault is not None:
                self._junk += 1
                self.refuse(piece.fault, piece.raw)
                if self._junk > self._limits.junk:
                    self.end()
                continue
            self._had_frame = True
            self.station.heard(self.session)
            try:
                await self._conversation.handle(piece.raw)
            except Refused as error:
                self.refuse(error, piece.raw)
                if error.kind is Kind.DENIED:
                    await self._doubt()
            except Exception:
                _log.exception("%s: a frame of %s", self.station.name, self.peer)
                self.refuse(AdapterFailed(protocol=self.station.name), piece.raw)
                self.end()
        self._working = None
        self.regulate()

    async def _doubt(self) -> None:
        """A wrong secret costs a moment, and counts like bytes that are no frame."""
        self._junk += 1
        if self._junk > self._limits.junk:
            self.end()
        await asyncio.sleep(self._limits.doubt_s)

    async def _store(self, reading: Reading, answer: Answer | bytes) -> None:
        try:
            receipt = await self.station.store(reading)
        except Exception:
            _log.exception("%s: a frame of %s could not be stored", self.station.name, self.peer)
            self.end()
            return
        data = answer if isinstance(answer, bytes) else answer(receipt)
        if data:
            self.send(data)

    def _stored(self, task: asyncio.Task[None]) -> None:
        self._storing.discard(task)
        if self._ended and not self._storing:
            self._transport.close()
        self.regulate()

    def _where(self) -> str:
        known = self.session.device.code if self.session is not None else ""
        return f"{known} {self.peer}".strip()
