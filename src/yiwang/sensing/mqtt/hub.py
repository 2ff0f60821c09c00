"""Who gets which message: subscriptions, retained messages, and what waits for a subscriber.

Pure: a ``Session`` hands bytes to whatever connection is attached to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from yiwang.security.model import Identity
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.codec import encode

MOST_SUBSCRIPTIONS = 200
MOST_WAITING = 1000
MOST_RETAINED = 100_000
MOST_RETAINED_BYTES = 64 * 1024 * 1024


def matches(filter_levels: tuple[str, ...], topic: str) -> bool:
    """Whether a topic name falls under a filter, given as its levels (MQTT 5.0, 4.7)."""
    if topic[:1] == "$" and filter_levels[0] in ("+", "#"):
        return False
    levels = topic.split("/")
    for index, wanted in enumerate(filter_levels):
        if wanted == "#":
            return True
        if index >= len(levels) or wanted not in ("+", levels[index]):
            return False
    return len(levels) == len(filter_levels)


def covers(wide: str, narrow: str) -> bool:
    """Whether every topic under the filter ``narrow`` is also under the filter ``wide``."""
    wide_levels, narrow_levels = wide.split("/"), narrow.split("/")
    for index, wanted in enumerate(wide_levels):
        if wanted == "#":
            return True
        if index >= len(narrow_levels) or narrow_levels[index] == "#":
            return False
        if wanted not in ("+", narrow_levels[index]):
            return False
    return len(wide_levels) == len(narrow_levels)


@dataclass(eq=False)
class Session:
    """What outlives a connection: subscriptions, exchanges under way, messages that wait.

    ``received`` holds the identifiers of QoS 2 messages between PUBLISH and PUBREL; the value
    is what their PUBREC waits for (None: it was sent). ``send`` is None while nobody is
    connected and returns False when the connection cannot take more now.
    """

    key: tuple[str, str]
    lasts: float = 0.0
    """Seconds the session is kept after its connection ended."""
    identity: Identity | None = None
    version: int = p.V311
    window: int = 100
    """QoS 1 messages that may be on their way to the subscriber unacknowledged."""
    received: dict[int, object] = field(default_factory=dict)
    subscriptions: dict[str, int] = field(default_factory=dict)
    waiting: deque[p.Publish] = field(default_factory=deque)
    unacknowledged: dict[int, p.Publish] = field(default_factory=dict)
    send: Callable[[bytes], bool] | None = None
    missed: int = 0
    """Messages this subscriber did not get because it was too slow or away too long."""
    _last_id: int = 0

    def deliver(self, message: p.Publish, qos: int) -> None:
        if qos == 0:
            out = p.Publish(message.topic, message.payload, retain=message.retain)
            if self.send is None or not self.send(encode(out, self.version)):
                self.missed += 1
            return
        if len(self.waiting) >= MOST_WAITING:
            self.missed += 1
            return
        self.waiting.append(message)
        self.push()

    def push(self) -> None:
        """Send what waits, as far as the window and the connection allow."""
        while self.waiting and self.send is not None and len(self.unacknowledged) < self.window:
            number = self._free_id()
            message = self.waiting[0]
            out = p.Publish(message.topic, message.payload, 1, number, message.retain)
            if not self.send(encode(out, self.version)):
                return
            self.waiting.popleft()
            self.unacknowledged[number] = out

    def acknowledged(self, number: int) -> None:
        if self.unacknowledged.pop(number, None) is not None:
            self.push()

    def resume(self) -> None:
        """After a reconnection: send again what was not acknowledged, then what waits."""
        for message in self.unacknowledged.values():
            message.dup = True
            if self.send is not None:
                self.send(encode(message, self.version))
        self.push()

    def _free_id(self) -> int:
        while True:
            self._last_id = self._last_id % 65535 + 1
            if self._last_id not in self.unacknowledged:
                return self._last_id


class Hub:
    """Subscriptions of all sessions and the retained message of each topic."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Session, int]] = {}
        self._wild: dict[tuple[str, ...], dict[Session, int]] = {}
        self._retained: dict[str, p.Publish] = {}
        self._retained_bytes = 0

    @property
    def idle(self) -> bool:
        """Whether nobody listens: then publishing costs nothing."""
        return not self._exact and not self._wild

    def subscribe(self, session: Session, topic: str, qos: int) -> bool:
        """Add or replace a subscription; False when the session has too many."""
        subscriptions = session.subscriptions
        if topic not in subscriptions and len(subscriptions) >= MOST_SUBSCRIPTIONS:
            return False
        subscriptions[topic] = qos
        self._table(topic)[session] = qos
        return True

    def unsubscribe(self, session: Session, topic: str) -> bool:
        if session.subscriptions.pop(topic, None) is None:
            return False
        table = self._table(topic)
        table.pop(session, None)
        if not table:
            self._exact.pop(topic, None)
            self._wild.pop(tuple(topic.split("/")), None)
        return True

    def publish(self, message: p.Publish) -> None:
        """Hand a message to everyone whose subscription matches, once each."""
        found = dict(self._exact.get(message.topic, ()))
        for levels, table in self._wild.items():
            if matches(levels, message.topic):
                for session, qos in table.items():
                    found[session] = max(qos, found.get(session, 0))
        plain = p.Publish(message.topic, message.payload, message.qos)
        for session, qos in found.items():
            session.deliver(plain, min(qos, message.qos, 1))

    def retain(self, message: p.Publish) -> None:
        """Keep a message as its topic's retained one; an empty payload removes it."""
        old = self._retained.pop(message.topic, None)
        self._retained_bytes -= 0 if old is None else len(old.payload)
        size = self._retained_bytes + len(message.payload)
        if not message.payload or len(self._retained) >= MOST_RETAINED:
            return
        if size <= MOST_RETAINED_BYTES:
            self._retained_bytes = size
            self._retained[message.topic] = message

    def retained(self, topic_filter: str) -> Iterator[p.Publish]:
        levels = tuple(topic_filter.split("/"))
        if "+" not in levels and "#" not in levels:
            message = self._retained.get(topic_filter)
            if message is not None:
                yield message
            return
        for topic, message in list(self._retained.items()):
            if matches(levels, topic):
                yield message

    def _table(self, topic: str) -> dict[Session, int]:
        levels = tuple(topic.split("/"))
        if "+" in levels or "#" in levels:
            return self._wild.setdefault(levels, {})
        return self._exact.setdefault(topic, {})
