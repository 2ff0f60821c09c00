"""One task of a plan, changed or taken out, with its case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yiwang.cases.actions import steps
from yiwang.cases.desk import Desk
from yiwang.cases.model.guards import Given
from yiwang.cases.record import Record
from yiwang.cases.tasks import drafts, plans, store
from yiwang.cases.tasks.errors import BadTasks, Fault, NoSuchPlanTask
from yiwang.cases.tasks.watching import Watch
from yiwang.security.actions import Context, action

WHILE_RUNNING = ("wanted", "due", "milestones", "weight", "target", "unit", "rhythm")
"""What of a task may change when its case is open; lead, joint units and severity change by the
steps of the case (transfer, joint handling, change)."""


@action("cases.change_plan_task", permission="cases.dispatch", audit_verb="plan_task_changed")
def change(
    ctx: Context,
    task: int,
    given: Mapping[str, Any],
    reason: str = "",
    version: int | None = None,
) -> None:
    """Change what is given (as ``drafts.COLUMNS``) of a task; ``milestones`` stand for all that
    are not done. ``version`` is that of the plan. A new ``due`` is the case's deadline. Raises
    NoSuchPlanTask, WrongPlanState, ReasonNeeded, PlanChanged, BadTasks."""
    row = _row(ctx, task)
    plan = plans.changeable(ctx, row.plan, reason, version)
    row = _row(ctx, task)
    if row.case is not None:
        faults = [
            Fault(1, name, "by_the_case")
            for name in given
            if name in drafts.COLUMNS and name not in WHILE_RUNNING
        ]
        if faults:
            raise BadTasks(faults)
    named = store.milestones(ctx.connection, [task])[task]
    frame = plans.frame_of(ctx, plan, without=task)
    zone = frame.zone
    was = _as_given(row, [one for one in named if one.done_at is None], zone)
    read, wrong = drafts.read([was | dict(given)], frame)
    if wrong:
        raise BadTasks(wrong)
    draft = read[0]
    now = _as_given(row, [], zone) | {
        "milestones": [
            {"title": title, "due": str(drafts.day_at(due_at, zone))}
            for title, due_at in draft.milestones
        ]
    }
    values = draft.values()
    if row.due_at != draft.due_at and row.case is not None:
        _new_deadline(ctx, row.case, draft.due_at, reason)
    store.change_task(ctx.connection, task, values)
    if "milestones" in given:
        store.drop_milestones(ctx.connection, task)
        store.add_milestones(ctx.connection, task, draft.milestones)
    now |= _as_given(_row(ctx, task), [], zone) | {"milestones": now["milestones"]}
    look_again(ctx, _row(ctx, task))
    changed = [name for name in was if was[name] != now[name]]
    if changed:
        store.change_plan(ctx.connection, plan.id, {})
        before, after = ({name: one[name] for name in changed} for one in (was, now))
        plans.record_change(ctx, plan.id, task, "task", reason, before, after)
    ctx.note(f"work_plan:{plan.id}", task=task, changed=changed)


@action("cases.remove_plan_task", permission="cases.dispatch", audit_verb="plan_task_removed")
def remove(ctx: Context, task: int, reason: str = "", version: int | None = None) -> None:
    """Take a task out of its plan; its case, if it is open, is voided. Raises NoSuchPlanTask,
    WrongPlanState, ReasonNeeded, PlanChanged, and what the step raises."""
    row = _row(ctx, task)
    plan = plans.changeable(ctx, row.plan, reason, version)
    row = _row(ctx, task)
    if row.case is not None:
        desk = Desk(ctx)
        record = desk.record(row.case)
        if record.open:
            steps.apply(desk, record, "void", Given(reason.strip()))
            desk.flush()
    store.change_task(ctx.connection, task, {"removed": True, "watch_at": None})
    store.change_plan(ctx.connection, plan.id, {})
    before = {"number": row.number, "title": row.title}
    plans.record_change(ctx, plan.id, task, "removed", reason, before, {})
    ctx.note(f"work_plan:{plan.id}", task=task)


def look_again(ctx: Context, task: Any) -> None:
    """Set when a task that runs is looked at next, after its dates or reports have changed."""
    if task.case is None:
        return
    connection = ctx.connection
    record = Desk(ctx).record(task.case)
    named = store.milestones(connection, [task.id])[task.id]
    reported = {one.period for one in store.reports(connection, [task.id])[task.id]}
    at = Watch(ctx).next_at(task, record.opened_at, named, task.seen_to, reported)
    store.change_task(connection, task.id, {"watch_at": at})


def _new_deadline(ctx: Context, case: int, due_at: int, reason: str) -> None:
    desk = Desk(ctx)
    record: Record = desk.record(case)
    before = {"due_at": record.due_at, "minutes": record.limit_minutes}
    desk.set_deadline(record, due_at, ctx.now)
    if record.kind not in ("new", "working"):
        desk.times.run(record, ctx.now, False)
    record.overdue = record.open and due_at <= ctx.now
    after = {"due_at": record.due_at, "minutes": record.limit_minutes}
    details = {"from": before, "to": after}
    desk.line(record, "change", ctx.now, reason=reason.strip(), details=details)
    desk.flush()


def _row(ctx: Context, task: int) -> Any:
    row = store.task(ctx.connection, task)
    if row is None or row.removed:
        raise NoSuchPlanTask(id=task)
    return row


def _as_given(row: Any, milestones: list[Any], zone: Any) -> dict[str, Any]:
    """A task as it would be written: by it changes are read, compared and kept."""
    day: date = drafts.day_at(row.due_at, zone)
    named = [
        {"title": one.title, "due": str(drafts.day_at(one.due_at, zone))} for one in milestones
    ]
    names = ("number", "title", "wanted", "lead", "severity", "weight", "target", "unit", "rhythm")
    found = {name: getattr(row, name) for name in names}
    return found | {"joint": list(row.joint), "due": str(day), "milestones": named}
