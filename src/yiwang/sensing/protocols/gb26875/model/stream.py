"""Frames out of a stream that is cut anywhere and may hold rubbish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.gb26875.errors import NoFrame, TooLong, WrongChecksum
from yiwang.sensing.protocols.gb26875.model.frame import (
    END,
    HEAD,
    MOST_FRAME,
    MOST_UNIT,
    START,
    Frame,
    checksum,
    head,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """A frame and the bytes that it stood in."""

    frame: Frame
    raw: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no frame, at most ``MOST_FRAME`` of them, and why. ``head`` is the control
    unit where it could be read, so that it can be denied."""

    error: Refused
    raw: bytes
    head: Frame | None = None


class Splitter:
    """Finds frames in a stream. What it says does not depend on how the stream is cut, and it
    never holds more than one frame beyond what was put in last."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipped = 0
        """Bytes at the beginning of what is held that are known to begin no frame."""
        self._why: Broken | None = None
        """What was wrong where the first of the skipped bytes looked like a start."""

    @property
    def held(self) -> int:
        """Bytes waiting for more."""
        return len(self._held)

    def feed(self, data: bytes) -> Iterator[Whole | Broken]:
        """Whole frames and broken pieces, in order, as far as they can be told."""
        self._held += data
        while (found := self._next()) is not None:
            yield found

    def finish(self) -> Iterator[Whole | Broken]:
        """What is left at the end of the stream, or of a datagram: a frame that lacks its end."""
        while self._held:
            if (found := self._next()) is not None:
                yield found
                continue
            self._skipped = min(self._skipped + 1, len(self._held))
            if self._skipped == len(self._held):
                yield self._rubbish(self._skipped)

    def _next(self) -> Whole | Broken | None:
        while True:
            at = self._held.find(START, self._skipped)
            certain = at if at >= 0 else len(self._held) - (self._held[-1:] == b"@")
            if certain >= MOST_FRAME:
                return self._rubbish(MOST_FRAME)
            self._skipped = max(self._skipped, certain)
            if at < 0 or len(self._held) < at + HEAD:
                return None
            size = HEAD + int.from_bytes(self._held[at + 24 : at + 26], "little") + 3
            wrong: Refused | None = None
            if size > MOST_FRAME:
                wrong = TooLong(length=size - HEAD - 3, most=MOST_UNIT)
            elif len(self._held) < at + size:
                return None
            elif self._held[at + size - 2 : at + size] != END:
                wrong = NoFrame()
            if wrong is None:
                return self._rubbish(at) if at else self._taken(size)
            if at == 0:
                self._why = Broken(wrong, b"", head(self._held))
            self._skipped = at + 1

    def _taken(self, size: int) -> Whole | Broken:
        raw = bytes(self._held[:size])
        del self._held[:size]
        stated, computed = raw[-3], checksum(raw[2:-3])
        if stated != computed:
            error = WrongChecksum(stated=f"{stated:02X}", computed=f"{computed:02X}")
            return Broken(error, raw, head(raw))
        frame = head(raw)
        return Whole(
            Frame(
                frame.serial,
                frame.command,
                frame.source,
                frame.target,
                raw[HEAD:-3],
                frame.tag,
                frame.version,
            ),
            raw,
        )

    def _rubbish(self, size: int) -> Broken:
        raw = bytes(self._held[:size])
        del self._held[:size]
        self._skipped = max(0, self._skipped - size)
        why, self._why = self._why, None
        return Broken(why.error if why else NoFrame(), raw, why.head if why else None)
