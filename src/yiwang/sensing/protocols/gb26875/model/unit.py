"""What a frame says: the application data unit and its objects (7, 8.2, 8.3).

``tag`` is the time of an event as six bytes, for ``frame.moment_of``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from yiwang.sensing.protocols.gb26875.errors import UnknownType, WrongSize
from yiwang.sensing.protocols.gb26875.model.frame import tag_of

NOTE = 31
TAG = 6


@dataclass(frozen=True, slots=True)
class SystemState:
    """Type 1: a building's fire protection system. ``bits`` is 16 bits of ``SYSTEM_BITS``."""

    system: int
    address: int
    bits: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class PartState:
    """Type 2: one part of a system. ``bits`` is 16 bits of ``PART_BITS``."""

    system: int
    address: int
    kind: int
    part: int
    bits: int
    note: str
    tag: bytes


@dataclass(frozen=True, slots=True)
class Analog:
    """Type 3: a value of a part, in units of the ``ANALOGS`` of its quantity."""

    system: int
    address: int
    kind: int
    part: int
    quantity: int
    value: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """Type 4: somebody worked at the panel; bits of ``OPERATION_BITS``."""

    system: int
    address: int
    bits: int
    operator: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class SystemVersion:
    """Type 5."""

    system: int
    address: int
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class SystemSetup:
    """Type 6: how a system is configured, in words."""

    system: int
    address: int
    note: str


@dataclass(frozen=True, slots=True)
class PartSetup:
    """Type 7: what a part is and where, in words."""

    system: int
    address: int
    kind: int
    part: int
    note: str


@dataclass(frozen=True, slots=True)
class SystemTime:
    """Type 8."""

    system: int
    address: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Type 21: the transmission device itself; bits of ``DEVICE_BITS``."""

    bits: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class DeviceOperation:
    """Type 24: somebody worked at the transmission device; bits of ``DEVICE_OPERATION_BITS``."""

    bits: int
    operator: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class DeviceVersion:
    """Type 25."""

    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class DeviceSetup:
    """Type 26."""

    note: str


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """Type 28."""

    tag: bytes


Object = (
    SystemState
    | PartState
    | Analog
    | Operation
    | SystemVersion
    | SystemSetup
    | PartSetup
    | SystemTime
    | DeviceState
    | DeviceOperation
    | DeviceVersion
    | DeviceSetup
    | DeviceTime
)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Objects of one size. ``timed``: each is followed by the time of the event; where it is
    not, devices that add it all the same are understood."""

    size: int
    timed: bool
    read: Callable[[bytes, bytes], Object]


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _note(data: bytes) -> str:
    """GB 18030 text up to its padding of zeros or spaces; what is no text is replaced."""
    return data.partition(b"\0")[0].decode("gb18030", "replace").strip()


def _part_state(data: bytes, tag: bytes) -> Object:
    bits = _little(data[7:9])
    return PartState(data[0], data[1], data[2], _little(data[3:7]), bits, _note(data[9:]), tag)


def _analog(data: bytes, tag: bytes) -> Object:
    value = int.from_bytes(data[8:10], "little", signed=True)
    return Analog(data[0], data[1], data[2], _little(data[3:7]), data[7], value, tag)


_FIXED = {
    1: _Fixed(4, True, lambda d, t: SystemState(d[0], d[1], _little(d[2:4]), t)),
    2: _Fixed(9 + NOTE, True, _part_state),
    3: _Fixed(10, True, _analog),
    4: _Fixed(4, True, lambda d, t: Operation(d[0], d[1], d[2], d[3], t)),
    5: _Fixed(4, False, lambda d, t: SystemVersion(d[0], d[1], d[2], d[3])),
    7: _Fixed(
        7 + NOTE, False, lambda d, t: PartSetup(d[0], d[1], d[2], _little(d[3:7]), _note(d[7:]))
    ),
    8: _Fixed(2, True, lambda d, t: SystemTime(d[0], d[1], t)),
    21: _Fixed(1, True, lambda d, t: DeviceState(d[0], t)),
    24: _Fixed(2, True, lambda d, t: DeviceOperation(d[0], d[1], t)),
    25: _Fixed(2, False, lambda d, t: DeviceVersion(d[0], d[1])),
    28: _Fixed(0, True, lambda d, t: DeviceTime(t)),
}
_WORDED = {6: 2, 26: 0}
"""Type → bytes before the length of a text: 6 system configuration, 26 that of the device."""

UPWARD = frozenset((*_FIXED, *_WORDED))
"""Types that transmission devices send (table 3)."""


def decode(unit: bytes) -> list[Object]:
    """The objects of an application data unit, in order; none for an empty one (a heartbeat).

    Raises UnknownType, WrongSize.
    """
    if not unit:
        return []
    if len(unit) < 2:
        raise WrongSize(type=unit[0], count=0, length=len(unit), expected="2 or more")
    kind, count = unit[0], unit[1]
    if kind in _FIXED:
        return list(_same_sized(kind, count, unit))
    if kind in _WORDED:
        return list(_worded(kind, count, unit))
    raise UnknownType(type=kind)


def _same_sized(kind: int, count: int, unit: bytes) -> Iterator[Object]:
    form = _FIXED[kind]
    step = form.size + TAG * form.timed
    if count and len(unit) == 2 + count * (form.size + TAG):
        step = form.size + TAG
    if not count or len(unit) != 2 + count * step:
        raise WrongSize(type=kind, count=count, length=len(unit), expected=2 + count * step)
    for at in range(2, len(unit), step):
        body = unit[at : at + form.size]
        yield form.read(body, unit[at + form.size : at + step])


def _worded(kind: int, count: int, unit: bytes) -> Iterator[Object]:
    before = _WORDED[kind]
    at = 2
    for _ in range(count):
        end = at + before + 1 + (unit[at + before] if at + before < len(unit) else 0)
        if end > len(unit):
            raise WrongSize(type=kind, count=count, length=len(unit), expected=end)
        note = _note(unit[at + before + 1 : end])
        yield SystemSetup(unit[at], unit[at + 1], note) if before else DeviceSetup(note)
        at = end
    if not count or at != len(unit):
        raise WrongSize(type=kind, count=count, length=len(unit), expected=at)


def inspection(minutes: int) -> bytes:
    """Type 91, 查岗: whoever is on duty must answer within so many minutes (1 … 255)."""
    return bytes((91, 1, minutes))


def clock(moment: datetime) -> bytes:
    """Type 90: set the clock of the transmission device to this local time."""
    return bytes((90, 1)) + tag_of(moment)


def initialise() -> bytes:
    """Type 89."""
    return bytes((89, 1, 0))


def ask_device(kind: int) -> bytes:
    """Types 81, 85, 86, 88: state, version, configuration, time of the transmission device."""
    return bytes((kind, 1, 0))


def ask_system(kind: int, system: int, address: int) -> bytes:
    """Types 61, 65, 66, 68: state, version, configuration, time of one system."""
    return bytes((kind, 1, system, address))


def ask_part(kind: int, system: int, address: int, part: int) -> bytes:
    """Types 62, 63, 67: state, analog values, configuration of one part (which the standard
    asks for without the part's type)."""
    return bytes((kind, 1, system, address)) + part.to_bytes(4, "little")
