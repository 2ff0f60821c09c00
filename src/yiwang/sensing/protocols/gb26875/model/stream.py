"""Frames out of a stream that is cut anywhere and may hold rubbish."""

from __future__ import annotations

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.errors import BadFrame, FrameTooLong
from yiwang.sensing.protocols.gb26875.model.frame import (
    END,
    HEAD,
    MOST_FRAME,
    NO_FRAME,
    START,
    size_of,
)
from yiwang.sensing.protocols.link import Piece


class Splitter:
    """Implements ``link.Splitter``. A piece without a fault has the start, the size and the end
    of a frame; its checksum is for ``frame.decode``, so that a frame that was damaged can be
    denied. What is found does not depend on how the stream is cut, and at most one frame is
    held."""

    def __init__(self) -> None:
        self.waiting = 0
        self._held = bytearray()
        self._skipped = 0
        """Bytes at the beginning of what is held that are known to begin no frame."""
        self._why: Refused | None = None
        """What was wrong where the first of the skipped bytes looked like a start."""

    def feed(self, data: bytes) -> list[Piece]:
        """Frames, and pieces of at most ``MOST_FRAME`` bytes that are none, in order."""
        self._held += data
        found: list[Piece] = []
        while (piece := self._next()) is not None:
            found.append(piece)
        self.waiting = len(self._held)
        return found

    def _next(self) -> Piece | None:
        while True:
            at = self._held.find(START, self._skipped)
            certain = at if at >= 0 else len(self._held) - (self._held[-1:] == b"@")
            if certain >= MOST_FRAME:
                return self._rubbish(MOST_FRAME)
            self._skipped = max(self._skipped, certain)
            if at < 0 or len(self._held) < at + HEAD:
                return None
            size = size_of(self._held, at)
            wrong: Refused | None = None
            if size > MOST_FRAME:
                wrong = FrameTooLong(bytes=size, most=MOST_FRAME)
            elif len(self._held) < at + size:
                return None
            elif self._held[at + size - 2 : at + size] != END:
                wrong = BadFrame(problem=NO_FRAME)
            if wrong is None:
                return self._rubbish(at) if at else Piece(self._taken(size))
            if at == 0:
                self._why = wrong
            self._skipped = at + 1

    def _taken(self, size: int) -> bytes:
        raw = bytes(self._held[:size])
        del self._held[:size]
        self._skipped = max(0, self._skipped - size)
        return raw

    def _rubbish(self, size: int) -> Piece:
        why, self._why = self._why, None
        return Piece(self._taken(size), why or BadFrame(problem=NO_FRAME))
