"""The embedded MQTT listener: connections, sessions, and what they share."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from yiwang.kernel.errors import YiwangError
from yiwang.sensing.mqtt.connection import Connection
from yiwang.sensing.mqtt.errors import PortTaken
from yiwang.sensing.mqtt.gate import Gate, Sender
from yiwang.sensing.mqtt.hub import MOST_SUBSCRIPTIONS, Hub, Session
from yiwang.sensing.mqtt.inlet import Inlet
from yiwang.sensing.mqtt.limits import (
    FILTER_INVALID,
    NO_SHARED_SUBSCRIPTIONS,
    NOT_AUTHORIZED,
    QUOTA_EXCEEDED,
    SHUTTING_DOWN,
    TAKEN_OVER,
    Limits,
)
from yiwang.sensing.mqtt.packets import Publish
from yiwang.sensing.mqtt.watching import Watches, is_standard

_log = logging.getLogger(__name__)

SWEEP_S = 60.0


@dataclass
class _Kept:
    session: Session
    connection: Connection | None
    over_at: float = 0.0


class Listener:
    """Listens on one port. ``start`` and ``close`` belong to the inlet's event loop."""

    def __init__(
        self,
        gate: Gate,
        inlet: Inlet,
        limits: Limits | None = None,
        watches: Watches | None = None,
    ) -> None:
        """``watches`` is told who listens to topics of SensorThings."""
        self.watches = watches or Watches()
        self.gate = gate
        self.inlet = inlet
        self.limits = limits or Limits()
        inlet.relieved = self._relieve
        self.hub = Hub()
        self.connections: dict[Connection, str] = {}
        """Each with the address it came from."""
        self._addresses: Counter[str] = Counter()
        self.paused: set[Connection] = set()
        """Connections that stopped reading because the listener as a whole was crowded."""
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._unflushed: list[Connection] = []
        self._server: asyncio.Server | None = None
        self._closing = False
        self._sweeping: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Begin to listen; returns the port (given 0, a free one). Raises PortTaken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self),
                host,
                port,
                ssl=tls,
                backlog=4096,
                ssl_handshake_timeout=self.limits.connect_s if tls else None,
            )
        except OSError as error:
            raise PortTaken(f"{host}:{port}", port=port, reason=error.strerror or "") from error
        self._sweeping = loop.call_later(SWEEP_S, self._sweep)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, say so to every client, and wait for what was taken."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._server is not None:
            self._server.close()
        self._closing = True
        for connection in list(self.connections):
            connection.regulate()
        await self.inlet.close()
        for connection in list(self.connections):
            connection.end(SHUTTING_DOWN)
        self.gate.close()

    def enter(self, connection: Connection, address: str) -> bool:
        """Count a connection; False where there are too many, in all or from its address."""
        self.connections[connection] = address
        self._addresses[address] += 1
        few = self._addresses[address] <= self.limits.per_address
        return few and len(self.connections) <= self.limits.connections

    def left(self, connection: Connection) -> None:
        """The connection is gone."""
        self.paused.discard(connection)
        address = self.connections.pop(connection, None)
        if address is not None:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def expel(self, labels: Collection[str]) -> None:
        """Those whose credentials were revoked: end their connections, admit them no more."""
        self.gate.forget()
        for connection in list(self.connections):
            if connection.label in labels:
                connection.end(NOT_AUTHORIZED)

    @property
    def crowded(self) -> bool:
        """Whether nobody may send more at the moment."""
        return self._closing or self.inlet.waiting >= self.limits.all_waiting

    def settled(self, messages: Sequence[Publish], reasons: Sequence[str]) -> None:
        """Pass stored messages on topics of packs on to subscribers; rejected ones go nowhere,
        and what SensorThings tells its subscribers comes from ``Updates``."""
        for message, reason in zip(messages, reasons, strict=True):
            if reason or is_standard(message.topic):
                continue
            if message.retain:
                self.hub.retain(message)
            if not self.hub.idle:
                self.hub.publish(message)

    def subscribe(self, session: Session, sender: Sender, topic: str, qos: int) -> int:
        """Add a subscription; returns its QoS, or the reason code why it is refused."""
        if topic.startswith("$share/"):
            return NO_SHARED_SUBSCRIPTIONS
        if not is_standard(topic):
            if not sender.may_subscribe(topic):
                return NOT_AUTHORIZED
            return qos if self.hub.subscribe(session, topic, qos) else QUOTA_EXCEEDED
        known = session.subscriptions
        if topic not in known and len(known) >= MOST_SUBSCRIPTIONS:
            return QUOTA_EXCEEDED
        try:
            self.watches.add(session, topic, qos)
        except YiwangError:
            return FILTER_INVALID
        known[topic] = qos
        return qos

    def retained(self, session: Session, topics: deque[tuple[str, int]]) -> None:
        """Deliver retained messages, of one filter (with its QoS) in a turn of the loop: looking
        for them takes long where there are many, and others have their turn between."""
        if not topics or session.send is None:
            return
        topic, qos = topics.popleft()
        for message in self.hub.retained(topic):
            session.deliver(message, min(qos, message.qos, 1))
        if topics:
            asyncio.get_running_loop().call_soon(self.retained, session, topics)

    def unsubscribe(self, session: Session, topic: str) -> bool:
        """False when there was no such subscription."""
        if not is_standard(topic):
            return self.hub.unsubscribe(session, topic)
        self.watches.remove(session, topic)
        return session.subscriptions.pop(topic, None) is not None

    def _forget(self, session: Session) -> None:
        for topic in list(session.subscriptions):
            self.unsubscribe(session, topic)

    def failed(self, messages: Sequence[Publish]) -> None:
        _log.error("%s messages of lost clients (wills) could not be stored", len(messages))

    def _relieve(self) -> None:
        """Let everyone read again once the crowd is half gone."""
        if self.paused and not self._closing and self.inlet.waiting < self.limits.all_waiting // 2:
            paused, self.paused = self.paused, set()
            for connection in paused:
                connection.regulate()

    def join(
        self,
        key: tuple[str, str],
        clean: bool,
        connection: Connection,
        send: Callable[[bytes], bool],
    ) -> tuple[Session, bool]:
        """The session of a client that connected, and whether it was there before. An older
        connection of the same client is closed."""
        kept = self._kept.get(key)
        if kept is not None and kept.connection is not None:
            kept.session.send = None
            kept.connection.end(TAKEN_OVER)
        if kept is not None and (clean or self._over(kept)):
            self._forget(kept.session)
            kept = None
        present = kept is not None
        if kept is None:
            kept = self._kept[key] = _Kept(Session(key), connection)
        kept.connection = connection
        kept.session.send = send
        return kept.session, present

    def leave(self, session: Session) -> None:
        """The session's connection ended."""
        session.send = None
        kept = self._kept[session.key]
        kept.connection = None
        kept.over_at = asyncio.get_running_loop().time() + session.lasts
        if not session.lasts:
            self._drop(session)

    def flush_soon(self, connection: Connection) -> None:
        """Write what was queued for this connection at the end of this turn of the loop."""
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush_all)
        self._unflushed.append(connection)

    def _flush_all(self) -> None:
        connections, self._unflushed = self._unflushed, []
        for connection in connections:
            connection.flush()

    def _over(self, kept: _Kept) -> bool:
        return kept.connection is None and asyncio.get_running_loop().time() >= kept.over_at

    def _drop(self, session: Session) -> None:
        self._forget(session)
        kept = self._kept.get(session.key)
        if kept is not None and kept.session is session:
            del self._kept[session.key]

    def _sweep(self) -> None:
        for kept in list(self._kept.values()):
            if self._over(kept):
                self._drop(kept.session)
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
