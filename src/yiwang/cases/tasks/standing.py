"""How tasks stand: progress, what is late, and the light. Of whole plans with one statement, which
reads no word of what was reported."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, func, select

from yiwang.cases.model import guards
from yiwang.cases.tables import cases
from yiwang.cases.tasks import model, store
from yiwang.cases.tasks.model import Light, Lights
from yiwang.cases.tasks.tables import plan_milestones, plan_missing, plan_tasks
from yiwang.cases.tasks.watching import Watch
from yiwang.security.actions import Context


def standing(
    lights: Lights,
    now: int,
    task: Any,
    record: Any,
    milestones: int,
    done: int,
    late: int,
    missing: int,
) -> dict[str, Any]:
    """``record``: its case (opened_at, due_at, kind, open), None where it has none yet; ``late``:
    milestones that are not done and past their time; ``missing``: reports. The ``light`` is
    None without a case."""
    kind = record.kind if record is not None else ""
    percent = model.percent_of(task.percent, milestones, done, kind)
    light: Light | None = None
    if record is not None:
        light = lights.of(
            model.figures(now, record.opened_at, record.due_at, percent, late, missing, kind)
        )
    opened = record is not None and bool(record.open)
    return {
        "weight": task.weight,
        "percent": percent,
        "open": opened,
        "kind": kind,
        "milestones": milestones,
        "milestones_done": done,
        "milestones_late": late if opened else 0,
        "reports_missing": missing,
        "light": light,
    }


def of_plans(ctx: Context, plans: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """The tasks of plans that the caller may see, by plan."""
    lights = Watch(ctx).policy.lights
    found: dict[int, list[dict[str, Any]]] = {one: [] for one in plans}
    for row in ctx.connection.execute(_asked(ctx, plans)):
        record = None if row.case is None else row
        counts = (row.milestones or 0, row.done or 0, row.late or 0, row.missing or 0)
        found[row.plan].append(standing(lights, ctx.now, row, record, *counts))
    return found


def _asked(ctx: Context, plans: Collection[int]) -> Select[Any]:
    wanted = plan_tasks.c.plan.in_(sorted(plans))
    mine = select(plan_tasks.c.id).where(wanted)
    of = plan_milestones.c
    late = and_(of.done_at.is_(None), of.due_at < ctx.now)
    marks = (
        select(
            of.task,
            func.count().label("milestones"),
            func.count(of.done_at).label("done"),
            func.count().filter(late).label("late"),
        )
        .where(of.task.in_(mine))
        .group_by(of.task)
        .subquery()
    )
    lacks = (
        select(plan_missing.c.task, func.count().label("missing"))
        .where(plan_missing.c.task.in_(mine), plan_missing.c.report.is_(None))
        .group_by(plan_missing.c.task)
        .subquery()
    )
    own = plan_tasks.c
    asked = (
        select(
            own.plan,
            own.case,
            own.weight,
            own.percent,
            cases.c.opened_at,
            cases.c.due_at,
            cases.c.kind,
            cases.c.open,
            marks.c.milestones,
            marks.c.done,
            marks.c.late,
            lacks.c.missing,
        )
        .outerjoin(cases, cases.c.no == own.case)
        .outerjoin(marks, marks.c.task == own.id)
        .outerjoin(lacks, lacks.c.task == own.id)
        .where(wanted, ~own.removed)
        .order_by(own.id)
    )
    if not guards.sees_all(ctx.identity):
        asked = asked.where(store.theirs(ctx.identity))
    return asked
