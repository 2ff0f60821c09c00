"""The adapter of JT/T 808: terminals of 2013 and 2019, told apart by each message."""

from __future__ import annotations

from typing import Any

from yiwang.kernel.documents import Section
from yiwang.sensing.protocols import mapping, moving
from yiwang.sensing.protocols.adapter import Port
from yiwang.sensing.protocols.jt808.conversation import Conversation, Manners
from yiwang.sensing.protocols.jt808.model import frames, positions, splitting
from yiwang.sensing.protocols.jt808.orders import COMMANDS
from yiwang.sensing.protocols.jt808.reports import POSITION
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.link import Link, Piece
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.station import Station
from yiwang.sensing.protocols.tcp import TcpListener

LIMITS = Limits(frame_bytes=frames.MOST_FRAME, idle_s=600.0)


class Splitter:
    """Implements ``link.Splitter``."""

    def __init__(self) -> None:
        self._stream = splitting.Splitter()

    @property
    def waiting(self) -> int:
        return self._stream.waiting

    def feed(self, data: bytes) -> list[Piece]:
        return [Piece(piece.raw, piece.error) for piece in self._stream.feed(data)]


def code(value: Any) -> str:
    """Raises ValueError."""
    text = mapping.text_code(value)
    return text if text == POSITION else positions.checked_code(text)


class Jt808:
    name = "jt808"
    listens = True
    commands = COMMANDS

    def __init__(self, limits: Limits = LIMITS, manners: Manners | None = None) -> None:
        self._limits = limits
        self._manners = manners or Manners()

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """``values``: names of ``positions.NUMBERS``, bits (``alarm.0``), additional items
        (``item.E1``), and ``position`` for a property of type text. ``move``: ``seconds`` and
        ``metres`` between two Locations of the Thing."""
        found = mapping.read(section, properties, code)
        found["move"] = moving.read_pace(section)
        return found

    async def open(self, station: Station, host: str, port: int) -> Port:
        """Raises ProtocolPortTaken."""

        def start(link: Link) -> Conversation:
            return Conversation(link, self._manners)

        return await TcpListener(station, Splitter, start, self._limits).open(host, port)


ADAPTER = Jt808()
