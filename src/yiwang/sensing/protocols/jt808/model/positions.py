"""Position reports: clause 8.18 of 2013, 8.21 of 2019, with their additional items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.jt808.model import times

FIXED, SOUTH, WEST, SHIFTED = 1 << 1, 1 << 2, 1 << 3, 1 << 5
"""Bits of the state: there is a fix; its hemispheres; the coordinates were changed by the
confidentiality plug-in and are not WGS 84."""
_SIZE = 28


@dataclass(frozen=True)
class Position:
    """One report. Degrees WGS 84, metres, km/h, degrees from north; ``time`` in microseconds;
    ``items`` are the additional ones by their identifier, as sent."""

    alarm: int
    state: int
    lon: float
    lat: float
    altitude: int
    speed: float
    heading: int
    time: int
    items: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def fault(self) -> str:
        """Why the coordinates are not to be used; empty where they are."""
        if not self.state & FIXED:
            return "the terminal has no fix"
        if self.state & SHIFTED:
            return "the coordinates were changed by the confidentiality plug-in"
        if abs(self.lat) > 90 or abs(self.lon) > 180:
            return f"latitude {self.lat} and longitude {self.lon} are no place on earth"
        return ""


def read(data: bytes) -> Position:
    """Raises BadFrame."""
    if len(data) < _SIZE:
        raise BadFrame(problem=f"a position has {_SIZE} bytes at least, not {len(data)}")
    alarm, state, lat, lon = (int.from_bytes(data[n : n + 4], "big") for n in (0, 4, 8, 12))
    altitude, speed, heading = (int.from_bytes(data[n : n + 2], "big") for n in (16, 18, 20))
    return Position(
        alarm,
        state,
        -lon / 1e6 if state & WEST else lon / 1e6,
        -lat / 1e6 if state & SOUTH else lat / 1e6,
        altitude - 0x10000 if altitude & 0x8000 else altitude,
        speed / 10,
        heading,
        times.moment(data[22:28]),
        _items(data[_SIZE:]),
    )


def _items(data: bytes) -> dict[int, bytes]:
    items: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if len(data) - at < 2 or len(data) - at - 2 < data[at + 1]:
            raise BadFrame(problem=f"the additional item {data[at]:02X} is cut off")
        end = at + 2 + data[at + 1]
        items[data[at]] = data[at + 2 : end]
        at = end
    return items


def write(position: Position) -> bytes:
    lon, lat = (round(abs(degrees) * 1e6) for degrees in (position.lon, position.lat))
    state = position.state & ~(SOUTH | WEST)
    state |= (SOUTH if position.lat < 0 else 0) | (WEST if position.lon < 0 else 0)
    words = b"".join(word.to_bytes(4, "big") for word in (position.alarm, state, lat, lon))
    numbers = (position.altitude & 0xFFFF, round(position.speed * 10), position.heading)
    halves = b"".join(number.to_bytes(2, "big") for number in numbers)
    items = b"".join(bytes((key, len(data))) + data for key, data in position.items.items())
    return words + halves + times.written(position.time) + items


def read_batch(data: bytes) -> tuple[int, list[Position | BadFrame]]:
    """The kind of a batch (0: as usual, 1: made up for a blind area) and its positions; one
    that cannot be read leaves the others. Raises BadFrame."""
    if len(data) < 3:
        raise BadFrame(problem="a batch has three bytes at least")
    count, kind = data[0] << 8 | data[1], data[2]
    found: list[Position | BadFrame] = []
    at = 3
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        if len(data) - at < 2 or size > len(data) - at - 2:
            raise BadFrame(problem=f"position {len(found) + 1} of the batch is cut off")
        try:
            found.append(read(data[at + 2 : at + 2 + size]))
        except BadFrame as error:
            found.append(error)
        at += 2 + size
    if len(found) != count:
        raise BadFrame(problem=f"a batch of {count} positions holds {len(found)}")
    return kind, found


def write_batch(positions: Sequence[Position], kind: int = 0) -> bytes:
    bodies = [write(position) for position in positions]
    parts = [len(body).to_bytes(2, "big") + body for body in bodies]
    return len(bodies).to_bytes(2, "big") + bytes((kind,)) + b"".join(parts)


Read = Callable[[Position], float | None]


def _item(key: int, size: int, scale: float = 1.0, low: int = 0) -> Read:
    """An unsigned number in an additional item of ``size`` bytes, from byte ``low``."""

    def value(position: Position) -> float | None:
        data = position.items.get(key)
        if data is None or len(data) < low + size:
            return None
        return int.from_bytes(data[low : low + size], "big") / scale

    return value


def _cabin(position: Position) -> float | None:
    data = position.items.get(0x06)
    if data is None or len(data) != 2:
        return None
    word = int.from_bytes(data, "big")
    return float(-(word & 0x7FFF) if word & 0x8000 else word)


NUMBERS: Mapping[str, tuple[str, Read]] = {
    "speed": ("km/h", lambda position: position.speed),
    "heading": ("deg", lambda position: float(position.heading)),
    "altitude": ("m", lambda position: float(position.altitude)),
    "alarm": ("1", lambda position: float(position.alarm)),
    "state": ("1", lambda position: float(position.state)),
    "load": ("1", lambda position: float(position.state >> 8 & 3)),
    "mileage": ("km", _item(0x01, 4, 10)),
    "fuel": ("L", _item(0x02, 2, 10)),
    "recorder_speed": ("km/h", _item(0x03, 2, 10)),
    "manual_alarm": ("1", _item(0x04, 2)),
    "cabin_temperature": ("degC", _cabin),
    "overspeed_area": ("1", _item(0x11, 4, 1, 1)),
    "crossed_area": ("1", _item(0x12, 4, 1, 1)),
    "crossed_out": ("1", _item(0x12, 1, 1, 5)),
    "route": ("1", _item(0x13, 4)),
    "route_seconds": ("s", _item(0x13, 2, 1, 4)),
    "route_too_long": ("1", _item(0x13, 1, 1, 6)),
    "signals": ("1", _item(0x25, 4)),
    "io": ("1", _item(0x2A, 2)),
    "analog_0": ("1", _item(0x2B, 2, 1, 2)),
    "analog_1": ("1", _item(0x2B, 2, 1, 0)),
    "network": ("1", _item(0x30, 1)),
    "satellites": ("1", _item(0x31, 1)),
}
"""What a position says, by the name under which a pack maps it: the unit, and how it is read."""

WORDS = ("alarm", "state", "signals", "io")
"""Those whose bits can be mapped one by one: ``alarm.0``."""

KNOWN_ITEMS = frozenset(
    (0x01, 0x02, 0x03, 0x04, 0x06, 0x11, 0x12, 0x13, 0x25, 0x2A, 0x2B, 0x30, 0x31)
)


def value(position: Position, code: str) -> float | None:
    """The number of a code: a name, ``alarm.0`` for a bit, ``item.E1`` for an additional item
    of another maker as an unsigned number. None where the report does not hold it."""
    name, _, part = code.partition(".")
    if name == "item":
        data = position.items.get(int(part, 16))
        return None if data is None or len(data) > 6 else float(int.from_bytes(data, "big"))
    found = NUMBERS[name][1](position)
    return found if found is None or not part else float(int(found) >> int(part) & 1)


def checked_code(code: str) -> str:
    """Raises ValueError that says what a code may be."""
    name, dot, part = code.partition(".")
    if name in NUMBERS and not dot:
        return code
    if name in WORDS and part.isascii() and part.isdigit() and int(part) < 32:
        return code
    if name == "item" and len(part) == 2 and part.isalnum() and part.isascii():
        try:
            return f"item.{int(part, 16):02X}"
        except ValueError:
            pass
    known = ", ".join(NUMBERS)
    raise ValueError(f"it may be position, {known}, alarm.0 to alarm.31, state.0, item.E1")
