"""The adapter of plain HTTP with JSON: ``POST /api/report/<kind>/<code>``, on the platform's
own HTTP port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel.documents import Section
from yiwang.sensing.protocols import mapping
from yiwang.sensing.protocols.adapter import NoPort, Port
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.mapping import Properties
from yiwang.sensing.protocols.station import Station


class HttpJson:
    name = "http_json"
    listens = False
    commands: Mapping[str, Mapping[str, bool]] = {}

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """``values``: a name or dotted path for each property; ``time`` and ``time_format`` as
        in ``mqtt``."""
        found = mapping.read(section, properties)
        for name, value in found["values"].items():
            if len(value) > 1:
                problem = f"{name} is taken as it is sent: http_json converts nothing."
                raise BadMapping(section.place("values"), problem=problem)
        found["time"] = section.text("time", "") or None
        found["time_format"] = section.text("time_format", "")
        return found

    async def open(self, station: Station, host: str, port: int) -> Port:
        return NoPort()


ADAPTER = HttpJson()
