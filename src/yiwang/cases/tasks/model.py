"""Supervised tasks as pure logic: periods of reports, reminders, progress and the light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from yiwang.kernel import clock
from yiwang.kernel.clock import DAY

RHYTHMS = ("weekly", "monthly", "none")
COLOURS = ("red", "yellow", "green")
FIGURES = ("days_late", "milestones_late", "reports_missing", "behind")
"""What rules of the light look at: days past the deadline, milestones and reports past theirs,
and by how many percentage points progress stays behind the time that has passed."""


@dataclass(frozen=True)
class Reminders:
    """How many days before and after something is due somebody is reminded; on the time itself
    always."""

    before: tuple[int, ...] = (3, 1)
    after: tuple[int, ...] = (1, 3)


@dataclass(frozen=True)
class Period:
    """A time to report on; its report is due when it ends (``due_at``)."""

    name: str
    due_at: int


@dataclass(frozen=True)
class Item:
    """Something that is due: a ``milestone`` or a ``report``, by the number or the period that
    names it."""

    kind: str
    name: str
    due_at: int
    title: str = ""


@dataclass(frozen=True)
class Reminder:
    """``days``: from the time when it is due (-3: three days before)."""

    item: Item
    days: int

    @property
    def at(self) -> int:
        return self.item.due_at + self.days * DAY

    @property
    def stage(self) -> str:
        return "before" if self.days < 0 else "after" if self.days else "due"


def midnight(day: date, zone: tzinfo) -> int:
    """The instant at which a day begins."""
    return clock.from_datetime(datetime.combine(day, time(), zone))


def period_of(rhythm: str, at: int, zone: tzinfo) -> Period | None:
    """The week (Monday to Sunday, ISO 8601) or month that an instant lies in."""
    day = clock.to_datetime(at).astimezone(zone).date()
    if rhythm == "weekly":
        year, week, weekday = day.isocalendar()
        following = day + timedelta(days=8 - weekday)
        return Period(f"{year}-W{week:02}", midnight(following, zone))
    if rhythm == "monthly":
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return Period(f"{day:%Y-%m}", midnight(following, zone))
    return None


def periods(rhythm: str, since: int, until: int, zone: tzinfo) -> Iterator[Period]:
    """Every period that begins or goes on after ``since`` and is due until ``until``."""
    found = period_of(rhythm, since, zone)
    while found is not None and found.due_at <= until:
        yield found
        found = period_of(rhythm, found.due_at, zone)


def passed(items: Sequence[Item], remind: Reminders, since: int, until: int) -> list[Reminder]:
    """What to remind of at ``until``, after everything up to ``since`` was: of each item the
    last of its times that have passed, which says what the earlier ones would have said."""
    found: dict[Item, Reminder] = {}
    for one in _all(items, remind):
        last = found.get(one.item)
        if since < one.at <= until and (last is None or last.at < one.at):
            found[one.item] = one
    return sorted(found.values(), key=lambda one: (one.at, one.item.kind, one.item.name))


def next_at(items: Sequence[Item], remind: Reminders, since: int) -> int | None:
    """When to remind of something next; None when there is nothing left."""
    return min((one.at for one in _all(items, remind) if one.at > since), default=None)


def _all(items: Sequence[Item], remind: Reminders) -> Iterator[Reminder]:
    days = {0, *(-one for one in remind.before), *remind.after}
    return (Reminder(item, one) for item in items for one in sorted(days))


def horizon(remind: Reminders) -> int:
    """How far reminders reach from what they are about, in microseconds."""
    return (max((*remind.before, *remind.after), default=0) + 1) * DAY


def percent_of(reported: int | None, milestones: int, done: int, kind: str) -> int:
    """How far a task is: all of it when its case is done, else what was reported last, else the
    share of its milestones that are done."""
    if kind == "done":
        return 100
    if reported is not None:
        return reported
    return 100 * done // milestones if milestones else 0


def expected(starts: int, due_at: int, now: int) -> int:
    """How far a task would be that went evenly from its start to its deadline, in percent."""
    if now <= starts:
        return 0
    return 100 if now >= due_at else 100 * (now - starts) // (due_at - starts)


def weighted(parts: Sequence[tuple[float, int]]) -> int | None:
    """The mean of (weight, percent), rounded down: 100 only when all are; None of nothing."""
    whole = sum(weight for weight, _ in parts)
    if not parts or whole <= 0:
        return None
    return int(sum(weight * percent for weight, percent in parts) / whole + 1e-9)


@dataclass(frozen=True)
class Why:
    """A rule of the light that holds: the figure, its value, and from where the rule begins."""

    colour: str
    figure: str
    value: int
    least: int


@dataclass(frozen=True)
class Light:
    colour: str
    why: tuple[Why, ...] = ()


@dataclass(frozen=True)
class Lights:
    """From which value on a figure makes the light red or yellow."""

    rules: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, figures: Mapping[str, int]) -> Light:
        """The gravest colour of which a rule holds, with every rule of it that does."""
        for colour in COLOURS[:-1]:
            why = tuple(
                Why(colour, name, figures[name], least)
                for name, least in self.rules.get(colour, {}).items()
                if figures.get(name, 0) >= least
            )
            if why:
                return Light(colour, why)
        return Light("green")


def figures(
    now: int, starts: int, due_at: int | None, percent: int, late: int, missing: int, kind: str
) -> dict[str, int]:
    """What the light looks at. A task whose case is over, or is with others to be verified, is
    not behind."""
    waits = kind not in ("new", "working")
    over = 0 if due_at is None or waits else max(0, -(-(now - due_at) // DAY))
    behind = 0 if due_at is None or waits else max(0, expected(starts, due_at, now) - percent)
    ended = kind in ("done", "void")
    return {
        "days_late": over,
        "milestones_late": 0 if ended else late,
        "reports_missing": 0 if ended else missing,
        "behind": behind,
    }
