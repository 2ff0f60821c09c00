"""From what packs say to running tracks: compiles rules and wires them to datastreams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yiwang.contracts.ports import Channel
from yiwang.rules import language
from yiwang.rules.frames import Settings
from yiwang.rules.kinds import ComputedTrack, ConditionTrack, SilenceTrack
from yiwang.rules.nearby import NearbyFindings
from yiwang.rules.parameters import Timeline, Tuning, timeline
from yiwang.rules.retained import Retained
from yiwang.rules.spec import Computed, Rule, RulesSpec
from yiwang.rules.terms import Expression, Uses
from yiwang.rules.track import Program, Track
from yiwang.rules.wiring import Wiring, attributes, wire


@dataclass(frozen=True)
class Loaded:
    """A pack's rules and what the city tuned in them."""

    pack: str
    spec: RulesSpec
    tunings: tuple[Tuning, ...] = ()

    def timelines(self) -> dict[str, Timeline]:
        return {
            parameter.name: timeline(
                parameter, [item for item in self.tunings if item.name == parameter.name]
            )
            for parameter in self.spec.parameters
        }


@dataclass(frozen=True)
class Judged:
    """A running rule (``rule`` None for the computed properties of a kind)."""

    pack: str
    rule: Rule | None
    track: Track
    nearby: NearbyFindings | None = None


Places = Mapping[int, Mapping[str, Any]]


def build(
    loaded: Sequence[Loaded], channels: Sequence[Channel], places: Places, retained: Retained
) -> dict[str, Judged]:
    """Key → running rule. Keys are ``pack/rule`` and ``pack/=kind`` for computed properties."""
    judged: dict[str, Judged] = {}
    for pack in loaded:
        builder = _Builder(pack, channels, places, retained)
        for kind in dict.fromkeys(item.kind for item in pack.spec.computed):
            judged[f"{pack.pack}/={kind}"] = builder.computed(kind)
        for rule in pack.spec.rules:
            judged[f"{pack.pack}/{rule.name}"] = builder.rule(rule)
    return judged


class _Builder:
    def __init__(
        self, loaded: Loaded, channels: Sequence[Channel], places: Places, retained: Retained
    ) -> None:
        self._loaded = loaded
        self._channels = channels
        self._places = places
        self._retained = retained
        self._timelines = loaded.timelines()
        self._units = loaded.spec.units

    def rule(self, rule: Rule) -> Judged:
        if rule.silence:
            return self._silence(rule)
        names = rule.names(self._units)
        when = language.compile_condition(rule.when, names, rule.where)
        clears = None
        if rule.clears_when:
            clears = language.compile_condition(rule.clears_when, names, rule.where)
        uses = _joined([when] if clears is None else [when, clears])
        slots = sorted(uses.properties)
        wiring = self._wire(rule.watches, slots, rule.per != "thing")
        kinds = {name: "number" for name in uses.attributes}
        kinds |= {name: kind for name, kind in (rule.attributes or {}).items() if name in kinds}
        program = self._program(
            f"{self._loaded.pack}/{rule.name}",
            rule.fingerprint,
            rule.lateness,
            uses,
            slots,
            attributes(_place_ids(wiring), self._places, kinds),
        )
        track = ConditionTrack(
            program,
            wiring,
            self._retained,
            when,
            clears,
            rule.held,
            rule.clears_for,
            sorted(rule.expressions),
        )
        nearby = NearbyFindings(track, rule.nearby) if rule.nearby else None
        return Judged(self._loaded.pack, rule, track, nearby)

    def _silence(self, rule: Rule) -> Judged:
        wiring = self._wire(rule.watches, [], rule.per != "thing", frozenset(rule.properties))
        program = self._program(
            f"{self._loaded.pack}/{rule.name}", rule.fingerprint, rule.lateness, Uses(), [], {}
        )
        return Judged(
            self._loaded.pack, rule, SilenceTrack(program, wiring, self._retained, rule.silence)
        )

    def computed(self, kind: str) -> Judged:
        items = [item for item in self._loaded.spec.computed if item.kind == kind]
        compiled = [language.compile_value(item.name, item.names(self._units)) for item in items]
        uses = _joined(compiled)
        slots = sorted(uses.properties)
        wiring = self._wire((kind,), slots, False)
        fingerprint = "-".join(item.fingerprint[:8] for item in items)
        program = self._program(
            f"{self._loaded.pack}/={kind}", fingerprint, items[0].lateness, uses, slots, {}
        )
        outputs = [
            (expression, self._targets(item, wiring))
            for item, expression in zip(items, compiled, strict=True)
        ]
        return Judged(
            self._loaded.pack, None, ComputedTrack(program, wiring, self._retained, outputs)
        )

    def _targets(self, item: Computed, wiring: Wiring) -> Any:
        """The datastream of a computed property by subject, 0 where there is none."""
        kind = f"{self._loaded.pack}.{item.kind}"
        found = {
            channel.thing: channel.datastream
            for channel in self._channels
            if channel.kind == kind and channel.property == item.name
        }
        return np.array([found.get(int(thing), 0) for thing in wiring.ids], np.int64)

    def _wire(
        self,
        watches: Sequence[str],
        slots: Sequence[str],
        per_place: bool,
        any_property: frozenset[str] | None = None,
    ) -> Wiring:
        kinds = frozenset(f"{self._loaded.pack}.{kind}" for kind in watches)
        numbered = {name: index for index, name in enumerate(slots)}
        return wire(self._channels, kinds, numbered, any_property, per_place)

    def _program(
        self,
        key: str,
        fingerprint: str,
        lateness: int,
        uses: Uses,
        slots: Sequence[str],
        columns: Mapping[str, Any],
    ) -> Program:
        settings = Settings(self._timelines, columns, slots)
        windows = {settings.slots[name]: span for name, span in uses.windows.items()}
        unchanged = tuple(settings.slots[name] for name in sorted(uses.unchanged))
        return Program(key, fingerprint, settings, lateness, windows, unchanged)


def _place_ids(wiring: Wiring) -> list[int]:
    return [-1 if place is None else place for place in wiring.places]


def _joined(expressions: Sequence[Expression]) -> Uses:
    uses = Uses()
    for expression in expressions:
        found = expression.uses
        uses.properties |= found.properties
        uses.parameters |= found.parameters
        uses.attributes |= found.attributes
        uses.unchanged |= found.unchanged
        for name, span in found.windows.items():
            uses.windows[name] = max(span, uses.windows.get(name, 0))
    return uses
