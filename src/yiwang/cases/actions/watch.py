"""The deadline watch, called by the scheduler."""

from __future__ import annotations

from sqlalchemy import Connection, select

from yiwang.cases.actions.flow import AUTOMATIC
from yiwang.cases.desk import Desk
from yiwang.cases.tables import cases
from yiwang.security.actions import Caller, Context, action

_BATCH = 1000


def sweep(caller: Caller) -> int:
    """Warn of deadlines that come near and mark those that have passed, whatever their
    number. Returns how many marks were made; leaves no trace where there is nothing to do."""
    marked = 0
    while True:
        with caller.database.read() as connection:
            if not _due(connection, caller.clock.now(), 1):
                return marked
        marked += watch_deadlines(caller)


@action("cases.watch_deadlines", permission="cases.sweep", audit_verb="deadlines_watched")
def watch_deadlines(ctx: Context) -> int:
    """Warn and mark at most a thousand cases; returns how many."""
    numbers = _due(ctx.connection, ctx.now, _BATCH)
    desk = Desk(ctx)
    desk.load(numbers)
    for number in numbers:
        record = desk.record(number)
        if record.due_at is None or record.overdue:
            record.watch_at = None
            desk.keep(record)
        elif record.due_at <= ctx.now:
            record.watch_at = None
            record.overdue = True
            details = {"due_at": record.due_at}
            desk.line(record, "overdue", record.due_at, actor=AUTOMATIC, details=details)
        else:
            at, record.watch_at = record.watch_at or ctx.now, record.due_at
            details = {"due_at": record.due_at}
            desk.line(record, "warned", at, actor=AUTOMATIC, details=details)
    desk.flush()
    ctx.note("cases", marked=len(numbers))
    return len(numbers)


def _due(connection: Connection, now: int, most: int) -> list[int]:
    query = (
        select(cases.c.no)
        .where(cases.c.watch_at <= now)
        .order_by(cases.c.watch_at, cases.c.no)
        .limit(most)
    )
    return [row.no for row in connection.execute(query)]
