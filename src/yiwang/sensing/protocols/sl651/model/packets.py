"""Messages of several packets, mode M3 (clauses 6.3.1.2 c and 6.5.3): put together in bounded
memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model.frames import Frame


@dataclass
class _Message:
    total: int
    began: int
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    asked: int = 0
    """How often missing packets were asked for."""
    awaited: int = 0
    """The packet with which a round ends: the last one, then the last one asked for."""


class Assembly:
    """The packets of one connection. ``most_bytes`` of all messages together, ``most_time``
    (microseconds) from the first packet to the last of one."""

    def __init__(self, most_bytes: int = 262_144, most_time: int = 120_000_000) -> None:
        self._most_bytes = most_bytes
        self._most_time = most_time
        self._messages: dict[tuple[str, int], _Message] = {}
        self.size = 0

    def add(self, frame: Frame, now: int) -> Frame | None:
        """The whole message as one frame once its last packet is there. Raises BadFrame when
        they are too many bytes. A packet that came before and differs begins another message."""
        self.expire(now)
        key = (frame.station, frame.function)
        message = self._messages.get(key)
        held = None if message is None else message.parts.get(frame.packet)
        another = held is not None and held != frame.body
        if message is None or message.total != frame.total or another:
            self._forget(key)
            message, held = self._messages.setdefault(key, _Message(frame.total, now)), None
        if held is None:
            if self.size + len(frame.body) > self._most_bytes:
                self._forget(key)
                raise BadFrame(problem=f"a message has more than {self._most_bytes} bytes")
            message.parts[frame.packet] = frame.body
            message.size += len(frame.body)
            self.size += len(frame.body)
        if len(message.parts) < message.total:
            return None
        self._forget(key)
        body = b"".join(message.parts[number] for number in range(1, message.total + 1))
        return replace(frame, body=body, packet=frame.total)

    def missing(self, frame: Frame, most_asked: int = 2) -> list[int]:
        """Packets to ask for again, when ``frame`` ended a round and some lack; none after they
        were asked for ``most_asked`` times (clause 6.3.2.3)."""
        message = self._messages.get((frame.station, frame.function))
        if message is None or message.asked >= most_asked:
            return []
        if frame.packet != (message.awaited or message.total):
            return []
        message.asked += 1
        lacking = [number for number in range(1, message.total + 1) if number not in message.parts]
        message.awaited = lacking[-1]
        return lacking

    def expire(self, now: int) -> int:
        """Forget messages that took too long; returns how many."""
        late = [key for key, m in self._messages.items() if now - m.began > self._most_time]
        for key in late:
            self._forget(key)
        return len(late)

    def _forget(self, key: tuple[str, int]) -> None:
        message = self._messages.pop(key, None)
        if message is not None:
            self.size -= message.size
