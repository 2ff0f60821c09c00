"""A case's clock: when handling must be done, standing still while the case waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from yiwang.cases.model.classes import DeadlineRule
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import MINUTE


class CaseClock(NamedTuple):
    """How much counted time a case has used (microseconds), and since when it runs.

    ``since`` is None while it stands still. ``minutes`` None means no deadline.
    """

    minutes: int | None
    counting: str
    used: int
    since: int | None


def start(rule: DeadlineRule | None, at: int) -> CaseClock:
    if rule is None:
        return CaseClock(None, "clock", 0, at)
    return CaseClock(rule.minutes, rule.counting, 0, at)


def until(due_at: int, at: int) -> CaseClock:
    """The clock of a deadline that is an instant: whole minutes by the clock, of which the
    part of a minute that the time does not fill is used already."""
    minutes = max(-(-(due_at - at) // MINUTE), 0)
    return CaseClock(minutes, "clock", minutes * MINUTE - max(due_at - at, 0), at)


def pause(clock: CaseClock, at: int, calendar: WorkingCalendar) -> CaseClock:
    """Stand still from ``at`` on; a clock that stands still already is left as it is."""
    if clock.since is None:
        return clock
    return clock._replace(used=used(clock, at, calendar), since=None)


def resume(clock: CaseClock, at: int) -> CaseClock:
    return clock if clock.since is not None else clock._replace(since=at)


def change(
    clock: CaseClock,
    rule: DeadlineRule | None,
    opened_at: int,
    at: int,
    calendar: WorkingCalendar,
) -> CaseClock:
    """Another limit for a case that runs already: the time used so far is kept.

    Where the way of counting changes too, the time from the opening to ``at`` is counted
    anew in the new way, without the pauses that the old way left out.
    """
    if rule is None:
        return clock._replace(minutes=None)
    if rule.counting == clock.counting and clock.minutes is not None:
        return clock._replace(minutes=rule.minutes)
    fresh = CaseClock(rule.minutes, rule.counting, 0, opened_at)
    so_far = used(fresh, at, calendar)
    return fresh._replace(used=so_far, since=None if clock.since is None else at)


def used(clock: CaseClock, at: int, calendar: WorkingCalendar) -> int:
    """Counted microseconds until ``at``; never less than before, however ``at`` lies."""
    if clock.since is None or at <= clock.since:
        return clock.used
    if clock.counting == "clock":
        return clock.used + at - clock.since
    return clock.used + calendar.between(clock.since, at)


def due_at(clock: CaseClock, calendar: WorkingCalendar) -> int | None:
    """When the limit is reached; None without a limit and while the clock stands still."""
    return _reached(clock, 1.0, calendar)


def warn_at(
    clock: CaseClock, shares: Sequence[float], given: int, calendar: WorkingCalendar
) -> int | None:
    """When the next warning comes, after ``given`` of the shares have been warned of."""
    return None if given >= len(shares) else _reached(clock, shares[given], calendar)


def passed(clock: CaseClock, shares: Sequence[float], at: int, calendar: WorkingCalendar) -> int:
    """How many of the shares of the limit are used up."""
    if clock.minutes is None:
        return len(shares)
    so_far = used(clock, at, calendar)
    return sum(so_far >= int(clock.minutes * MINUTE * share) for share in shares)


def exceeded(clock: CaseClock, at: int, calendar: WorkingCalendar) -> bool:
    """Whether more than the limit is used, standing still or not."""
    if clock.minutes is None:
        return False
    due = due_at(clock, calendar)
    if due is not None:
        return due < at
    return clock.used > clock.minutes * MINUTE


def after(rule: DeadlineRule, at: int, calendar: WorkingCalendar) -> int:
    """When a limit that begins at an instant is reached."""
    if rule.counting == "clock":
        return at + rule.minutes * MINUTE
    return calendar.add(at, rule.minutes)


def _reached(clock: CaseClock, share: float, calendar: WorkingCalendar) -> int | None:
    if clock.minutes is None or clock.since is None:
        return None
    left = int(clock.minutes * MINUTE * share) - clock.used
    if left <= 0:
        return clock.since
    if clock.counting == "clock":
        return clock.since + left
    return calendar.add(clock.since, -(-left // MINUTE))
