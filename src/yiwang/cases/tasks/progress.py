"""Progress of tasks, reported by the unit that leads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from yiwang.cases import store as cases
from yiwang.cases.desk import Desk
from yiwang.cases.errors import NoSuchPicture
from yiwang.cases.model import guards
from yiwang.cases.record import Record
from yiwang.cases.tasks import changing, model, store
from yiwang.cases.tasks.errors import BadReport, NoSuchPlanTask, NotLead, WrongPlanState
from yiwang.cases.tasks.watching import Watch
from yiwang.security.actions import Context, action

MOST_TEXT = 5000


@dataclass(frozen=True)
class Progress:
    """How far a task is. ``period``: the one reported on, else the present one; ``reached``: of
    the target; ``milestones``: the numbers of those that are done; ``evidence``: names of photos
    uploaded to the case before."""

    percent: int
    text: str
    period: str = ""
    reached: float | None = None
    milestones: tuple[int, ...] = ()
    evidence: tuple[str, ...] = ()


@action("cases.report_progress", permission="cases.handle", audit_verb="progress_reported")
def report(ctx: Context, task: int, given: Progress) -> int:
    """Report how far a task is; returns the number of the report. One for a period whose time
    is over counts as late. Raises NoSuchPlanTask (also for one that the caller may not see),
    NotLead, WrongPlanState, BadReport, NoSuchPicture."""
    row = store.task(ctx.connection, task)
    plan = None if row is None else store.plan(ctx.connection, row.plan, lock=True)
    row = store.task(ctx.connection, task)
    if row is None or row.removed or row.case is None or plan is None:
        raise NoSuchPlanTask(id=task)
    desk = Desk(ctx)
    record = desk.record(row.case)
    facts = desk.facts(record)
    if not guards.may_see(facts, ctx.identity):
        raise NoSuchPlanTask(id=task)
    where = f"plan_task:{task}"
    if not guards.WHO["handler"].holds(facts, ctx.identity):
        raise NotLead(where, id=task)
    if plan.state != "running" or not record.open:
        raise WrongPlanState(where, id=plan.id, state=plan.state, tasks=1)
    period = _period(ctx, row, record, given.period)
    titles = _check(ctx, row, record, given)
    values = {"task": task, "period": period.name, "at": ctx.now, "actor": ctx.identity.label}
    values |= {"percent": given.percent, "reached": given.reached, "text": given.text.strip()}
    late = bool(period.name) and ctx.now >= period.due_at
    values |= {"evidence": list(given.evidence), "late": late}
    number = store.add_report(ctx.connection, values)
    store.came(ctx.connection, task, period.name, number)
    store.reach(ctx.connection, task, given.milestones, number, ctx.now)
    reached = row.reached if given.reached is None else given.reached
    percent = {"percent": given.percent, "reached": reached}
    store.change_task(ctx.connection, task, percent)
    record.touched = True
    details = {"percent": given.percent, "period": period.name, "late": late}
    details |= {"milestones": titles, "reached": given.reached}
    text = f"{given.percent} % · {given.text.strip()}"
    desk.line(record, "progress", ctx.now, text=text, photos=given.evidence, details=details)
    desk.flush()
    changing.look_again(ctx, store.task(ctx.connection, task))
    ctx.note(f"plan_task:{task}", percent=given.percent, period=period.name)
    return number


def _period(ctx: Context, row: Any, record: Record, wanted: str) -> model.Period:
    """The period that is reported on. Raises BadReport for one that is none of the task's, or
    has not begun."""
    zone = Watch(ctx).zone
    present = model.period_of(row.rhythm, ctx.now, zone)
    if present is None:
        if wanted:
            raise BadReport("period", why="no_rhythm", value=wanted)
        return model.Period("", ctx.now)
    if wanted in ("", present.name):
        return present
    for one in model.periods(row.rhythm, record.opened_at, ctx.now, zone):
        if one.name == wanted:
            return one
    raise BadReport("period", why="period", value=wanted)


def _check(ctx: Context, row: Any, record: Record, given: Progress) -> list[str]:
    """Raises BadReport, NoSuchPicture; returns the titles of the milestones."""
    if not 0 <= given.percent <= 100:
        raise BadReport("percent", why="percent", value=given.percent)
    if not given.text.strip() or len(given.text) > MOST_TEXT:
        raise BadReport("text", why="text", value=len(given.text))
    if given.reached is not None and not math.isfinite(given.reached):
        raise BadReport("reached", why="reached", value=given.reached)
    named = {one.id: one for one in store.milestones(ctx.connection, [row.id])[row.id]}
    for number in given.milestones:
        if number not in named or named[number].done_at is not None:
            raise BadReport("milestones", why="milestone", value=number)
    known = {one.sha for one in cases.photos(ctx.connection, record.no)} if given.evidence else ()
    for sha in given.evidence:
        if sha not in known:
            raise NoSuchPicture(f"case:{record.no}", sha=sha)
    return [named[number].title for number in given.milestones]
