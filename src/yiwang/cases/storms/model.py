"""What silences hold and what storms gather: pure logic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from yiwang.cases.model.classes import StormRule
from yiwang.cases.model.merging import distance_m, square


@dataclass(frozen=True)
class Silence:
    """Announced maintenance. What is not named (empty, None) is not narrowed; ``area`` holds
    everything inside that area, ``things`` any of those devices."""

    id: int
    from_at: int
    until_at: int
    case_class: str = ""
    area: int | None = None
    place: int | None = None
    thing: int | None = None
    things: frozenset[int] = frozenset()

    def about(self, found: Found) -> bool:
        return (
            (not self.case_class or self.case_class in found.classes)
            and (self.area is None or self.area in found.areas)
            and (self.place is None or self.place == found.place)
            and (self.thing is None or self.thing == found.thing)
            and (not self.things or found.thing in self.things)
        )

    def at(self, instant: int) -> bool:
        """It begins with its first instant; the last one is no longer in it."""
        return self.from_at <= instant < self.until_at


@dataclass(frozen=True)
class Found:
    """A finding or a device's trouble as silences look at it; ``classes`` are the names of its
    class, ``areas`` those around it."""

    raised_at: int
    classes: Collection[str] = ()
    areas: Collection[int] = ()
    place: int | None = None
    thing: int | None = None


def held(found: Found, silences: Iterable[Silence]) -> tuple[Silence, int] | None:
    """The silence in which a finding was raised (of several the one that began first), and the
    first instant since then at which no silence holds it; silences that touch or overlap hold
    it as one. None: it was raised in none."""
    mine = sorted(
        (one for one in silences if one.about(found)), key=lambda one: (one.from_at, one.id)
    )
    first = next((one for one in mine if one.at(found.raised_at)), None)
    if first is None:
        return None
    until = first.until_at
    for one in mine:
        if one.from_at <= until < one.until_at:
            until = one.until_at
    return first, until


@dataclass(frozen=True)
class Member:
    """An open case that a storm may gather. ``shared`` is what it has in common with others
    where its class gathers by that (``street:12``); else its position counts."""

    no: int
    at: int
    shared: str = ""
    lon: float | None = None
    lat: float | None = None


def alike(rule: StormRule, one: Member, other: Member) -> bool:
    """Whether two cases of one cause are near enough in time and space, or share what counts."""
    if abs(one.at - other.at) > rule.within:
        return False
    return together(rule, one, other)


def together(rule: StormRule, one: Member, other: Member) -> bool:
    if rule.by != "near":
        return bool(one.shared) and one.shared == other.shared
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return False
    return distance_m(one.lon, one.lat, other.lon, other.lat) <= (rule.radius_m or 0.0)


@dataclass
class Gathering:
    """A storm as it grows. ``members`` only counts."""

    id: int
    lead: Member
    first_at: int
    last_at: int
    members: int = 0

    def takes(self, rule: StormRule, one: Member) -> bool:
        """A case that begins within the storm's time, or not later after or before it than the
        class says, near its lead."""
        in_time = self.first_at - rule.within <= one.at <= self.last_at + rule.within
        return in_time and together(rule, self.lead, one)

    def add(self, one: Member) -> None:
        self.members += 1
        self.first_at = min(self.first_at, one.at)
        self.last_at = max(self.last_at, one.at)


@dataclass
class Loose:
    """Cases of one cause that are in no storm, found by their square or what they share."""

    rule: StormRule
    _cells: dict[object, dict[int, Member]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, one: Member) -> None:
        cell = self._cell(one)
        if cell is not None:
            self._cells[cell][one.no] = one

    def drop(self, members: Iterable[Member]) -> None:
        for one in members:
            self._cells.get(self._cell(one), {}).pop(one.no, None)

    def enough(self, one: Member, still: Callable[[int], bool]) -> list[Member]:
        """Those around a case (and it) that are loose still, if they are as many as make a
        storm, the first to begin first; else nothing."""
        around = {
            other.no: other
            for cell in self._around(one)
            for other in self._cells.get(cell, {}).values()
            if alike(self.rule, one, other) and still(other.no)
        }
        around[one.no] = one
        if len(around) < self.rule.at_least:
            return []
        return sorted(around.values(), key=lambda each: (each.at, each.no))

    def _cell(self, one: Member) -> object | None:
        if self.rule.by != "near":
            return one.shared or None
        if one.lon is None or one.lat is None:
            return None
        return square(self.rule.radius_m or 1.0, one.lon, one.lat)

    def _around(self, one: Member) -> Iterator[object]:
        cell = self._cell(one)
        if not isinstance(cell, tuple):
            yield cell
            return
        for right in (-1, 0, 1):
            for up in (-1, 0, 1):
                yield cell[0] + right, cell[1] + up


def take(
    storms: Sequence[Gathering], loose: Loose, one: Member, still: Callable[[int], bool]
) -> tuple[Gathering | None, list[Member]]:
    """Where a case that begins belongs: to a storm that goes on (the one that began first), or
    with others that now make a new one (its members, the lead first); else to nothing."""
    ordered = sorted(storms, key=lambda each: each.id)
    going_on = next((each for each in ordered if each.takes(loose.rule, one)), None)
    return (going_on, []) if going_on is not None else (None, loose.enough(one, still))
