"""All SQL on work plans, their tasks, milestones, reports and history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from yiwang.cases.model.guards import sees_all
from yiwang.cases.tables import case_parts, cases
from yiwang.cases.tasks.tables import (
    plan_changes,
    plan_milestones,
    plan_missing,
    plan_reports,
    plan_tasks,
    work_plans,
)
from yiwang.security.model import Identity
from yiwang.store.database import Instant
from yiwang.store.statements import Statement

_PART = 500
_waits = Statement(
    select(plan_tasks.c.id).where(plan_tasks.c.watch_at <= bindparam("now_", 0, Instant)).limit(1)
)


def plan(connection: Connection, id: int, lock: bool = False) -> Row[Any] | None:
    """One plan; locked, two who change it are one after the other, on PostgreSQL too."""
    query = select(work_plans).where(work_plans.c.id == id)
    return connection.execute(query.with_for_update() if lock else query).first()


def plans(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    query = select(work_plans).where(work_plans.c.id.in_(sorted(ids)))
    return list(connection.execute(query))


def listed(
    connection: Connection, identity: Identity | None, after: int, most: int
) -> list[Row[Any]]:
    """The newest plans before number ``after``: all, or those with a task that somebody may
    see."""
    query = select(work_plans).order_by(work_plans.c.id.desc()).limit(most)
    if after:
        query = query.where(work_plans.c.id < after)
    if identity is not None:
        tasks = select(plan_tasks.c.id).join(cases, cases.c.no == plan_tasks.c.case)
        own = plan_tasks.c.plan == work_plans.c.id
        query = query.where(tasks.where(own, ~plan_tasks.c.removed, theirs(identity)).exists())
    return list(connection.execute(query))


def mine(connection: Connection, identity: Identity, most: int) -> list[Row[Any]]:
    """The tasks with open cases of running plans in which somebody's unit is lead or joint, or
    that are theirs; the most urgent first."""
    query = (
        select(plan_tasks)
        .join(cases, cases.c.no == plan_tasks.c.case)
        .join(work_plans, work_plans.c.id == plan_tasks.c.plan)
        .where(~plan_tasks.c.removed, cases.c.open, work_plans.c.state == "running")
        .where(theirs(identity))
        .order_by(cases.c.due_at.asc().nulls_last(), plan_tasks.c.id)
        .limit(most)
    )
    return list(connection.execute(query))


def add_plan(connection: Connection, values: dict[str, Any]) -> int:
    made = connection.execute(insert(work_plans).values(**values).returning(work_plans.c.id))
    number: int = made.scalar_one()
    return number


def change_plan(connection: Connection, id: int, values: dict[str, Any]) -> None:
    """Every change is a version more."""
    values = values | {"version": work_plans.c.version + 1}
    connection.execute(update(work_plans).where(work_plans.c.id == id).values(values))


def add_task(
    connection: Connection, values: dict[str, Any], milestones: Sequence[tuple[str, int]]
) -> int:
    made = connection.execute(insert(plan_tasks).values(**values).returning(plan_tasks.c.id))
    number: int = made.scalar_one()
    add_milestones(connection, number, milestones)
    return number


def add_milestones(connection: Connection, task: int, named: Sequence[tuple[str, int]]) -> None:
    if named:
        blank = {"task": task, "done_at": None, "report": None}
        rows = [blank | {"title": title, "due_at": due_at} for title, due_at in named]
        connection.execute(insert(plan_milestones), rows)


def drop_milestones(connection: Connection, task: int) -> None:
    """Those that are not done."""
    connection.execute(
        delete(plan_milestones).where(
            plan_milestones.c.task == task, plan_milestones.c.done_at.is_(None)
        )
    )


def task(connection: Connection, id: int) -> Row[Any] | None:
    return connection.execute(select(plan_tasks).where(plan_tasks.c.id == id)).first()


def task_of(connection: Connection, case: int) -> Row[Any] | None:
    return connection.execute(select(plan_tasks).where(plan_tasks.c.case == case)).first()


def change_task(connection: Connection, id: int, values: dict[str, Any]) -> None:
    connection.execute(update(plan_tasks).where(plan_tasks.c.id == id).values(values))


def tasks(connection: Connection, plan: int) -> list[Row[Any]]:
    """The tasks of a plan that were not taken out of it."""
    query = select(plan_tasks).where(plan_tasks.c.plan == plan, ~plan_tasks.c.removed)
    return list(connection.execute(query.order_by(plan_tasks.c.id)))


def seen_by(connection: Connection, identity: Identity, plans_: Collection[int]) -> list[Row[Any]]:
    """The tasks of some plans that somebody may see: their unit leads or is joint in the case,
    it is theirs, or they see all."""
    mine = plan_tasks.c.plan.in_(sorted(plans_))
    query = select(plan_tasks).where(~plan_tasks.c.removed, mine)
    if not sees_all(identity):
        query = query.join(cases, cases.c.no == plan_tasks.c.case).where(theirs(identity))
    return list(connection.execute(query.order_by(plan_tasks.c.id)))


def theirs(identity: Identity) -> Any:
    """Of a task and its case: that somebody's unit is lead or joint, or that it is theirs."""
    joint = exists().where(
        and_(
            case_parts.c.case == plan_tasks.c.case,
            case_parts.c.organisation == (identity.organisation or 0),
        )
    )
    lead = cases.c.organisation == (identity.organisation or -1)
    mine = and_(cases.c.handler != "", cases.c.handler == identity.name)
    return or_(lead, mine, joint)


def milestones(connection: Connection, tasks: Collection[int]) -> dict[int, list[Row[Any]]]:
    return _by_task(connection, plan_milestones, tasks, plan_milestones.c.due_at)


def reports(connection: Connection, tasks: Collection[int]) -> dict[int, list[Row[Any]]]:
    return _by_task(connection, plan_reports, tasks, plan_reports.c.id)


def missing(connection: Connection, tasks: Collection[int]) -> dict[int, list[Row[Any]]]:
    """What was not there when it was due, also what came since."""
    return _by_task(connection, plan_missing, tasks, plan_missing.c.due_at)


def parts(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The parts of joint units in these cases, in the order in which they were asked for."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for low in range(0, len(numbers), _PART):
        wanted = case_parts.c.case.in_(numbers[low : low + _PART])
        for row in connection.execute(select(case_parts).where(wanted).order_by(case_parts.c.id)):
            found[row.case].append(row)
    return found


def _by_task(
    connection: Connection, table: Any, tasks: Collection[int], order: Any
) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    wanted = sorted(tasks)
    for low in range(0, len(wanted), _PART):
        part = wanted[low : low + _PART]
        query = select(table).where(table.c.task.in_(part)).order_by(order, table.c.id)
        for row in connection.execute(query):
            found[row.task].append(row)
    return found


def add_report(connection: Connection, values: dict[str, Any]) -> int:
    made = connection.execute(insert(plan_reports).values(**values).returning(plan_reports.c.id))
    number: int = made.scalar_one()
    return number


def mark_missing(connection: Connection, task: int, period: str, due_at: int) -> None:
    values = {"task": task, "period": period, "due_at": due_at, "report": None}
    connection.execute(insert(plan_missing).values(values))


def came(connection: Connection, task: int, period: str, report: int) -> bool:
    """A report that was missing is there; whether one was."""
    wanted = and_(
        plan_missing.c.task == task,
        plan_missing.c.period == period,
        plan_missing.c.report.is_(None),
    )
    done = connection.execute(update(plan_missing).where(wanted).values(report=report))
    return done.rowcount > 0


def reach(connection: Connection, task: int, ids: Collection[int], report: int, at: int) -> int:
    """Milestones are done; returns how many of these were open until now."""
    wanted = and_(
        plan_milestones.c.task == task,
        plan_milestones.c.id.in_(sorted(ids)),
        plan_milestones.c.done_at.is_(None),
    )
    values = {"done_at": at, "report": report}
    return connection.execute(update(plan_milestones).where(wanted).values(values)).rowcount


def due(connection: Connection, now: int, most: int) -> list[Row[Any]]:
    """The tasks of which somebody is to be reminded; locked until the transaction ends."""
    query = (
        select(plan_tasks)
        .where(plan_tasks.c.watch_at <= now)
        .order_by(plan_tasks.c.watch_at, plan_tasks.c.id)
        .limit(most)
    )
    return list(connection.execute(query.with_for_update()))


def waits(connection: Connection, now: int) -> bool:
    return bool(_waits.records(connection, {"now_": now}))


def unwatch(connection: Connection, plan: int) -> None:
    """Nobody is reminded of these any longer."""
    connection.execute(update(plan_tasks).where(plan_tasks.c.plan == plan).values(watch_at=None))


def add_change(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(insert(plan_changes).values(values))


def changes(connection: Connection, plan: int) -> list[Row[Any]]:
    query = select(plan_changes).where(plan_changes.c.plan == plan)
    return list(connection.execute(query.order_by(plan_changes.c.id)))
