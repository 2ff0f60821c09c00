"""The smallest whole adapter: lines of text, ``ADDRESS SECRET SECONDS CODE=VALUE …``.

Each line is answered ``ok N`` with the number of values stored; ``ping`` asks a device, which
answers ``pong``. The tests of the framework speak it, and ``docs/protocols/README.md`` shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from yiwang.kernel.clock import SECOND
from yiwang.kernel.documents import Section
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import Port
from yiwang.sensing.protocols.errors import BadFrame, NoAnswer, NothingMapped
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.link import Link, Piece
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Station
from yiwang.sensing.protocols.tcp import TcpListener


class Splitter:
    def __init__(self) -> None:
        self._held = b""

    @property
    def waiting(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> list[Piece]:
        *lines, self._held = (self._held + data).split(b"\n")
        return [
            Piece(line) if line.isascii() else Piece(line, BadFrame(problem="it is not ASCII"))
            for line in lines
        ]


class Conversation:
    def __init__(self, link: Link) -> None:
        self._link = link
        self._pong: asyncio.Future[None] | None = None

    async def handle(self, raw: bytes) -> None:
        link = self._link
        if raw == b"pong" and self._pong is not None:
            self._pong.set_result(None)
            return
        if raw == b"crash":
            raise RuntimeError("a defect of the adapter")
        words = raw.decode("ascii").split()
        if len(words) < 3 or not words[2].isdigit():
            raise BadFrame(problem="a line is ADDRESS SECRET SECONDS CODE=VALUE …")
        device = await link.station.device(words[0])
        await link.station.admit(device, words[1])
        link.join(device, self)
        reading = Reading(raw, device.code)
        for word in words[3:]:
            code, _, number = word.partition("=")
            for value in device.mapped.by_code.get(code, ()):
                reading.add(device, value, int(words[2]) * SECOND, float(number))
            if code not in device.mapped.by_code:
                link.station.note_unmapped(code)
        if not len(reading):
            raise NothingMapped(codes=" ".join(words[3:]))
        link.store(reading, lambda receipt: b"ok %d\n" % receipt.stored)

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._pong = asyncio.get_running_loop().create_future()
        self._link.send(b"ping\n")
        try:
            await asyncio.wait_for(self._pong, arguments.get("seconds", 5))
        except TimeoutError:
            raise NoAnswer(command=name, seconds=arguments["seconds"], times=1) from None
        return {"said": "pong"}

    def flood(self) -> None:
        """Say more than any kernel holds for a client that does not read."""
        self._link.send(b"x" * 64_000_000)

    def lost(self) -> None:
        if self._pong is not None:
            self._pong.cancel()


class Lines:
    name = "lines"
    listens = True
    commands: Mapping[str, Mapping[str, bool]] = {"ping": {"seconds": False}}

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        return mapping.read(section, properties)

    async def open(self, station: Station, host: str, port: int) -> Port:
        return await TcpListener(station, Splitter, Conversation, self._limits).open(host, port)
