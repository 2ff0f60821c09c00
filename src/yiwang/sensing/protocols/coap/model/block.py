"""Payloads that come in blocks (RFC 7959, Block1), within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

MOST_BYTES = 64 * 1024
MOST_OPEN = 4
"""Payloads that one client may have under way."""
MOST_ROOM = 32 * 1024 * 1024
"""Bytes under way of all clients."""

Key = tuple[tuple[int, bytes], ...]


class Block(NamedTuple):
    """The value of a Block1 option. ``size`` is 16 … 1024 bytes."""

    number: int
    more: bool
    size: int

    @classmethod
    def of(cls, value: int) -> Block | None:
        """None for a size exponent that is reserved."""
        exponent = value & 7
        return None if exponent == 7 else cls(value >> 4, bool(value & 8), 16 << exponent)


class Incomplete(Exception):
    """A block came whose predecessors did not (4.08)."""


class TooLarge(Exception):
    """The payload is, or would be, larger than ``MOST_BYTES`` (4.13)."""


class NoRoom(Exception):
    """All clients together have too much under way (5.03)."""


@dataclass
class Room:
    """What all clients have under way."""

    taken: int = 0


@dataclass
class Assembly:
    """The payloads of one client, under way. ``key`` tells them apart: the options but those of
    the blocks."""

    room: Room
    _open: dict[Key, bytearray] = field(default_factory=dict)

    def clear(self) -> None:
        for key in list(self._open):
            self._forget(key)

    def take(self, key: Key, block: Block, payload: bytes, announced: int = 0) -> bytes | None:
        """The whole payload with its last block, None before it. The same block again changes
        nothing. Raises Incomplete, TooLarge, NoRoom; then what was under way is forgotten."""
        start = block.number * block.size
        if max(start + len(payload), announced) > MOST_BYTES:
            self._forget(key)
            raise TooLarge
        if block.number == 0:
            self._forget(key)
            while len(self._open) >= MOST_OPEN:
                self._forget(next(iter(self._open)))
            self._open[key] = bytearray()
        held = self._open.get(key)
        wrong = block.more and len(payload) != block.size
        if held is None or start > len(held) or wrong:
            self._forget(key)
            raise Incomplete
        if start == len(held):
            if self.room.taken + len(payload) > MOST_ROOM:
                self._forget(key)
                raise NoRoom
            held += payload
            self.room.taken += len(payload)
        if block.more:
            return None
        self._forget(key)
        return bytes(held)

    def _forget(self, key: Key) -> None:
        self.room.taken -= len(self._open.pop(key, b""))
