"""The city's nouns, and who is on duty when: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.kernel import clock
from yiwang.kernel.text import LANGUAGES

LEVELS = ("district", "street", "grid")
UNIT_LEVELS = ("street", "district", "city")
"""Levels of responsible units, the lowest first: a case starts low and is escalated."""
SEVERITIES = ("notice", "warning", "urgent", "critical")
COUNTINGS = ("working", "clock")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=1024)
def _local(minute: int, zone: ZoneInfo) -> tuple[int, int]:
    """Weekday and minute of the day, by the clock of a zone, at a minute since the epoch."""
    local = clock.to_datetime(minute * clock.MINUTE).astimezone(zone)
    return local.weekday(), local.hour * 60 + local.minute


class _Named:
    name_zh: str
    name_en: str

    def name(self, lang: str = "zh-CN") -> str:
        """The name in one language, or in the other where that is empty."""
        first, second = self.name_zh, self.name_en
        if not lang.startswith("zh"):
            first, second = second, first
        return first or second

    @property
    def names(self) -> Mapping[str, str]:
        """The name in each language."""
        return {lang: self.name(lang) for lang in LANGUAGES}


@dataclass(frozen=True)
class Area(_Named):
    """A district, street or grid. ``geometry`` is a GeoJSON polygon or multipolygon."""

    id: int
    code: str
    level: str
    name_zh: str
    name_en: str
    parent: int | None
    geometry: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Organisation(_Named):
    """``functions`` are the words by which packs name who is responsible (``drainage``).
    ``area`` is where it is responsible; None means the whole city."""

    id: int
    code: str
    kind: str
    name_zh: str
    name_en: str
    functions: tuple[str, ...]
    parent: int | None
    area: int | None
    contact: str


@dataclass(frozen=True)
class Person:
    """``user`` is the name under which the person signs in, empty where there is none."""

    id: int
    code: str
    name: str
    phone: str
    organisation: int | None
    user: str
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """A person or organisation that holds a role in an area (None: everywhere).

    ``days``: 0 for Monday to 6 for Sunday. ``opens`` and ``closes``: minutes after midnight
    in the city's time zone; closes <= opens runs into the next day, so 0 and 0 is the whole
    day. ``starts_at`` and ``ends_at`` bound the duty (end excluded).
    """

    id: int
    code: str
    role: str
    area: int | None
    person: int | None
    organisation: int | None
    days: tuple[int, ...]
    opens: int
    closes: int
    starts_at: int | None
    ends_at: int | None

    def covers(self, at: int, zone: ZoneInfo) -> bool:
        """Whether the duty is on at an instant."""
        if self.starts_at is not None and at < self.starts_at:
            return False
        if self.ends_at is not None and at >= self.ends_at:
            return False
        weekday, minute = _local(at // clock.MINUTE, zone)
        if self.opens < self.closes:
            return weekday in self.days and self.opens <= minute < self.closes
        tonight = weekday in self.days and minute >= self.opens
        return tonight or ((weekday - 1) % 7 in self.days and minute < self.closes)

    def next_start(self, at: int, zone: ZoneInfo) -> int | None:
        """When the duty begins next after an instant, within eight days; None where it does
        not, or is on."""
        if self.covers(at, zone):
            return None
        first = max(at, self.starts_at or at)
        midnight = (
            clock.to_datetime(first)
            .astimezone(zone)
            .replace(hour=0, minute=0, second=0, microsecond=0)
        )
        starts = [first, *(self._opening(midnight + timedelta(days=day)) for day in range(9))]
        return next((one for one in starts if one >= first and self.covers(one, zone)), None)

    def _opening(self, midnight: datetime) -> int:
        hour, minute = divmod(self.opens, 60)
        return clock.from_datetime(midnight.replace(hour=hour, minute=minute))


@dataclass(frozen=True)
class Place(_Named):
    """``kind`` is a free word (``underpass``); ``code`` is unique within its kind.
    ``grid`` is found by the position; a place whose position is not known has neither."""

    id: int
    kind: str
    code: str
    name_zh: str
    name_en: str
    lon: float | None
    lat: float | None
    geometry: Mapping[str, Any] | None = field(repr=False)
    grid: int | None
    address: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class EventClass(_Named):
    """One minor class of the event taxonomy: how severe, whose, and until when.

    ``counting`` says whether ``deadline_minutes`` are working time or clock time.
    """

    id: int
    code: str
    major: str
    major_zh: str
    major_en: str
    minor: str
    name_zh: str
    name_en: str
    severity: str
    function: str
    deadline_minutes: int
    counting: str


@dataclass(frozen=True)
class Responsibility:
    """One entry of the responsibility matrix (责任清单): who answers for what, where, when.

    ``event_class`` is a minor class and goes before ``major``; neither of them: everything.
    ``area`` None: everywhere. ``level`` is that of the unit. ``basis`` is the document that
    says so. ``starts_at`` and ``ends_at`` bound the entry (end excluded).
    """

    id: int
    code: str
    event_class: int | None
    major: str
    area: int | None
    level: str
    organisation: int
    co_organisations: tuple[int, ...]
    basis: str
    starts_at: int | None
    ends_at: int | None

    def covers(self, at: int) -> bool:
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )


@dataclass(frozen=True)
class Located:
    """The areas that a position lies in, by their numbers."""

    district: int | None = None
    street: int | None = None
    grid: int | None = None

    @property
    def smallest(self) -> int | None:
        return self.grid or self.street or self.district


@dataclass(frozen=True)
class OnDuty:
    """Who is on duty, and by which duty. ``person`` is None when only an organisation is
    named; ``organisation`` is then given, and otherwise the person's own."""

    duty: Duty
    person: Person | None
    organisation: Organisation | None


def nearest_first(chain: Sequence[int], area: int | None) -> int | None:
    """How near an entry for ``area`` is to a place whose areas, smallest first, are ``chain``:
    0 is nearest, None means that the entry is for somewhere else."""
    if area is None:
        return len(chain)
    return chain.index(area) if area in chain else None
