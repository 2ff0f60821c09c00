"""How complete and how fresh resources are: points with what they are lost for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from yiwang.kernel.clock import DAY, HOUR
from yiwang.sharing.catalogue.model import Entry

_Part = tuple[str, int, Callable[[Entry], float]]

CYCLE: Mapping[str, int] = {
    "realtime": HOUR,
    "daily": DAY,
    "weekly": 7 * DAY,
    "monthly": 31 * DAY,
    "quarterly": 92 * DAY,
    "half_yearly": 184 * DAY,
    "yearly": 366 * DAY,
}
"""Within which time the data of each update cycle is brought up to date. Irregular has none."""
LEAST_SUMMARY = 10


def _share(entry: Entry, has: Callable[[int], bool]) -> float:
    count = len(entry.items)
    return sum(has(place) for place in range(count)) / count if count else 0.0


_PARTS: tuple[_Part, ...] = (
    ("class_code", 10, lambda one: bool(one.class_code)),
    ("provider_code", 10, lambda one: bool(one.provider_code)),
    ("summary", 10, lambda one: min(len(one.summary.strip()) / LEAST_SUMMARY, 1.0)),
    ("keywords", 5, lambda one: bool(one.keywords)),
    ("share_type", 15, lambda one: _terms(one)),
    ("update_cycle", 5, lambda one: one.update_cycle != "irregular"),
    ("table", 15, lambda one: bool(one.dataset or (one.source and one.table))),
    ("items", 10, lambda one: bool(one.items)),
    ("item.key", 5, lambda one: any(item.key for item in one.items)),
    ("item.text", 5, lambda one: _share(one, lambda place: _told(one, place))),
    ("item.grade", 10, lambda one: _share(one, lambda place: bool(one.items[place].grade))),
)
"""What an entry gets points for, 100 in all."""


def _terms(entry: Entry) -> bool:
    if entry.share_type == "conditional":
        return bool(entry.share_condition.strip())
    return entry.share_type == "unconditional" or bool(entry.share_basis.strip())


def _told(entry: Entry, place: int) -> bool:
    """Whether an item says what it is: by a description, or a name that is not its column's."""
    item = entry.items[place]
    return bool(item.text.strip()) or item.name != item.column


@dataclass(frozen=True)
class Completeness:
    """Points from 0 to 100, and the fields for which some were lost, the most first."""

    points: float
    lost: tuple[tuple[str, float], ...]


def completeness(entry: Entry) -> Completeness:
    gained = [(name, most, most * float(has(entry))) for name, most, has in _PARTS]
    lost = [(name, round(most - got, 1)) for name, most, got in gained if got < most]
    points = round(sum(got for _, _, got in gained), 1)
    return Completeness(points, tuple(sorted(lost, key=lambda one: -one[1])))


def freshness(update_cycle: str, updated_at: int | None, now: int) -> float | None:
    """100 while the data was brought up to date within its cycle, falling to 0 when three more
    have passed. None where it has no cycle; 0 where it never was."""
    cycle = CYCLE.get(update_cycle)
    if cycle is None:
        return None
    if updated_at is None:
        return 0.0
    late = max(0, now - updated_at - cycle) / (3 * cycle)
    return round(100 * max(0.0, 1 - late), 1)


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 1) if known else None
