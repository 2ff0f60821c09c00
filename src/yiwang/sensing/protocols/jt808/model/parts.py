"""Long messages in parts (clause 4.4.3, 7.12): put together in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.jt808.model.frames import Message

Key = tuple[int, int]
"""Kind of the message and the serial number of its first part."""


@dataclass
class _Long:
    message: Message
    began: int
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    asked: int = 0


class Assembly:
    """The parts of one connection. ``most_bytes`` of all messages together; ``most_time``
    (microseconds) from the first part to the last."""

    def __init__(self, most_bytes: int = 262_144, most_time: int = 120_000_000) -> None:
        self._most_bytes = most_bytes
        self._most_time = most_time
        self._long: dict[Key, _Long] = {}
        self.size = 0

    def add(self, message: Message, now: int) -> Message | None:
        """The whole message, with the serial number of its first part, once all parts are
        there. Raises BadFrame when they are too many bytes."""
        self.expire(now)
        first = (message.serial - message.part + 1) & 0xFFFF
        key = (message.kind, first)
        long = self._long.get(key)
        if long is None or long.message.total != message.total:
            self._forget(key)
            long = self._long[key] = _Long(replace(message, serial=first), now)
        if message.part not in long.parts:
            if self.size + len(message.body) > self._most_bytes:
                self._forget(key)
                raise BadFrame(problem=f"a message has more than {self._most_bytes} bytes")
            long.parts[message.part] = message.body
            long.size += len(message.body)
            self.size += len(message.body)
        if len(long.parts) < message.total:
            return None
        self._forget(key)
        body = b"".join(long.parts[number] for number in range(1, message.total + 1))
        return replace(message, serial=first, body=body, total=0, part=0)

    def missing(self, message: Message, most_asked: int = 3) -> tuple[int, list[int]]:
        """The serial number to ask by and the parts that lack, when the last part of a message
        came and others did not; no parts after it was asked ``most_asked`` times."""
        first = (message.serial - message.part + 1) & 0xFFFF
        long = self._long.get((message.kind, first))
        if long is None or message.part != message.total or long.asked >= most_asked:
            return first, []
        long.asked += 1
        lacking = [number for number in range(1, message.total + 1) if number not in long.parts]
        return first, lacking[:255]

    def expire(self, now: int) -> int:
        """Forget messages that took too long; returns how many."""
        late = [key for key, long in self._long.items() if now - long.began > self._most_time]
        for key in late:
            self._forget(key)
        return len(late)

    def _forget(self, key: Key) -> None:
        long = self._long.pop(key, None)
        if long is not None:
            self.size -= long.size
