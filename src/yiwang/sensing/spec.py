"""The section ``devices.yaml`` of a pack: kinds of device, what they observe, how they speak."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from yiwang.kernel import documents, units
from yiwang.kernel.clock import SECOND
from yiwang.kernel.documents import Section
from yiwang.sensing.errors import BadDeviceKind, BadDuration, BadUnit
from yiwang.sensing.fleet.spec import Care, care
from yiwang.sensing.history import policy
from yiwang.sensing.history.policy import EVERYTHING, Policy
from yiwang.sensing.protocols import adapter as protocols

FILE = "devices.yaml"
TYPES = ("number", "text", "boolean")
FORMATS = ("json", "number", "csv")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DEVICE = "{device}"
_UNIT_WORDS = frozenset({"1", "NTU", "FNU", "pH"})
"""Units that instruments report and that convert to nothing else."""
_TIME_UNITS = ("", "s", "ms", "us")


@dataclass(frozen=True)
class Property:
    """What a kind of device observes. Results outside ``least`` … ``most`` are impossible and
    rejected; None is no bound. ``history``: how long they are kept, and their roll-ups."""

    name: str
    unit: str
    type: str = "number"
    definition: str = ""
    title: str = ""
    least: float | None = None
    most: float | None = None
    history: Policy = EVERYTHING


@dataclass(frozen=True)
class Computed:
    """A property that the rules compute; ``where`` is the line of its expression."""

    name: str
    unit: str
    expression: str
    title: str = ""
    where: str = ""


@dataclass(frozen=True)
class Mqtt:
    """How a kind of device speaks. ``topic`` holds the level ``{device}`` once. ``values`` says
    where each property stands: a path of names (json) or a column from 0 (csv). ``time_format``
    is empty (ISO 8601 or a count), s, ms, us, or a strptime pattern."""

    topic: str
    format: str = "json"
    values: Mapping[str, str | int] = field(default_factory=dict)
    time: str | int | None = None
    time_format: str = ""


@dataclass(frozen=True)
class DeviceKind:
    """``period`` and ``silent_after`` are microseconds; None where a kind has no rhythm."""

    name: str
    properties: tuple[Property, ...]
    computed: tuple[Computed, ...] = ()
    title: str = ""
    period: int | None = None
    silent_after: int | None = None
    mqtt: Mqtt | None = None
    where: str = ""
    protocols: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """How it speaks other protocols, as each protocol's adapter keeps it."""
    care: Care = field(default_factory=Care)

    def declared(self) -> dict[str, Any]:
        """As JSON, kept in ``device_kinds``."""
        declared: dict[str, Any] = msgspec.to_builtins(self)
        return declared


@dataclass(frozen=True)
class Devices:
    """All kinds of device of one pack, by name."""

    kinds: Mapping[str, DeviceKind] = field(default_factory=dict)

    def __iter__(self) -> Iterator[DeviceKind]:
        return iter(self.kinds.values())


def read(folder: Path, shown: str = "") -> Devices:
    """The device kinds of the pack in ``folder``; none where the file is missing. ``shown`` is
    the folder as errors name it. Raises DocumentError with file and line."""
    file = folder / FILE
    if not file.is_file():
        return Devices()
    return read_section(documents.load(file, f"{shown or folder}/{FILE}"))


def read_section(document: Section) -> Devices:
    """The device kinds of a document that was read already."""
    kinds = {name: _kind(name, section) for name, section in document.section("kinds").sections()}
    document.finish()
    return Devices(kinds)


def _kind(name: str, section: Section) -> DeviceKind:
    _check_name(name, section.where)
    properties = tuple(
        _property(key, part) for key, part in section.section("properties").sections()
    )
    computed = tuple(_computed(key, part) for key, part in section.section("computed").sections())
    names = [item.name for item in properties]
    if not names:
        raise BadDeviceKind(section.where, problem=f'The kind "{name}" observes nothing.')
    for item in computed:
        if item.name in names:
            problem = f'"{item.name}" is both observed and computed.'
            raise BadDeviceKind(item.where, problem=problem)
    kind = DeviceKind(
        name,
        properties,
        computed,
        section.text("title", ""),
        _duration(section, "period"),
        _duration(section, "silent_after"),
        _mqtt(section.section("mqtt"), names) if section.has("mqtt") else None,
        section.where,
        _protocols(section.section("protocols"), properties),
        care(section, names),
    )
    section.finish()
    return kind


def _protocols(section: Section, properties: Iterable[Property]) -> dict[str, dict[str, Any]]:
    """The mapping of each protocol, read by its adapter."""
    units_of = {item.name: item.unit for item in properties}
    found: dict[str, dict[str, Any]] = {}
    for name, adapter in protocols.installed().items():
        if section.has(name):
            part = section.section(name)
            found[name] = adapter.mapping(part, units_of)
            part.finish()
    section.finish()
    return found


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        problem = f'"{name}" is not a name: small letters, digits and _, a letter first.'
        raise BadDeviceKind(where, problem=problem)


def _property(name: str, section: Section) -> Property:
    _check_name(name, section.where)
    kind = section.choice("type", TYPES, "number")
    valid = section.section("valid")
    least, most = valid.take("least", float, None), valid.take("most", float, None)
    valid.finish()
    if least is not None and most is not None and least > most:
        problem = f'The valid range of "{name}" begins at {least} and ends at {most}.'
        raise BadDeviceKind(section.place("valid"), problem=problem)
    unit = _unit(section, "1" if kind == "number" else "")
    definition = section.text("definition", "")
    title = section.text("title", "")
    history = policy.read(section)
    section.finish()
    return Property(name, unit, kind, definition, title, least, most, history)


def _computed(name: str, section: Section) -> Computed:
    _check_name(name, section.where)
    made = Computed(
        name,
        _unit(section, "1"),
        section.text("expression"),
        section.text("title", ""),
        section.place("expression"),
    )
    section.finish()
    return made


def _unit(section: Section, default: str) -> str:
    unit = str(section.raw("unit", default))
    if unit and unit not in _UNIT_WORDS and not units.known(unit):
        raise BadUnit(section.place("unit"), key="unit", value=unit)
    return unit


def _duration(section: Section, key: str) -> int | None:
    value = section.raw(key, None)
    if value is None:
        return None
    where = section.place(key)
    if not isinstance(value, str) or not value.strip()[:1].isdigit():
        raise BadDuration(where, key=key, value=value)
    try:
        duration = round(units.magnitude(value, "s") * SECOND)
    except (units.WrongUnit, units.NotAQuantity):
        raise BadDuration(where, key=key, value=value) from None
    if duration <= 0:
        raise BadDuration(where, key=key, value=value)
    return duration


def _mqtt(section: Section, names: list[str]) -> Mqtt:
    topic = section.text("topic")
    levels = topic.split("/")
    if levels.count(_DEVICE) != 1 or "#" in levels or not all(levels):
        problem = f'The topic "{topic}" must hold {_DEVICE} as one whole level, and no #.'
        raise BadDeviceKind(section.place("topic"), problem=problem)
    form = section.choice("format", FORMATS, "json")
    time = section.raw("time", None)
    made = Mqtt(
        topic,
        form,
        _values(section, names, form),
        _place(section, "time", time, form),
        _time_format(section),
    )
    section.finish()
    return made


def _values(section: Section, names: list[str], form: str) -> dict[str, str | int]:
    values = section.section("values")
    places: dict[str, str | int] = {}
    declared = values.keys()
    for key in declared:
        if key not in names:
            problem = f'"{key}" is not a property of this kind; those are {", ".join(names)}.'
            raise BadDeviceKind(values.place(key), problem=problem)
        place = _place(values, key, values.raw(key), form)
        if place is not None:
            places[key] = place
    if form == "number":
        return places or {names[0]: ""}
    return places or {name: name for name in names}


def _place(section: Section, key: str, value: Any, form: str) -> str | int | None:
    if value is None:
        return None
    wanted = int if form == "csv" else str
    if not isinstance(value, wanted) or isinstance(value, bool) or (value == -1):
        shape = "the number of a column, from 0" if form == "csv" else "a name or a dotted path"
        problem = f'{key} is "{value}", but in {form} it must be {shape}.'
        raise BadDeviceKind(section.place(key), problem=problem)
    return value


def _time_format(section: Section) -> str:
    value = section.text("time_format", "")
    if value not in _TIME_UNITS and "%" not in value:
        options = 's, ms, us, or a pattern such as "%Y%m%d%H%M%S"'
        problem = f'time_format is "{value}"; it may be {options}.'
        raise BadDeviceKind(section.place("time_format"), problem=problem)
    return value
