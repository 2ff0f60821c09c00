"""The part of a scenario pack that rules own: rules/*.yaml and parameters/*.yaml.

What is read is plain data, fit for JSON, with every expression already tried against the
devices, parameters and places of the pack, so that a pack that was read can be run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from yiwang.kernel import documents
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.documents import Section
from yiwang.kernel.text import Words, phrase
from yiwang.rules import durations, errors, language, parameters
from yiwang.rules.parameters import Parameter
from yiwang.rules.terms import Names

SEVERITIES = ("notice", "warning", "urgent", "critical")
DEFAULT_LATENESS = 10 * MINUTE
_TYPES = {"quantity": "number", "number": "number", "text": "text", "choice": "text"}


@dataclass(frozen=True)
class DeviceKind:
    """A kind of device: property → unit, computed property → (expression, unit)."""

    properties: Mapping[str, str]
    computed: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaceInput:
    """An input of type places: the kind of place, attribute → type of input."""

    kind: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Nearby:
    count: int
    radius_m: float
    within: int


@dataclass(frozen=True)
class Example:
    """``series``: thing → property → [(offset in microseconds, value)], the thing of a rule
    that looks at one subject is ``""``; ``expect``: [(offset, thing, raised or cleared)]."""

    name: str
    series: dict[str, dict[str, list[tuple[int, float | None]]]]
    expect: list[tuple[int, str, str]]
    site: dict[str, float | str] = field(default_factory=dict)
    positions: dict[str, tuple[float, float]] = field(default_factory=dict)
    on: str = ""
    where: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule. ``watches`` are kinds of this pack; durations are microseconds. ``place_kind``
    is empty for a rule whose subject is the thing."""

    name: str
    watches: tuple[str, ...]
    per: str
    place_kind: str
    properties: dict[str, str]
    expressions: dict[str, str]
    when: str
    clears_when: str
    held: int
    clears_for: int
    lateness: int
    silence: int
    nearby: Nearby | None
    severity: str
    case_class: str
    one_per: tuple[str, ...]
    attributes: dict[str, str] | None
    title: str = ""
    examples: tuple[Example, ...] = ()
    text: str = ""
    where: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes when the meaning of the rule changes: then its state begins anew."""
        bare = replace(self, title="", examples=(), text="", where="", severity="", case_class="")
        return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()[:32]

    def names(self, units: Mapping[str, str]) -> Names:
        """What its expressions may use; ``units``: parameter → unit or ``table``."""
        return Names(self.properties, self.expressions, units, self.attributes)


@dataclass(frozen=True)
class Computed:
    """A property that the engine works out for every thing of a kind."""

    name: str
    kind: str
    unit: str
    properties: dict[str, str]
    expressions: dict[str, str]
    lateness: int = DEFAULT_LATENESS

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:32]

    def names(self, units: Mapping[str, str]) -> Names:
        return Names(self.properties, self.expressions, units, {})


@dataclass(frozen=True)
class RulesSpec:
    """Everything of one pack that the rules domain needs."""

    rules: tuple[Rule, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    computed: tuple[Computed, ...] = ()
    place_kinds: tuple[str, ...] = ()
    """Kinds of places whose attributes the rules may ask for."""

    @property
    def units(self) -> dict[str, str]:
        return {parameter.name: parameter.unit for parameter in self.parameters}


Devices = Mapping[str, DeviceKind | Mapping[str, str]]


def read(
    folder: Path,
    devices: Devices,
    places: Mapping[str, PlaceInput] | None = None,
    shown: str = "",
) -> RulesSpec:
    """Read and check rules/ and parameters/ of a pack folder.

    ``devices``: kind → DeviceKind, or plainly {property: unit}. ``places``: the inputs of type
    places; None when they are not known, then any name and any attribute will do. ``shown``
    stands for the folder in messages. Raises RuleError or DocumentError with file and line.
    """
    prefix = shown or str(folder)
    kinds = {
        name: kind if isinstance(kind, DeviceKind) else DeviceKind(dict(kind))
        for name, kind in devices.items()
    }
    declared = tuple(
        parameters.read(file, f"{prefix}/parameters/{file.name}")
        for file in sorted((folder / "parameters").glob("*.yaml"))
    )
    units = {parameter.name: parameter.unit for parameter in declared}
    rules = tuple(
        _Reader(file, f"{prefix}/rules/{file.name}", kinds, places).rule(units)
        for file in sorted((folder / "rules").glob("*.yaml"))
    )
    computed = _computed(kinds, units, f"{prefix}/devices.yaml")
    place_kinds = tuple(sorted({item.kind for item in (places or {}).values()}))
    return RulesSpec(rules, declared, computed, place_kinds)


def _computed(
    kinds: Mapping[str, DeviceKind], units: Mapping[str, str], where: str
) -> tuple[Computed, ...]:
    found = []
    for kind_name, kind in kinds.items():
        texts = {name: text for name, (text, _) in kind.computed.items()}
        for name, (_, unit) in kind.computed.items():
            item = Computed(name, kind_name, unit, dict(kind.properties), texts)
            language.compile_value(name, item.names(units), f"{where}, {kind_name}.{name}")
            found.append(item)
    return tuple(found)


def _kinds(place: PlaceInput) -> dict[str, str]:
    return {name: _TYPES.get(kind, "number") for name, kind in place.attributes.items()}


class _Reader:
    """Reads one rule file."""

    def __init__(
        self,
        file: Path,
        shown: str,
        kinds: Mapping[str, DeviceKind],
        places: Mapping[str, PlaceInput] | None,
    ) -> None:
        self.file = file
        self.text = file.read_text(encoding="utf-8")
        self.section = documents.parse(self.text, shown)
        self.kinds = kinds
        self.places = places

    def rule(self, units: Mapping[str, str]) -> Rule:
        section = self.section
        name = section.text("rule")
        if name != self.file.stem:
            where = section.place("rule")
            raise errors.NameDiffersFromFile(where, file=self.file.name, name=name)
        watches = self._watches()
        properties, expressions = self._names(watches)
        silence = self._silence()
        when = "" if silence else section.text("when", "")
        if bool(silence) == bool(when):
            raise errors.NoCondition(section.where, name=name)
        per, place_kind, attributes = self._per()
        raised, then = section.section("raise"), section.section("then")
        one_per = then.raw("one_per", [])
        rule = Rule(
            name=name,
            watches=watches,
            per=per,
            place_kind=place_kind,
            properties=properties,
            expressions=expressions,
            when=when,
            clears_when=section.text("clears_when", ""),
            held=self._duration("for"),
            clears_for=self._duration("clears_for"),
            lateness=self._duration("too_late_after", DEFAULT_LATENESS),
            silence=silence,
            nearby=self._nearby(),
            severity=raised.choice("severity", SEVERITIES, "notice"),
            case_class=then.text("open_case", ""),
            one_per=tuple([one_per] if isinstance(one_per, str) else one_per),
            attributes=attributes,
            title=section.text("title", ""),
            examples=tuple(self._example(item) for item in section.items("examples")),
            text=self.text,
            where=section.where,
        )
        raised.finish()
        then.finish()
        section.raw("note", "")
        section.finish()
        self._try(rule, units)
        return rule

    def _try(self, rule: Rule, units: Mapping[str, str]) -> None:
        names = rule.names(units)
        let = self.section.section("let")
        lets = let.keys()
        for name in lets:
            language.compile_any(name, names, let.place(name))
        if rule.when:
            language.compile_condition(rule.when, names, self.section.place("when"))
        if rule.clears_when:
            language.compile_condition(rule.clears_when, names, self.section.place("clears_when"))

    def _watches(self) -> tuple[str, ...]:
        given = self.section.raw("watches")
        names = [given] if isinstance(given, str) else given
        if not isinstance(names, list) or not names:
            raise documents.WrongType(
                self.section.place("watches"),
                key="watches",
                value=given,
                wanted=phrase("device_kind"),
            )
        for name in names:
            if name not in self.kinds:
                known = ", ".join(self.kinds)
                near = get_close_matches(str(name), list(self.kinds), 1)
                raise errors.UnknownDeviceKind(
                    self.section.place("watches"),
                    name=name,
                    near=near[0] if near else known,
                    known=known,
                )
        return tuple(names)

    def _names(self, watches: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
        properties: dict[str, str] = {}
        expressions: dict[str, str] = {}
        for kind in watches:
            properties |= self.kinds[kind].properties
            expressions |= {name: text for name, (text, _) in self.kinds[kind].computed.items()}
        let = self.section.section("let")
        lets = let.keys()
        for name in lets:
            if name in properties:
                raise errors.CircularName(let.place(name), name=name, chain=f"{name} → {name}")
            value = let.raw(name)
            expressions[name] = str(value)
        return properties, expressions

    def _per(self) -> tuple[str, str, dict[str, str] | None]:
        per = self.section.text("per", "thing")
        if per == "thing":
            merged: dict[str, str] = {}
            for item in (self.places or {}).values():
                merged |= {
                    name: _TYPES.get(kind, "number") for name, kind in item.attributes.items()
                }
            return per, "", None if self.places is None else merged
        if self.places is None:
            return per, per, None
        if per not in self.places:
            known = ", ".join(self.places)
            raise errors.UnknownInput(self.section.place("per"), name=per, known=known)
        return per, self.places[per].kind, _kinds(self.places[per])

    def _duration(self, key: str, default: int = 0) -> int:
        value = self.section.raw(key, None)
        if value is None:
            return default
        return durations.parse(value, self.section.place(key), key)

    def _silence(self) -> int:
        if not self.section.has("silence"):
            return 0
        silence = self.section.section("silence")
        after = durations.parse(silence.raw("after"), silence.place("after"), "after")
        silence.finish()
        return after

    def _nearby(self) -> Nearby | None:
        if not self.section.has("nearby"):
            return None
        nearby = self.section.section("nearby")
        radius = parameters.number(
            nearby.raw("radius"), "m", nearby.place("radius"), "radius", "always"
        )
        within = durations.parse(nearby.raw("within"), nearby.place("within"), "within")
        result = Nearby(nearby.take("count", int), radius, within)
        nearby.finish()
        return result

    def _example(self, item: Section) -> Example:
        name = item.text("name", "")
        site = item.raw("site", {})
        series: dict[str, Any] = {}
        positions: dict[str, tuple[float, float]] = {}
        if item.has("things"):
            for thing, part in item.section("things").sections():
                positions[thing] = (part.take("lon", float, 0.0), part.take("lat", float, 0.0))
                series[thing] = self._series(part, ("lon", "lat"), name)
                part.finish()
        else:
            series[""] = self._series(item, ("name", "site", "on", "expect"), name)
        expect: list[tuple[int, str, str]] = []
        for moment, what in (item.raw("expect", None) or {}).items():
            pairs = what.items() if isinstance(what, dict) else [("", what)]
            for thing, change in pairs:
                if change not in ("raised", "cleared"):
                    raise self._bad(item, name, errors.words("no_change", change=change))
                expect.append((self._offset(moment, item, name), str(thing), change))
        on = str(item.raw("on", ""))
        item.finish()
        return Example(name, series, sorted(expect), dict(site), positions, on, item.where)

    def _series(
        self, part: Section, others: tuple[str, ...], name: str
    ) -> dict[str, list[tuple[int, float | None]]]:
        computed = {key for kind in self.kinds.values() for key in kind.computed}
        observed = {key for kind in self.kinds.values() for key in kind.properties}
        series = {}
        keys = part.keys()
        for key in keys:
            if key in others or key not in observed | computed:
                continue
            values = part.raw(key)
            if not isinstance(values, dict):
                raise self._bad(part, name, errors.words("no_series", key=key))
            series[key] = [
                (self._offset(moment, part, name), None if value is None else float(value))
                for moment, value in values.items()
            ]
        return series

    def _offset(self, moment: object, item: Section, name: str) -> int:
        """``08:05`` or ``08:05:30`` as microseconds after the first midnight; hours may pass 24."""
        parts = str(moment).split(":")
        if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
            raise self._bad(item, name, errors.words("no_moment", moment=moment))
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        return (hours * 60 + minutes) * MINUTE + seconds * (MINUTE // 60)

    def _bad(self, item: Section, name: str, problem: Words) -> errors.BadExample:
        return errors.BadExample(item.where, name=name, problem=problem)
