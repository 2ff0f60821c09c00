"""Frames out of a stream: ``##``, four digits of length, the data segment, four digits of
checksum, CR LF (2017: 6.3.1, 2025: 6.3.2).

Frames are told apart by their length, because encrypted data (2025) may hold any byte. CR LF
is not insisted upon: a frame is complete with its checksum.
"""

from __future__ import annotations

from yiwang.sensing.protocols.hj212.errors import NoFrame
from yiwang.sensing.protocols.link import Piece

HEAD = b"##"
LONGEST = 2 + 4 + 9999 + 4
_BLANK = b"\r\n \t\0"
_HEXADECIMAL = frozenset(b"0123456789ABCDEFabcdef")


class Splitter:
    """Implements ``link.Splitter``. Where a length leads nowhere, the search goes on behind its
    ``##``; bytes that belong to no frame come back as one piece."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._lost = bytearray()

    @property
    def waiting(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> list[Piece]:
        self._held += data
        pieces: list[Piece] = []
        at = 0
        while True:
            start = self._held.find(HEAD, at)
            if start < 0:
                keep = len(self._held) - (self._held[-1:] == b"#")
                at = self._lose(max(at, 0), max(keep, at))
                break
            at = self._lose(at, start)
            size = self._size(start)
            if size is None:
                break
            if not size:
                at = self._lose(start, start + len(HEAD))
                continue
            self._give_lost(pieces)
            pieces.append(Piece(bytes(self._held[start : start + size])))
            at = start + size
        del self._held[:at]
        self._give_lost(pieces)
        return pieces

    def _size(self, start: int) -> int | None:
        """Bytes of the frame that begins here; None: it is not complete, 0: it is none."""
        digits = self._held[start + 2 : start + 6]
        if not (digits.isdigit() or not digits):
            return 0
        if len(digits) < 4:
            return None
        size = 2 + 4 + int(digits) + 4
        if len(self._held) < start + size:
            return None
        return size if _HEXADECIMAL.issuperset(self._held[start + size - 4 : start + size]) else 0

    def _lose(self, start: int, end: int) -> int:
        self._lost += self._held[start:end].strip(_BLANK)
        return end

    def _give_lost(self, pieces: list[Piece]) -> None:
        if self._lost:
            lost, self._lost = bytes(self._lost), bytearray()
            problem = "it does not begin with ## and a length at whose end a checksum stands"
            pieces.append(Piece(lost, NoFrame(problem=problem)))
