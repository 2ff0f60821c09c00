"""What a kind of device says about its upkeep, in ``devices.yaml``: what is written down of each
device, which property is the battery, where its firmware stands, and which class of case a
trouble of it opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.kernel.documents import Section
from yiwang.sensing.errors import BadDeviceKind
from yiwang.sensing.fleet.errors import words

ATTRIBUTE_TYPES = ("text", "number", "flag", "choice")


@dataclass(frozen=True)
class Attribute:
    """What is written down of each device of a kind; kept under ``properties`` of its thing."""

    name: str
    type: str = "text"
    required: bool = False
    options: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Battery:
    """Which property is the battery, and what it reads when full, when low and when empty."""

    property: str
    full: float = 100.0
    empty: float = 0.0
    low: float = 20.0
    """Per cent of the way from empty to full below which it counts as low."""


@dataclass(frozen=True)
class Care:
    attributes: tuple[Attribute, ...] = ()
    battery: Battery | None = None
    firmware: str = ""
    """The property in which the device reports its version; empty: it does not."""
    trouble_opens: str = ""
    """The class of case of its own pack; empty: the city's ordinary one."""
    where: str = ""


def care(section: Section, properties: Sequence[str]) -> Care:
    """Takes its keys out of the section of one kind. Raises DocumentError."""
    return Care(
        tuple(_attribute(name, part) for name, part in section.section("attributes").sections()),
        _battery(section.section("battery"), properties) if section.has("battery") else None,
        _known(section, "firmware", properties),
        section.text("trouble_opens", ""),
        section.place("trouble_opens"),
    )


def _attribute(name: str, section: Section) -> Attribute:
    kind = section.choice("type", ATTRIBUTE_TYPES, "text")
    options = section.raw("options", [])
    if (kind == "choice") != bool(options) or not isinstance(options, list):
        problem = words("options_of_choice", name=name)
        raise BadDeviceKind(section.where, problem=problem)
    made = Attribute(
        name,
        kind,
        section.take("required", bool, False),
        tuple(str(option) for option in options),
        section.text("title", ""),
    )
    section.finish()
    return made


def _battery(section: Section, properties: Sequence[str]) -> Battery:
    name = _known(section, "property", properties)
    if not name:
        problem = words("battery_property")
        raise BadDeviceKind(section.where, problem=problem)
    full = section.take("full", float, 100.0)
    empty = section.take("empty", float, 0.0)
    low = section.take("low", float, 20.0)
    section.finish()
    if full <= empty or not 0 < low < 100:
        problem = words("battery_figures", empty=f"{empty:g}")
        raise BadDeviceKind(section.where, problem=problem)
    return Battery(name, full, empty, low)


def _known(section: Section, key: str, properties: Sequence[str]) -> str:
    name = section.text(key, "")
    if name and name not in properties:
        listed = ", ".join(properties)
        problem = words("no_property_of_kind", key=key, name=name, listed=listed)
        raise BadDeviceKind(section.place(key), problem=problem)
    return name
