"""Frames out of a stream of bytes: incremental, bounded in what it holds and in its work."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import frames
from yiwang.sensing.protocols.sl651.model.frames import Frame

MOST_DOUBTS = 3
"""Frames looked for inside one whose CRC is wrong, before it is passed over whole."""


@dataclass(frozen=True)
class Piece:
    """What was found: a frame, or bytes that are none and why. ``raw`` are its bytes."""

    raw: bytes
    frame: Frame | None = None
    error: BadFrame | None = None


class Splitter:
    """Takes bytes as they come and gives frames and what is none.

    ``largest``: bytes a frame may have; a longer one is no frame. ``down``: listens to a centre
    instead of to stations. However the stream is cut, the same frames come out.
    """

    def __init__(self, largest: int = 66_000, down: bool = False) -> None:
        self.largest = largest
        self._down = down
        self._held = bytearray()
        self._doubted = 0
        """Bytes, from the start of what is held, of a frame whose CRC is wrong."""
        self._doubts = 0
        self._wanted = 0
        """Bytes that what is held needs before anything new can be said of it."""

    @property
    def held(self) -> int:
        """Bytes waiting for the rest of their frame; never more than ``largest``."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Piece]:
        pieces: list[Piece] = []
        for start in range(0, len(data), self.largest):
            self._held += data[start : start + self.largest]
            if len(self._held) >= self._wanted:
                self._cut(pieces)
        return pieces

    def _cut(self, pieces: list[Piece]) -> None:
        data = bytes(self._held)
        at = junk = self._wanted = 0
        fault: BadFrame | None = None
        while at < len(data):
            size = frames.extent(data, at, self._down)
            if size < 0 or size > self.largest:
                at = self._next_start(data, at + 1)
                continue
            if size == 0 or at + size > len(data):
                self._wanted = size
                break
            raw = data[at : at + size]
            try:
                frame = frames.decode(raw, self._down)
            except BadFrame as error:
                if fault is not None and at >= self._doubted:
                    pieces.append(_no_frame(data[junk:at], fault))
                    junk, fault = at, None
                fault = fault or error
                at += self._skip(at, size)
                continue
            if at > junk:
                pieces.append(_no_frame(data[junk:at], fault))
            pieces.append(Piece(raw, frame))
            at += size
            junk, fault = at, None
        if at > junk:
            pieces.append(_no_frame(data[junk:at], fault))
        self._doubted = max(0, self._doubted - at)
        self._held = bytearray(data[at:])

    def _skip(self, at: int, size: int) -> int:
        """How far to pass on from a bad frame. Its length may be what is wrong, so others are
        looked for inside it, but only a few: the work stays in proportion to the bytes."""
        if at >= self._doubted:
            self._doubts = 0
        self._doubted = max(self._doubted, at + size)
        self._doubts += 1
        if self._doubts > MOST_DOUBTS:
            return size
        return 1

    @staticmethod
    def _next_start(data: bytes, at: int) -> int:
        found = [place for mark in (b"\x7e", b"\x01") if (place := data.find(mark, at)) >= 0]
        return min(found, default=len(data))


def _no_frame(raw: bytes, fault: BadFrame | None) -> Piece:
    """Bytes that are none; ``fault`` is what is wrong with the first frame among them."""
    return Piece(raw, None, fault or BadFrame(problem="the bytes are no frame"))
