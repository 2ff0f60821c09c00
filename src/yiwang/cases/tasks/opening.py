"""Tasks become cases: opened, given to their lead, with the parts of the joint units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.cases import catalogue, parts
from yiwang.cases.actions import sides
from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.model.merging import Source
from yiwang.cases.record import Record
from yiwang.cases.tasks import store
from yiwang.cases.tasks.errors import BadPlanValue
from yiwang.cases.tasks.policy import BUILT_IN, task_class
from yiwang.cases.tasks.watching import Watch
from yiwang.security.actions import Context

SOURCE = "plan"
"""The kind of source that a task's case has."""


def class_for(ctx: Context, code: str) -> tuple[int, CaseClass]:
    """The class that the tasks of a plan follow. Raises NoSuchClass, BadPlanValue for one whose
    cases cannot be given to a unit from the start."""
    if code:
        number, found = catalogue.one(ctx, code)
    else:
        found = task_class()
        number = catalogue.built_in(ctx, found, BUILT_IN)
    step = found.machine.steps.get("dispatch")
    if step is None or found.machine.start not in step.sources:
        raise BadPlanValue("case_class", name="case_class", value=code, why="no_dispatch")
    return number, found


def open_all(desk: Desk, plan: Any, tasks: Sequence[Any]) -> list[int]:
    """Open the cases of these tasks, those that have none yet; returns their numbers. To be
    written by the desk."""
    held = class_for(desk.ctx, plan.case_class)
    watch = Watch(desk.ctx)
    named = store.milestones(desk.ctx.connection, [one.id for one in tasks])
    opened = []
    for task in tasks:
        if task.case is not None:
            continue
        record = _open(desk, held, plan, task)
        opened.append(record.no)
        now = desk.ctx.now
        seen: dict[str, int | None] = {"seen_to": now, "case": record.no}
        seen |= {"watch_at": watch.next_at(task, now, named[task.id], now)}
        desk.afterwards(lambda id=task.id, seen=seen: _note(desk, id, seen))  # type: ignore[misc]
    return opened


def _note(desk: Desk, task: int, values: dict[str, Any]) -> None:
    store.change_task(desk.ctx.connection, task, values)


def _open(desk: Desk, held: tuple[int, CaseClass], plan: Any, task: Any) -> Record:
    ctx, now = desk.ctx, desk.ctx.now
    number, case_class = held
    person = ctx.identity.name if ctx.identity.kind in ("user", "token") else ""
    record = desk.open(
        number,
        case_class,
        Source(case_class.code, now, one_per=f"plan-task:{task.id}"),
        task.severity,
        title=task.title,
        description=task.wanted or task.title,
        reporter=person,
    )
    desk.set_deadline(record, task.due_at, now)
    said = {"plan": plan.id, "task": task.id, "number": task.number}
    why = Reason("planned", {"number": task.number})
    how = {"code": why.code, "fields": dict(why.fields)}
    desk.add_source(record, now, SOURCE, reporter=person, text=task.wanted, how=how, values=said)
    desk.line(record, "opened", now, text=task.wanted, details=said)
    details = sides.assigned(desk, record, task.lead, now, why)
    desk.move(record, case_class.machine.steps["dispatch"].to, now)
    desk.line(record, "dispatch", now, details=details)
    if task.joint:
        units, by = list(task.joint), ctx.identity.label
        record.parts += len(units)
        record.open_parts += len(units)
        desk.line(record, "ask_joint", now, text=task.wanted, details={"organisations": units})
        desk.afterwards(
            lambda: parts.ask(ctx.connection, record.no, units, task.wanted or task.title, now, by)
        )
    return record
