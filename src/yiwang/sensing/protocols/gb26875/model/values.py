"""What an object says as pairs of a code and a number, and of what."""

from __future__ import annotations

from typing import Any

from yiwang.sensing.protocols.gb26875.model import tables, unit

CODES = (
    *dict.fromkeys((*tables.SYSTEM_BITS, *tables.PART_BITS, *tables.DEVICE_BITS)),
    *dict.fromkeys(
        f"operation.{name}" for name in (*tables.OPERATION_BITS, *tables.DEVICE_OPERATION_BITS)
    ),
    *(quantity.name for quantity in tables.ANALOGS.values()),
)
"""What a pack may map, beside ``analog.128`` … ``analog.255``."""

UNITS = {quantity.name: quantity.unit for quantity in tables.ANALOGS.values()}
"""The unit in which the value of a quantity comes."""


def code_of(given: Any) -> str:
    """A code as packs write it. Raises ValueError."""
    if isinstance(given, str):
        maker = given.removeprefix("analog.")
        if given in CODES or (maker != given and maker.isdecimal() and 128 <= int(maker) <= 255):
            return given
    raise ValueError(f"it is one of {', '.join(CODES)}, analog.128 … analog.255")


def place(gateway: str, said: unit.Object) -> str:
    """The code under which the device that an object speaks of is registered: the gateway's
    address, then the system's type and address, then the part's address."""
    match said:
        case unit.PartState() | unit.Analog() | unit.PartSetup():
            return f"{gateway}-{said.system}-{said.address}-{said.part}"
        case unit.SystemState() | unit.Operation() | unit.SystemVersion() | unit.SystemSetup():
            return f"{gateway}-{said.system}-{said.address}"
        case unit.SystemTime():
            return f"{gateway}-{said.system}-{said.address}"
        case _:
            return gateway


def values(said: unit.Object) -> dict[str, float]:
    """The numbers that an object carries, by code; none where it only describes."""
    match said:
        case unit.PartState():
            return _flags(said.bits, tables.PART_BITS)
        case unit.SystemState():
            return _flags(said.bits, tables.SYSTEM_BITS)
        case unit.DeviceState():
            return _flags(said.bits, tables.DEVICE_BITS)
        case unit.Operation():
            return _flags(said.bits, tables.OPERATION_BITS, "operation.")
        case unit.DeviceOperation():
            return _flags(said.bits, tables.DEVICE_OPERATION_BITS, "operation.")
        case unit.Analog():
            return _analog(said)
        case _:
            return {}


def tag(said: unit.Object) -> bytes:
    """The time of the event, or no bytes."""
    return getattr(said, "tag", b"")


def words(said: unit.Object) -> dict[str, str]:
    """What an object tells of the transmission device itself, for those who look at it."""
    match said:
        case unit.DeviceVersion():
            return {"version": f"{said.major}.{said.minor}"}
        case unit.DeviceSetup():
            return {"setup": said.note}
        case unit.DeviceTime():
            return {"clock": said.tag.hex(" ")}
        case unit.SystemVersion():
            return {f"version {said.system}-{said.address}": f"{said.major}.{said.minor}"}
        case unit.SystemSetup():
            return {f"setup {said.system}-{said.address}": said.note}
        case unit.SystemTime():
            return {f"clock {said.system}-{said.address}": said.tag.hex(" ")}
        case _:
            return {}


def _analog(said: unit.Analog) -> dict[str, float]:
    quantity = tables.ANALOGS.get(said.quantity)
    if quantity is None:
        return {f"analog.{said.quantity}": float(said.value)}
    return {quantity.name: said.value * quantity.scale}


def _flags(bits: int, names: tuple[str, ...], before: str = "") -> dict[str, float]:
    return {f"{before}{name}": float(bits >> place & 1) for place, name in enumerate(names)}
