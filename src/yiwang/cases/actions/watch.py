"""The deadline watch, called by the scheduler."""

from __future__ import annotations

from sqlalchemy import select

from yiwang.cases.actions.flow import AUTOMATIC
from yiwang.cases.desk import Desk
from yiwang.cases.tables import cases
from yiwang.security.actions import Context, action

_BATCH = 1000


@action("cases.sweep", permission="cases.sweep", audit_verb="deadlines_watched")
def sweep(ctx: Context) -> int:
    """Warn of deadlines that come near and mark those that have passed; at most a thousand
    cases a call. Returns how many were marked; call again while it is not 0."""
    due = (
        select(cases.c.no)
        .where(cases.c.watch_at <= ctx.now)
        .order_by(cases.c.watch_at, cases.c.no)
        .limit(_BATCH)
    )
    numbers = [row.no for row in ctx.connection.execute(due)]
    if not numbers:
        return 0
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
