"""CBOR (RFC 8949) as devices use it for what JSON could say; anything else is refused."""

from __future__ import annotations

import struct
from typing import Any

from yiwang.sensing.protocols.coap.errors import NotCbor

MOST_DEPTH = 16
MOST_ITEMS = 10_000
_FLOATS = {25: (2, ">e"), 26: (4, ">f"), 27: (8, ">d")}
_SIMPLE: dict[int, Any] = {20: False, 21: True, 22: None, 23: None}
_IGNORED_TAGS = frozenset((0, 1, 55799))
"""A time as text, as a number, and the mark of CBOR itself."""


def decode(data: bytes) -> Any:
    """Numbers, texts, booleans, null, lists, and maps by text. Raises NotCbor."""
    reader = _Reader(data)
    found = reader.item(0)
    if reader.at != len(data):
        raise NotCbor(byte=reader.at, problem="something follows")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def item(self, depth: int) -> Any:
        start = self.at
        self.items += 1
        if depth > MOST_DEPTH or self.items > MOST_ITEMS:
            raise NotCbor(byte=start, problem="it is too deep or too large")
        first = self._take(1)[0]
        major, more = first >> 5, first & 31
        if major == 7:
            return self._simple(more, start)
        number = self._number(more, start)
        if major < 2:
            return number if major == 0 else -1 - number
        if major == 3:
            return self._text(number, start)
        if major == 4:
            return [self.item(depth + 1) for _ in range(self._count(number, start))]
        if major == 5:
            return self._map(self._count(number, start), depth)
        if major == 6 and number in _IGNORED_TAGS:
            return self.item(depth + 1)
        raise NotCbor(byte=start, problem="a byte string or a tag has no place here")

    def _map(self, count: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(count):
            start = self.at
            key = self.item(depth + 1)
            if not isinstance(key, str):
                raise NotCbor(byte=start, problem="the names in a map are texts")
            found[key] = self.item(depth + 1)
        return found

    def _number(self, more: int, start: int) -> int:
        if more < 24:
            return more
        if more > 27:
            raise NotCbor(byte=start, problem="lengths that are not said are not understood")
        return int.from_bytes(self._take(1 << (more - 24)), "big")

    def _count(self, number: int, start: int) -> int:
        if number > len(self.data) - self.at:
            raise NotCbor(byte=start, problem="it is cut short")
        return number

    def _text(self, number: int, start: int) -> str:
        try:
            return self._take(self._count(number, start)).decode()
        except UnicodeDecodeError:
            raise NotCbor(byte=start, problem="a text is not UTF-8") from None

    def _simple(self, more: int, start: int) -> Any:
        if more in _SIMPLE:
            return _SIMPLE[more]
        if more in _FLOATS:
            size, layout = _FLOATS[more]
            return struct.unpack(layout, self._take(size))[0]
        raise NotCbor(byte=start, problem="a simple value other than true, false and null")

    def _take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise NotCbor(byte=len(self.data), problem="it is cut short")
        self.at += size
        return self.data[self.at - size : self.at]
