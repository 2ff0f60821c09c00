"""How a pack says which code of a protocol is which property: the part all protocols share.

In ``devices.yaml``, below ``protocols: {<protocol>: …}`` of a kind of device::

    values:
      ph: w01001-Rtd
      ammonia_nitrogen: {code: w21003-Rtd, unit: ug/L}
      depth_cm: {code: Z, scale: 100, offset: -35}
    time_zone: Asia/Shanghai
    flags: [D, F]

A property's result is what the device sends, times ``scale``, plus ``offset``; ``unit`` says in
which unit the device sends it, where that is not the property's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yiwang.kernel import units as quantities
from yiwang.kernel.documents import Section
from yiwang.sensing.protocols.errors import BadMapping

Properties = Mapping[str, str]
"""The unit of each property of a kind of device, by its name."""

CheckCode = Callable[[Any], str]
"""Gives a code as it is kept, or raises ValueError that says what a code looks like."""


@dataclass(frozen=True)
class Value:
    """Where a property's result stands, and how it becomes one."""

    property: str
    code: str
    scale: float = 1.0
    offset: float = 0.0

    def result(self, number: float) -> float:
        return number if self.scale == 1 and not self.offset else number * self.scale + self.offset


@dataclass(frozen=True)
class Mapped:
    """The mapping of one kind of device for one protocol, as it is used. ``more`` is what the
    adapter's own part of the section said."""

    values: tuple[Value, ...]
    zone: ZoneInfo
    flags: frozenset[str] = frozenset()
    more: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_code(self) -> Mapping[str, tuple[Value, ...]]:
        found: dict[str, tuple[Value, ...]] = {}
        for value in self.values:
            found[value.code] = (*found.get(value.code, ()), value)
        return found


def text_code(value: Any) -> str:
    """A code that may be any text or whole number."""
    if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value):
        return str(value)
    raise ValueError("a code is a text or a whole number")


def read(
    section: Section,
    properties: Properties,
    code: CheckCode = text_code,
    flags: Collection[str] = (),
) -> dict[str, Any]:
    """The shared keys of a section as JSON-able data, kept with the kind of device. ``flags``
    are those that the protocol knows. Raises DocumentError with file and line."""
    values = section.section("values")
    read_values = {name: _value(values, name, properties, code) for name in values.keys()}  # noqa: SIM118
    if not read_values:
        raise BadMapping(section.place("values"), problem="values maps no property.")
    return {
        "values": read_values,
        "time_zone": _zone(section),
        "flags": _flags(section, flags),
    }


def opened(declared: Mapping[str, Any], zone: ZoneInfo) -> Mapped:
    """What ``read`` gave, ready for use; ``zone`` is the city's."""
    values = tuple(
        Value(name, item["code"], item.get("scale", 1.0), item.get("offset", 0.0))
        for name, item in declared.get("values", {}).items()
    )
    own = declared.get("time_zone")
    more = {
        key: value for key, value in declared.items() if key not in ("values", "time_zone", "flags")
    }
    return Mapped(
        values, ZoneInfo(own) if own else zone, frozenset(declared.get("flags", ())), more
    )


def _value(values: Section, name: str, properties: Properties, code: CheckCode) -> dict[str, Any]:
    place = values.place(name)
    if name not in properties:
        near = get_close_matches(name, properties, 1) or [", ".join(properties)]
        problem = f'"{name}" is not a property of this kind; perhaps {near[0]} is meant.'
        raise BadMapping(place, problem=problem)
    given = values.raw(name)
    if not isinstance(given, Mapping):
        return {"code": _code(place, name, given, code)}
    part = values.section(name)
    found: dict[str, Any] = {"code": _code(part.place("code"), name, part.raw("code"), code)}
    scale, offset = part.take("scale", float, 1.0), part.take("offset", float, 0.0)
    if part.has("unit"):
        times, plus = _conversion(part, name, properties[name])
        scale, offset = scale * times, offset * times + plus
    part.finish()
    if scale != 1:
        found["scale"] = scale
    if offset:
        found["offset"] = offset
    return found


def _code(place: str, name: str, given: Any, check: CheckCode) -> str:
    try:
        return check(given)
    except ValueError as error:
        raise BadMapping(place, problem=f'The code of {name} is "{given}"; {error}.') from None


def _conversion(part: Section, name: str, wanted: str) -> tuple[float, float]:
    """Factor and summand from the device's unit to the property's."""
    unit, place = part.text("unit"), part.place("unit")
    if unit == wanted:
        return 1.0, 0.0
    try:
        zero = quantities.magnitude(f"0 {unit}", wanted)
        one = quantities.magnitude(f"1 {unit}", wanted)
    except (quantities.WrongUnit, quantities.NotAQuantity):
        problem = f'The unit of {name} is "{unit}", which does not convert to {wanted}.'
        raise BadMapping(place, problem=problem) from None
    return one - zero, zero


def _zone(section: Section) -> str:
    zone = section.text("time_zone", "")
    try:
        if zone:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problem = f'time_zone is "{zone}", but a name such as Asia/Shanghai is needed.'
        raise BadMapping(section.place("time_zone"), problem=problem) from None
    return zone


def _flags(section: Section, known: Collection[str]) -> list[str]:
    given = section.raw("flags", [])
    if not isinstance(given, list) or not all(str(flag) in known for flag in given):
        problem = f"flags lists the flags that make a value invalid, out of: {', '.join(known)}."
        if not known:
            problem = "This protocol has no flags of quality."
        raise BadMapping(section.place("flags"), problem=problem)
    return [str(flag) for flag in given]
