"""Running rules over given series: a rule's own examples, and stored history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from yiwang.contracts.observations import ObservationBatch, ObservationReader
from yiwang.contracts.ports import Channel
from yiwang.kernel.clock import DAY, MINUTE, SECOND, parse
from yiwang.rules.building import Loaded, Places
from yiwang.rules.engine import Engine
from yiwang.rules.parameters import Tuning, instant
from yiwang.rules.spec import Example, Rule, RulesSpec
from yiwang.rules.track import Change

FIRST_DAY = parse("2026-01-01T00:00:00Z")


@dataclass(frozen=True)
class Outcome:
    """How one example came out: ``expected`` and ``got`` read ``08:13 raised``."""

    rule: str
    example: str
    where: str
    expected: tuple[str, ...]
    got: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return self.expected == self.got


@dataclass(frozen=True)
class Found:
    """A finding of a back-test."""

    thing: int
    place: int | None
    raised_at: int
    cleared_at: int | None
    values: dict[str, Any]


class Tally:
    """The findings that remain when all changes are taken together."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, int], tuple[int | None, dict[str, Any]]] = {}

    def add(self, changes: Iterable[Change]) -> None:
        for change in changes:
            key = (change.rule, change.subject, change.raised_at)
            if change.what == "withdrawn":
                self._found.pop(key, None)
            else:
                self._found[key] = (change.cleared_at, change.values)

    def findings(self) -> list[tuple[str, int, int, int | None, dict[str, Any]]]:
        """(rule, subject, raised, cleared, values), sorted."""
        return [
            (rule, subject, raised, *self._found[rule, subject, raised])
            for rule, subject, raised in sorted(self._found)
        ]


def run_examples(spec: RulesSpec) -> list[Outcome]:
    """Run every example of every rule with the pack's own parameter values."""
    return [run_example(spec, rule, item) for rule in spec.rules for item in rule.examples]


def run_example(spec: RulesSpec, rule: Rule, example: Example) -> Outcome:
    """Run one example. It happens on the day ``on``, else on the first day on which the newest
    value of every parameter holds; computed properties may be given as if observed."""
    start = _day(spec, example)
    things = {name: number for number, name in enumerate(sorted(example.series), 1)}
    given = {prop for series in example.series.values() for prop in series}
    channels: list[Channel] = []
    times: list[int] = []
    values: list[float] = []
    datastreams: list[int] = []
    for name, series in sorted(example.series.items()):
        lon, lat = example.positions.get(name, (0.0, 0.0))
        for prop, points in sorted(series.items()):
            number = len(channels) + 1
            thing = things[name]
            kind = f"example.{rule.watches[0]}"
            channels.append(Channel(number, thing, kind, prop, thing, lon, lat))
            for offset, value in points:
                datastreams.append(number)
                times.append(start + offset)
                values.append(np.nan if value is None else value)
    loaded = Loaded("example", replace(spec, rules=(_observing(rule, given),), computed=()))
    engine = Engine([loaded], channels, {thing: example.site for thing in things.values()})
    tally = Tally()
    order = np.argsort(times, kind="stable")
    batch = _batch(
        np.array(datastreams, np.int64)[order],
        np.array(times, np.int64)[order],
        np.array(values, np.float64)[order],
    )
    tally.add(engine.judge(batch).changes)
    expected = [start + offset for offset, _, _ in example.expect]
    end = max([*times, *expected, start])
    tally.add(engine.advance(end + 1).changes)
    names = {
        engine.wiring(f"example/{rule.name}").ids.tolist().index(n): name
        for name, n in things.items()
        if n in engine.wiring(f"example/{rule.name}").ids
    }
    got = []
    for _, subject, raised, cleared, _ in tally.findings():
        got.append((raised - start, names[subject], "raised"))
        if cleared is not None:
            got.append((cleared - start, names[subject], "cleared"))
    return Outcome(
        rule.name, example.name, example.where, _shown(example.expect), _shown(sorted(got))
    )


def backtest(
    loaded: Loaded,
    rule: str,
    channels: Sequence[Channel],
    places: Places,
    reader: ObservationReader,
    start: int,
    end: int,
    span: int = DAY,
    tunings: Sequence[Tuning] | None = None,
) -> list[Found]:
    """What a rule would have found in stored history from ``start`` to ``end``, perhaps with
    other parameter values. Nothing is raised and nothing is written."""
    chosen = tuple(item for item in loaded.spec.rules if item.name == rule)
    spec = replace(loaded.spec, rules=chosen, computed=())
    tuned = loaded.tunings if tunings is None else tuple(tunings)
    engine = Engine([Loaded(loaded.pack, spec, tuned)], channels, places)
    key = f"{loaded.pack}/{rule}"
    wiring = engine.wiring(key)
    datastreams = [int(number) for number in wiring.datastreams]
    tally, first = Tally(), 1
    for batch in _history(reader, datastreams, start, end, span):
        order = np.argsort(batch.time, kind="stable")
        part = _batch(batch.datastream[order], batch.time[order], batch.result[order], first)
        first += len(part)
        tally.add(engine.judge(part).changes)
    tally.add(engine.advance(end).changes)
    return [
        Found(int(wiring.things[subject]), wiring.places[subject], raised, cleared, values)
        for _, subject, raised, cleared, values in tally.findings()
    ]


def _history(
    reader: ObservationReader, datastreams: Sequence[int], start: int, end: int, span: int
) -> Iterable[ObservationBatch]:
    """Stored observations, a span of time at a time; a full answer is asked for in halves."""
    most = 1_000_000
    begin = start
    while begin <= end:
        until = min(begin + span - 1, end)
        batch = reader.between(datastreams, begin, until, most)
        while len(batch) >= most and until - begin > SECOND:
            until = begin + (until - begin) // 2
            batch = reader.between(datastreams, begin, until, most)
        if len(batch):
            yield batch
        begin = until + 1


def _observing(rule: Rule, given: set[str]) -> Rule:
    """The rule with the computed properties that an example gives taken as observed."""
    computed = given - set(rule.properties)
    return replace(
        rule,
        properties=rule.properties | {name: "" for name in computed},
        expressions={n: text for n, text in rule.expressions.items() if n not in computed},
    )


def _day(spec: RulesSpec, example: Example) -> int:
    on = instant(example.on) if example.on else None
    if on is not None:
        return on
    newest = [parameter.values[-1].since for parameter in spec.parameters]
    return max([FIRST_DAY, *newest])


def _batch(datastream: Any, time: Any, value: Any, first: int = 1) -> ObservationBatch:
    return ObservationBatch(first, 0, datastream, time, value, time)


def _shown(changes: Sequence[tuple[int, str, str]]) -> tuple[str, ...]:
    lines = []
    for offset, thing, what in changes:
        hours, minutes = divmod(offset // MINUTE, 60)
        seconds = offset // SECOND % 60
        clock = f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
        lines.append(f"{clock} {thing} {what}".replace("  ", " "))
    return tuple(sorted(lines))
