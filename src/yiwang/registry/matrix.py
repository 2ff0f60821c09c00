"""The responsibility matrix (责任清单): which entry answers for a class at a place: pure.

The most specific entry holds: its class before its major class before everything, then the
smallest area before larger ones before everywhere, then the lowest level of unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from yiwang.registry.model import UNIT_LEVELS, Area, EventClass, Organisation, Responsibility

MINOR, MAJOR, ANY = 0, 1, 2
SCOPES = ("minor", "major", "any")

Cell = tuple[int, int | str, int | None]
"""Scope, the class's number or the major class's code, area: entries of one cell are equally
specific."""


@dataclass(frozen=True)
class Choice:
    """The entry that holds, how wide its class is, and others that are equally specific and
    name somebody else; of these the one that began last was taken."""

    entry: Responsibility
    scope: str
    rivals: tuple[Responsibility, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Two entries that are equally specific at the same time and name different units."""

    first: Responsibility
    second: Responsibility


@dataclass(frozen=True)
class Gap:
    """Nobody answers for a class in an area (None: anywhere) and what lies in it."""

    event_class: EventClass
    area: int | None


class Matrix:
    """Entries by cell, so that a look-up does not depend on how many there are."""

    def __init__(
        self,
        entries: Sequence[Responsibility],
        classes: Sequence[EventClass],
        former: Sequence[Responsibility] = (),
    ) -> None:
        """``former``: what entries said before they were changed; it holds for its own time and
        is in no conflict."""
        self.entries = tuple(entries)
        self._former = tuple(former)
        self.classes = tuple(classes)
        self._codes = {one.code: one for one in classes}
        self._cells: dict[Cell, list[Responsibility]] = defaultdict(list)
        for entry in entries:
            self._cells[_cell(entry)].append(entry)
        self._past: dict[Cell, list[Responsibility]] = defaultdict(list)
        for entry in former:
            self._past[_cell(entry)].append(entry)

    def event_class(self, code: str) -> EventClass | None:
        return self._codes.get(code)

    def choose(
        self, code: str, chain: Sequence[int], at: int, above: str | None = None
    ) -> Choice | None:
        """Who answers for a class of the taxonomy at a place at an instant. ``chain`` are the
        areas around the place, smallest first. With ``above`` only units of a higher level
        count, and the lowest of these levels goes first. A code that the taxonomy does not
        know has the entries for everything."""
        if above is None:
            return self._specific(code, chain, at, UNIT_LEVELS)
        for level in UNIT_LEVELS[UNIT_LEVELS.index(above) + 1 :]:
            found = self._specific(code, chain, at, (level,))
            if found is not None:
                return found
        return None

    def _specific(
        self, code: str, chain: Sequence[int], at: int, levels: Sequence[str]
    ) -> Choice | None:
        for cell in self._around(code, chain):
            there = (*self._cells.get(cell, ()), *self._past.get(cell, ()))
            entries = [one for one in there if one.level in levels and one.covers(at)]
            if entries:
                return _choice(entries, cell[0])
        return None

    def _around(self, code: str, chain: Sequence[int]) -> Iterator[Cell]:
        kind = self._codes.get(code)
        scopes: list[tuple[int, int | str]] = [(ANY, "")]
        if kind is not None:
            scopes = [(MINOR, kind.id), (MAJOR, kind.major), *scopes]
        for scope, key in scopes:
            for area in (*chain, None):
                yield scope, key, area

    def conflicts(self) -> list[Conflict]:
        """Every two entries that are equally specific and overlap in time."""
        found = []
        for entries in self._cells.values():
            ordered = sorted(entries, key=lambda one: one.id)
            for place, first in enumerate(ordered):
                found += [
                    Conflict(first, second)
                    for second in ordered[place + 1 :]
                    if first.level == second.level
                    and first.organisation != second.organisation
                    and _overlap(first, second)
                ]
        return sorted(found, key=lambda one: (one.first.id, one.second.id))

    def unknown_majors(self) -> list[Responsibility]:
        """Entries for a major class that no class belongs to: they never hold."""
        known = {one.major for one in self.classes}
        return [one for one in self.entries if one.major and one.major not in known]

    def gaps(
        self, areas: Mapping[int, Area], at: int, organisations: Collection[Organisation] = ()
    ) -> list[Gap]:
        """Where nobody answers for a class; ``organisations`` answer by their functions. An
        area stands for all that lies in it."""
        below: dict[int | None, list[int]] = defaultdict(list)
        for area in areas.values():
            below[area.parent if area.parent in areas else None].append(area.id)
        return [
            Gap(kind, area)
            for kind in self.classes
            for area in _uncovered(self._held(kind, at, organisations), below, None)
        ]

    def _held(
        self, kind: EventClass, at: int, organisations: Collection[Organisation]
    ) -> set[int | None]:
        """The areas that somebody answers for."""
        found: set[int | None] = {
            one.area for one in organisations if kind.function in one.functions
        }
        for entry in (*self.entries, *self._former):
            fits = entry.event_class in (None, kind.id) and entry.major in ("", kind.major)
            if fits and entry.covers(at):
                found.add(entry.area)
        return found


def _uncovered(
    held: set[int | None], below: Mapping[int | None, Sequence[int]], area: int | None
) -> list[int | None]:
    """The largest areas from ``area`` down in which nobody answers anywhere."""
    if area in held:
        return []
    parts = [(one, _uncovered(held, below, one)) for one in below.get(area, ())]
    if all(found == [one] for one, found in parts):
        return [area]
    return [gap for _, found in parts for gap in found]


def _cell(entry: Responsibility) -> Cell:
    if entry.event_class is not None:
        return MINOR, entry.event_class, entry.area
    return (MAJOR, entry.major, entry.area) if entry.major else (ANY, "", entry.area)


def _choice(entries: Sequence[Responsibility], scope: int) -> Choice:
    lowest = min(UNIT_LEVELS.index(one.level) for one in entries)
    equal = [one for one in entries if UNIT_LEVELS.index(one.level) == lowest]
    first = max(equal, key=lambda one: (one.starts_at or 0, -one.id))
    rivals = tuple(one for one in equal if one.organisation != first.organisation)
    return Choice(first, SCOPES[scope], rivals)


def _overlap(first: Responsibility, second: Responsibility) -> bool:
    return (
        first.starts_at is None or second.ends_at is None or first.starts_at < second.ends_at
    ) and (second.starts_at is None or first.ends_at is None or second.starts_at < first.ends_at)
