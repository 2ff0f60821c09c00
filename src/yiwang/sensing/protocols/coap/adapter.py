"""The adapter of CoAP: light devices report to ``r/<kind>/<code>``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.kernel.documents import Section
from yiwang.sensing.protocols.adapter import Port
from yiwang.sensing.protocols.coap.conversation import Conversation
from yiwang.sensing.protocols.coap.model.block import Room
from yiwang.sensing.protocols.coap.report import Formats, entrances
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.station import Station
from yiwang.sensing.protocols.udp import UdpListener

LIMITS = Limits(frame_bytes=2048, idle_s=300.0, frames_per_s=50.0, window=16)


@dataclass(frozen=True)
class Listening:
    """Implements ``adapter.Port``."""

    udp: UdpListener
    formats: Formats

    @property
    def number(self) -> int:
        return self.udp.number

    @property
    def connections(self) -> int:
        return self.udp.connections

    async def close(self) -> None:
        await self.udp.close()
        await asyncio.gather(*(each.close() for each in set(self.formats.values())))


class Coap:
    name = "coap"
    listens = True
    commands: Mapping[str, Mapping[str, bool]] = {}

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """There is none of its own: a kind reports over CoAP as it does over HTTP or MQTT."""
        problem = "CoAP reads what http_json or mqtt declare: write it there."
        raise BadMapping(section.where, problem=problem)

    async def open(self, station: Station, host: str, port: int) -> Port:
        formats, room = entrances(station), Room()

        def start(link: Any) -> Conversation:
            return Conversation(link, formats, room)

        udp = await UdpListener(station, start, self._limits).open(host, port)
        for each in set(formats.values()):
            each.start()
        return Listening(udp, formats)


ADAPTER = Coap()
