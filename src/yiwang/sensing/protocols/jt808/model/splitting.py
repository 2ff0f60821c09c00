"""Frames out of a stream of bytes: incremental, bounded in what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.jt808.model.frames import MOST_FRAME


@dataclass(frozen=True)
class Piece:
    """What was found: a frame with its marks, or bytes that are none and why."""

    raw: bytes
    error: BadFrame | None = None


class Splitter:
    """Takes bytes as they come and gives what stands between two marks.

    A mark that ends a frame may begin the next one. However the stream is cut, the same frames
    come out; whether they are correct is ``frames.decode``'s business.
    """

    def __init__(self, largest: int = MOST_FRAME) -> None:
        self.largest = largest
        self._held = bytearray()
        self._open = False
        """Whether what is held stands behind a mark; else it is no frame."""

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished frame; never more than ``largest``."""
        return len(self._held) + 1 if self._held else 0

    def feed(self, data: bytes) -> list[Piece]:
        pieces: list[Piece] = []
        *ended, last = data.split(b"\x7e")
        for content in ended:
            self._take(content, pieces)
            self._mark(pieces)
        self._take(last, pieces)
        return pieces

    def _take(self, content: bytes, pieces: list[Piece]) -> None:
        """Bytes without a mark."""
        if not self._open and content:
            pieces.append(Piece(content, BadFrame(problem="the bytes stand before the mark 7E")))
        elif content:
            self._held += content
            if len(self._held) > self.largest - 2:
                problem = f"no mark 7E ends it within {self.largest} bytes"
                pieces.append(Piece(b"\x7e" + bytes(self._held), BadFrame(problem=problem)))
                self._held.clear()
                self._open = False

    def _mark(self, pieces: list[Piece]) -> None:
        if self._open and self._held:
            pieces.append(Piece(b"\x7e" + bytes(self._held) + b"\x7e"))
            self._held.clear()
        self._open = True
