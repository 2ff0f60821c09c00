"""The adapter of Modbus TCP: it listens to nothing, it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel import units
from yiwang.kernel.clock import SECOND
from yiwang.kernel.documents import Section
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import NoPort, Port
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.modbus import model
from yiwang.sensing.protocols.modbus.line import Pace
from yiwang.sensing.protocols.modbus.poller import Poller, networks
from yiwang.sensing.protocols.station import Station

LEAST_PERIOD_S = 1.0


class Modbus:
    name = "modbus"
    listens = False
    commands: Mapping[str, Mapping[str, bool]] = {}

    def __init__(self, pace: Pace = Pace()) -> None:
        self._pace = pace

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """``values``: a point (see ``model``) for each property; ``period``: how often the device
        is read; ``gap``: how many registers between two points may be read along."""
        found = mapping.read(section, properties, _code)
        found["period"] = _period(section)
        gap = section.take("gap", int, 0)
        if not 0 <= gap < model.MOST_REGISTERS:
            problem = f"gap is {gap}; it may be 0 to {model.MOST_REGISTERS - 1}."
            raise BadMapping(section.place("gap"), problem=problem)
        found["gap"] = gap
        return found

    async def open(self, station: Station, host: str, port: int) -> Port:
        """Begin to poll, where the setting ``modbus_networks`` allows anything."""
        allowed = networks(station.settings.modbus_networks)
        if not allowed:
            return NoPort()
        return Poller(station, allowed, self._pace).start()


def _code(given: Any) -> str:
    text = mapping.text_code(given)
    model.point(text)
    return text


def _period(section: Section) -> int | None:
    text = section.text("period", "")
    if not text:
        return None
    try:
        seconds = units.magnitude(text, "s")
    except (units.WrongUnit, units.NotAQuantity):
        seconds = 0.0
    if not seconds >= LEAST_PERIOD_S:
        problem = f'period is "{text}"; a time of a second or more is needed, such as 1 min.'
        raise BadMapping(section.place("period"), problem=problem)
    return round(seconds * SECOND)


ADAPTER = Modbus()
