"""The deadline watch, called by the scheduler."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from yiwang.cases.actions import flow
from yiwang.cases.actions.flow import AUTOMATIC
from yiwang.cases.desk import Desk
from yiwang.cases.model import deadlines, guards
from yiwang.cases.record import Record
from yiwang.cases.tables import cases
from yiwang.security.actions import Caller, Context, action
from yiwang.store.database import Instant
from yiwang.store.statements import Statement

_BATCH = 1000
_due = Statement(
    select(cases.c.no)
    .where(cases.c.watch_at <= bindparam("now_", 0, Instant))
    .order_by(cases.c.watch_at, cases.c.no)
    .limit(bindparam("most_", _BATCH))
)


def sweep(caller: Caller) -> int:
    """Warn of deadlines that come near and mark those that have passed, whatever their
    number. Returns how many marks were made; leaves no trace where there is nothing to do."""
    marked = 0
    while True:
        with caller.database.read() as connection:
            if not due(connection, caller.clock.now(), 1):
                return marked
        marked += watch_deadlines(caller)


@action("cases.watch_deadlines", permission="cases.sweep", audit_verb="deadlines_watched")
def watch_deadlines(ctx: Context) -> int:
    """Warn and mark at most a thousand cases; returns how many."""
    numbers = due(ctx.connection, ctx.now, _BATCH)
    desk = Desk(ctx)
    desk.load(numbers)
    for number in numbers:
        mark(desk, desk.record(number), ctx.now)
    desk.flush()
    ctx.note("cases", marked=len(numbers))
    return len(numbers)


def mark(desk: Desk, record: Record, now: int) -> None:
    """Whatever time has brought about for a case until ``now``, at the instants when it did."""
    desk.keep(record)
    _resume(desk, record, now)
    _stage(desk, record, now)
    _answer(desk, record, now)
    _deadline(desk, record, now)


def _resume(desk: Desk, record: Record, now: int) -> None:
    """The day has come until which a case was suspended."""
    at = record.resume_at
    if at is None or at > now:
        return
    record.resume_at = None
    case_class = desk.class_of(record)
    if "resume" in flow.steps_from(case_class, record.state):
        desk.move(record, guards.target(case_class, desk.facts(record), "resume"), at)
        desk.line(record, "resume", at, actor=AUTOMATIC, reason="cases.reason.resume_at")


def _stage(desk: Desk, record: Record, now: int) -> None:
    """A state's own limit comes near, or is over."""
    at, warn = record.stage_due_at, record.stage_warn_at
    details: dict[str, object] = {"state": record.state, "due_at": at}
    if at is not None and at <= now:
        record.stage_due_at = record.stage_warn_at = None
        desk.line(record, "stage_overdue", at, actor=AUTOMATIC, details=details)
    elif warn is not None and warn <= now:
        details["share"] = desk.times.warned_of_stage(record, now)
        desk.line(record, "stage_warned", warn, actor=AUTOMATIC, details=details)


def _answer(desk: Desk, record: Record, now: int) -> None:
    """Supervision was not answered in time: it goes a level up, as far as there is one."""
    at = record.answer_by
    if at is None or at > now:
        return
    record.answer_by = None
    details = {"level": record.supervision, "answer_by": at}
    desk.line(record, "supervision_late", at, actor=AUTOMATIC, details=details)
    if record.supervision < len(desk.class_of(record).machine.bounds.supervision):
        flow.supervise(desk, record, "supervise", at, "cases.reason.supervision_late")


def _deadline(desk: Desk, record: Record, now: int) -> None:
    if record.due_at is None or record.overdue or not record.open:
        return
    details: dict[str, object] = {"due_at": record.due_at}
    if record.due_at < now:
        record.overdue = True
        desk.line(record, "overdue", record.due_at, actor=AUTOMATIC, details=details)
    elif record.warn_at is not None and record.warn_at <= now:
        at = record.warn_at
        shares = desk.class_of(record).machine.bounds.warnings
        passed = deadlines.passed(record.clock, shares, now, desk.city.calendar)
        record.warned = min(len(shares), max(passed, record.warned + 1))
        details["share"] = shares[record.warned - 1]
        desk.times.warn_next(record)
        desk.line(record, "warned", at, actor=AUTOMATIC, details=details)


def due(connection: Connection, now: int, most: int) -> list[int]:
    """The open cases whose deadline is looked at next, until ``now``."""
    return [no for (no,) in _due.records(connection, {"now_": now, "most_": most})]
