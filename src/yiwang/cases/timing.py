"""The times of a case in its row: limit and deadline, the next warning, the state's own limit."""

from __future__ import annotations

from collections.abc import Callable

from yiwang.cases.city import City
from yiwang.cases.model import deadlines, moving
from yiwang.cases.model.classes import CaseClass, DeadlineRule
from yiwang.cases.model.deadlines import CaseClock
from yiwang.cases.record import Record
from yiwang.kernel.clock import MINUTE


class Timekeeper:
    """Sets the times of the cases of one desk. A clock that just goes on keeps its deadline:
    only where it has changed is the calendar asked."""

    def __init__(self, city: City, class_of: Callable[[int], CaseClass]) -> None:
        self._city = city
        self._class_of = class_of
        self._timed: dict[int, CaseClock] = {}

    def know(self, record: Record) -> None:
        """The deadline of a case as it was read fits its clock."""
        self._timed[record.no] = record.clock

    def start(self, record: Record, at: int) -> None:
        record.set_clock(deadlines.start(self._rule(record), at))
        self.settle(record)

    def restart(self, record: Record, at: int) -> None:
        """The whole time again, and nothing of what was granted, warned of or appealed."""
        record.extended = record.extensions = record.warned = 0
        record.appeal, record.excused, record.overdue = "", False, False
        self.start(record, at)

    def give(self, record: Record, due_at: int, at: int) -> None:
        record.set_clock(deadlines.until(due_at, at))
        self.settle(record)

    def run(self, record: Record, at: int, runs: bool) -> None:
        """Let the clock go on, or stand still."""
        if runs:
            record.set_clock(deadlines.resume(record.clock, at))
        else:
            record.set_clock(deadlines.pause(record.clock, at, self._city.calendar))

    def change(self, record: Record, at: int) -> None:
        """Another class, severity or area: its limit and what was granted, with the time used
        so far."""
        rule = self._rule(record)
        if rule is not None:
            rule = DeadlineRule(rule.minutes + record.extended, rule.counting)
        self._limit(record, rule, at)

    def follow(self, record: Record, old: CaseClass, at: int) -> None:
        """Its class has another version than ``old``: its limit, with the time used so far, and
        its warnings. A limit that was given by hand stays."""
        before, after = self._limit_of(record, old), self._rule(record)
        held = None if before is None else (before.minutes, before.counting)
        own = moving.own_limit(record.limit_minutes, record.counting, record.extended, held)
        if own and before != after:
            self.change(record, at)
        shares = self._class_of(record.case_class).machine.bounds.warnings
        if shares != old.machine.bounds.warnings:
            calendar = self._city.calendar
            record.warned = deadlines.passed(record.clock, shares, at, calendar)
            self.warn_next(record)

    def extend(self, record: Record, minutes: int, at: int) -> None:
        record.extended += minutes
        limit = (record.limit_minutes or 0) + minutes
        self._limit(record, DeadlineRule(limit, record.counting), at)

    def settle(self, record: Record) -> None:
        """Deadline and next warning, where the clock has changed."""
        if self._timed.get(record.no) == record.clock:
            return
        self._timed[record.no] = record.clock
        record.due_at = deadlines.due_at(record.clock, self._city.calendar)
        self.warn_next(record)

    def warn_next(self, record: Record) -> None:
        """When to warn, after those warnings that were given."""
        shares = self._class_of(record.case_class).machine.bounds.warnings
        calendar = self._city.calendar
        record.warn_at = deadlines.warn_at(record.clock, shares, record.warned, calendar)

    def enter(self, record: Record, at: int) -> None:
        """The limit of the state that a case has come into, and when to warn of it."""
        bounds = self._class_of(record.case_class).machine.bounds
        rule = bounds.stages.get(record.state)
        record.stage_due_at = record.stage_warn_at = None
        record.stage_warned = 0
        if rule is not None:
            calendar = self._city.calendar
            record.stage_due_at = deadlines.after(rule, at, calendar)
            begun = deadlines.start(rule, at)
            record.stage_warn_at = deadlines.warn_at(begun, bounds.warnings, 0, calendar)

    def warned_of_stage(self, record: Record, now: int) -> float:
        """The last share of its state's limit that a case has used up until ``now``, of those
        that are warned of; sets when the next warning comes."""
        bounds, calendar = self._class_of(record.case_class).machine.bounds, self._city.calendar
        rule, shares = bounds.stages.get(record.state), bounds.warnings
        at, given = record.stage_warn_at, record.stage_warned
        while rule is not None and at is not None and at <= now and given < len(shares):
            so_far = int(rule.minutes * MINUTE * shares[given])
            begun = CaseClock(rule.minutes, rule.counting, so_far, at)
            given += 1
            at = deadlines.warn_at(begun, shares, given, calendar)
        record.stage_warned, record.stage_warn_at = given, at if given < len(shares) else None
        return shares[given - 1] if given else 0.0

    def _limit(self, record: Record, rule: DeadlineRule | None, at: int) -> None:
        calendar = self._city.calendar
        changed = deadlines.change(record.clock, rule, record.opened_at, at, calendar)
        record.set_clock(changed)
        shares = self._class_of(record.case_class).machine.bounds.warnings
        record.warned = min(record.warned, deadlines.passed(changed, shares, at, calendar))
        self.settle(record)
        record.overdue = deadlines.exceeded(changed, at, calendar)

    def _rule(self, record: Record) -> DeadlineRule | None:
        return self._limit_of(record, self._class_of(record.case_class))

    def _limit_of(self, record: Record, case_class: CaseClass) -> DeadlineRule | None:
        areas = self._city.area_codes(record.grid) if case_class.area_deadlines else ()
        return case_class.deadline(record.severity, areas)
