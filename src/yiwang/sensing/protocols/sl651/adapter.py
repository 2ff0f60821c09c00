"""The adapter of SL 651-2014: stations over TCP and, on the same port, over UDP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from yiwang.kernel.documents import Section
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import Port
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.link import Link, Piece
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.sl651.conversation import Conversation, Manners
from yiwang.sensing.protocols.sl651.model import elements, splitting
from yiwang.sensing.protocols.station import Station
from yiwang.sensing.protocols.tcp import TcpListener
from yiwang.sensing.protocols.udp import UdpListener

_BYTE = re.compile(r"(?:0X)?([0-9A-F]{2})")
_OWN = re.compile(r"FF[0-9A-F]{2}")
LIMITS = Limits(frame_bytes=70_000)
COMMANDS: Mapping[str, Mapping[str, bool]] = {
    "read_now": {},
    "read_elements": {"elements": True},
    "read_span": {"element": True, "begin": True, "end": True, "hours": False},
    "read_state": {},
    "read_time": {},
    "set_time": {},
}


class Splitter:
    """Implements ``link.Splitter``."""

    def __init__(self) -> None:
        self._stream = splitting.Splitter()

    @property
    def waiting(self) -> int:
        return self._stream.held

    def feed(self, data: bytes) -> list[Piece]:
        return [Piece(piece.raw, piece.error) for piece in self._stream.feed(data)]


class Listeners:
    """Implements ``adapter.Port``: one port, TCP and UDP."""

    def __init__(self, tcp: TcpListener, udp: UdpListener) -> None:
        self._tcp, self._udp = tcp, udp
        self.number = tcp.number

    @property
    def connections(self) -> int:
        return self._tcp.connections + self._udp.connections

    async def close(self) -> None:
        await asyncio.gather(self._tcp.close(), self._udp.close())


def code(value: Any) -> str:
    """An element as it is kept: its ASCII identifier, or its byte in hexadecimal where annex C
    has none; ``ZT.2`` is a bit of the state word. Raises ValueError."""
    name, dot, bit = mapping.text_code(value).upper().partition(".")
    known = elements.BY_NAME.get(name)
    byte = _BYTE.fullmatch(name)
    if known is None and byte is not None:
        known = elements.BY_BYTE.get(int(byte[1], 16))
        name = elements.name_of(int(byte[1], 16))
    elif known is None and not _OWN.fullmatch(name):
        raise ValueError("it is an identifier of annex C such as Z, PJ or 0x39, or FF01")
    if dot and not (name == "ZT" and bit.isdigit() and int(bit) < 32):
        raise ValueError("bits, as in ZT.2, are only those of the state ZT, 0 to 31")
    return (known.name if known is not None else name) + dot + bit


class Sl651:
    name = "sl651"
    listens = True
    commands = COMMANDS

    def __init__(self, limits: Limits = LIMITS, manners: Manners | None = None) -> None:
        self._limits = limits
        self._manners = manners or Manners()

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """``values``: an element for each property. ``password: true``: the password in the
        header, four hexadecimal digits, must be the secret of the device. ``tests: true``: test
        reports (30H) are stored like others. ``stay: false``: stations may leave (EOT)."""
        found = mapping.read(section, properties, code)
        found["password"] = section.take("password", bool, False)
        found["tests"] = section.take("tests", bool, False)
        found["stay"] = section.take("stay", bool, True)
        return found

    async def open(self, station: Station, host: str, port: int) -> Port:
        """Raises ProtocolPortTaken."""

        def start(link: Link) -> Conversation:
            return Conversation(link, self._manners)

        tcp = await TcpListener(station, Splitter, start, self._limits).open(host, port)
        try:
            udp = await UdpListener(station, start, self._limits).open(host, tcp.number)
        except Exception:
            await tcp.close()
            raise
        return Listeners(tcp, udp)


ADAPTER = Sl651()
