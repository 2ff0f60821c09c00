"""Positions of a terminal as rows of observations."""

from __future__ import annotations

from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.jt808.errors import NoFix
from yiwang.sensing.protocols.jt808.model import positions
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Station

POSITION = "position"
"""The code of the place itself, as a GeoJSON point."""


class Reports:
    """Adds the positions of one message; ``fixes`` are those that may move the Thing: longitude,
    latitude and time."""

    def __init__(self, station: Station, device: Device) -> None:
        self._station = station
        self._device = device
        self.fixes: list[tuple[float, float, int]] = []

    def add(self, reading: Reading, position: Position) -> None:
        """Add what the kind maps of one position; the place is refused by itself when it is not
        to be used."""
        device = self._device
        for code, values in device.mapped.by_code.items():
            if code == POSITION:
                continue
            number = positions.value(position, code)
            if number is not None:
                for value in values:
                    reading.add(device, value, position.time, number)
        for key in position.items:
            if key not in positions.KNOWN_ITEMS and f"item.{key:02X}" not in device.mapped.by_code:
                self._station.note_unmapped(f"{device.kind}: item.{key:02X}")
        self._place(reading, position)

    def _place(self, reading: Reading, position: Position) -> None:
        wanted = self._device.mapped.by_code.get(POSITION, ())
        if position.fault:
            if wanted:
                reading.refuse(NoFix(position.fault))
            return
        self.fixes.append((position.lon, position.lat, position.time))
        point = {"type": "Point", "coordinates": [position.lon, position.lat]}
        unknown = {
            f"{key:02X}": data.hex().upper()
            for key, data in position.items.items()
            if key not in positions.KNOWN_ITEMS
        }
        extra = {"parameters": {"items": unknown}} if unknown else None
        for value in wanted:
            reading.add_json(self._device, value, position.time, point, extra)
