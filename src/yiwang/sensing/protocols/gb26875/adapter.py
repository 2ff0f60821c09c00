"""The adapter of GB/T 26875.3-2011: one port number, over TCP and UDP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.kernel import units
from yiwang.kernel.documents import Section
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import Port
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.gb26875.conversation import (
    DEVICE_QUESTIONS,
    PART_QUESTIONS,
    SYSTEM_QUESTIONS,
    Conversation,
    Patience,
)
from yiwang.sensing.protocols.gb26875.model.frame import MOST_FRAME
from yiwang.sensing.protocols.gb26875.model.stream import Splitter
from yiwang.sensing.protocols.gb26875.model.values import UNITS, code_of
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.station import Station
from yiwang.sensing.protocols.tcp import TcpListener
from yiwang.sensing.protocols.udp import UdpListener

LIMITS = Limits(frame_bytes=2 * MOST_FRAME)


@dataclass(frozen=True)
class Both:
    """Implements ``adapter.Port`` over a TCP and a UDP port of the same number."""

    tcp: TcpListener
    udp: UdpListener

    @property
    def number(self) -> int:
        return self.tcp.number

    @property
    def connections(self) -> int:
        return self.tcp.connections + self.udp.connections

    async def close(self) -> None:
        await asyncio.gather(self.tcp.close(), self.udp.close())


class Gb26875:
    name = "gb26875"
    listens = True
    commands: Mapping[str, Mapping[str, bool]] = {
        "sync_clock": {},
        "inspect": {"minutes": False},
        "initialise": {},
        **{name: {} for name in DEVICE_QUESTIONS},
        **{name: {"system": True, "address": True} for name in SYSTEM_QUESTIONS},
        **{name: {"system": True, "address": True, "part": True} for name in PART_QUESTIONS},
    }

    def __init__(self, limits: Limits = LIMITS, patience: Patience = Patience()) -> None:
        self._limits = limits
        self._patience = patience

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """``values``: for each property a bit or quantity of ``model.values.CODES``."""
        found = mapping.read(section, properties, code_of)
        for name, value in found["values"].items():
            unit = UNITS.get(value["code"])
            if unit is not None and len(value) == 1 and not _same(unit, properties[name]):
                problem = (
                    f'{value["code"]} comes in {unit}, but {name} is in "{properties[name]}"; '
                    f"write {name}: {{code: {value['code']}, unit: {unit}}}."
                )
                raise BadMapping(section.place("values"), problem=problem)
        return found

    async def open(self, station: Station, host: str, port: int) -> Port:
        def start(link: Any) -> Conversation:
            return Conversation(link, self._patience)

        tcp = await TcpListener(station, Splitter, start, self._limits).open(host, port)
        try:
            udp = await UdpListener(station, start, self._limits).open(host, tcp.number)
        except Exception:
            await tcp.close()
            raise
        return Both(tcp, udp)


def _same(unit: str, wanted: str) -> bool:
    """Whether a number in the one unit is the same number in the other."""
    if unit == wanted:
        return True
    try:
        return units.magnitude(f"1 {unit}", wanted) == 1 == units.magnitude(f"2 {unit}", wanted) / 2
    except (units.WrongUnit, units.NotAQuantity):
        return False


ADAPTER = Gb26875()
