"""Work plans: made with their tasks at once, started, changed with history, and ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.cases.desk import Desk
from yiwang.cases.tasks import drafts, opening, store
from yiwang.cases.tasks.drafts import Draft, Frame
from yiwang.cases.tasks.errors import (
    BadPlanValue,
    BadTasks,
    NoSuchWorkPlan,
    PlanChanged,
    ReasonNeeded,
    WrongPlanState,
)
from yiwang.cases.tasks.model import RHYTHMS
from yiwang.cases.tasks.watching import Watch
from yiwang.kernel.text import LANGUAGES
from yiwang.registry import cache
from yiwang.registry.model import Organisation
from yiwang.security.actions import Context, action, query

MOST_TITLE = 200
MOST_BASIS = 2000


@dataclass(frozen=True)
class PlanGiven:
    """A plan as somebody writes it: ``basis`` is the document that it carries out, ``owner``
    the supervising office (a code, a name or a number), ``tasks`` as ``drafts.COLUMNS``."""

    title: Mapping[str, str]
    starts: date
    ends: date
    basis: str = ""
    owner: str | int | None = None
    case_class: str = ""
    rhythm: str = ""
    tasks: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


@query("cases.preview_work_plan", permission="cases.dispatch")
def preview(ctx: Context, given: PlanGiven, first: int = 1) -> list[Draft]:
    """The tasks that a plan would have; nothing is written. Raises as ``make``."""
    _plan_values(ctx, given)
    return _read(ctx, given.tasks, _frame(ctx, given.starts, given.ends, given.rhythm), first)


@action("cases.make_work_plan", permission="cases.dispatch", audit_verb="work_plan_made")
def make(ctx: Context, given: PlanGiven, first: int = 1) -> int:
    """Write a plan as a draft with all its tasks; returns its number. ``first`` is how the rows
    count. Raises BadPlanValue, NoSuchClass, BadTasks with every fault, and then nothing is
    written."""
    values = _plan_values(ctx, given)
    frame = _frame(ctx, given.starts, given.ends, given.rhythm)
    read = _read(ctx, given.tasks, frame, first)
    blank = {"state": "draft", "version": 1, "started_at": None, "ended_at": None}
    values |= blank | {"made_at": ctx.now, "made_by": ctx.identity.label}
    id = store.add_plan(ctx.connection, values)
    for draft in read:
        _write(ctx, id, draft)
    record_change(ctx, id, None, "made", "", {}, {"tasks": len(read)})
    ctx.note(f"work_plan:{id}", tasks=len(read))
    return id


@query("cases.preview_plan_tasks", permission="cases.dispatch")
def preview_tasks(
    ctx: Context, id: int, rows: Sequence[Mapping[str, Any]], first: int = 1
) -> list[Draft]:
    """The tasks that a plan would get; nothing is written. Raises as ``add_tasks``."""
    plan = found(ctx, id)
    return _read(ctx, rows, frame_of(ctx, plan), first)


@action("cases.add_plan_tasks", permission="cases.dispatch", audit_verb="plan_tasks_added")
def add_tasks(
    ctx: Context, id: int, rows: Sequence[Mapping[str, Any]], reason: str = "", first: int = 1
) -> list[int]:
    """Put more tasks into a plan, all or none; a running plan opens their cases at once.
    Returns the numbers of the tasks. Raises NoSuchWorkPlan, WrongPlanState, ReasonNeeded,
    BadTasks."""
    plan = changeable(ctx, id, reason)
    read = _read(ctx, rows, frame_of(ctx, plan), first)
    added = [_write(ctx, id, draft) for draft in read]
    if plan.state == "running":
        desk = Desk(ctx)
        tasks = [one for one in store.tasks(ctx.connection, id) if one.id in set(added)]
        opening.open_all(desk, plan, tasks)
        desk.flush()
    store.change_plan(ctx.connection, id, {})
    numbers = [one.number for one in read]
    record_change(ctx, id, None, "added", reason, {}, {"numbers": numbers})
    ctx.note(f"work_plan:{id}", tasks=len(added))
    return added


@action("cases.start_work_plan", permission="cases.dispatch", audit_verb="work_plan_started")
def start(ctx: Context, id: int) -> list[int]:
    """Open the cases of all tasks at once; returns their numbers. A plan that runs already
    keeps those that it has. Raises NoSuchWorkPlan, WrongPlanState for one that has ended or
    has no tasks."""
    plan = found(ctx, id, lock=True)
    tasks = store.tasks(ctx.connection, id)
    if plan.state == "ended" or not tasks:
        raise WrongPlanState(f"work_plan:{id}", id=id, state=plan.state, tasks=len(tasks))
    if plan.state == "draft":
        desk = Desk(ctx)
        opening.open_all(desk, plan, tasks)
        desk.flush()
        store.change_plan(ctx.connection, id, {"state": "running", "started_at": ctx.now})
        record_change(ctx, id, None, "started", "", {}, {"tasks": len(tasks)})
    ctx.note(f"work_plan:{id}", tasks=len(tasks))
    return [one.case for one in store.tasks(ctx.connection, id) if one.case is not None]


@action("cases.change_work_plan", permission="cases.dispatch", audit_verb="work_plan_changed")
def change(
    ctx: Context, id: int, given: PlanGiven, reason: str = "", version: int | None = None
) -> None:
    """Write what is said of a plan anew, but for its tasks; a running one with a reason. The
    class of its cases stays once it runs. Raises NoSuchWorkPlan, WrongPlanState, ReasonNeeded,
    PlanChanged, BadPlanValue."""
    plan = changeable(ctx, id, reason, version)
    values = _plan_values(ctx, given)
    if plan.state == "running":
        values["case_class"] = plan.case_class
    zone = Watch(ctx).zone
    for task in store.tasks(ctx.connection, id):
        if not given.starts <= drafts.day_at(task.due_at, zone) <= given.ends:
            why = {"name": "ends", "value": str(given.ends), "why": "task_outside"}
            raise BadPlanValue("ends", **why, number=task.number)
    was = {name: getattr(plan, name) for name in values}
    changed = [name for name in values if values[name] != was[name]]
    if changed:
        store.change_plan(ctx.connection, id, {name: values[name] for name in changed})
        before, after = ({name: one[name] for name in changed} for one in (was, values))
        record_change(ctx, id, None, "changed", reason, before, after)
    ctx.note(f"work_plan:{id}", changed=changed)


@action("cases.end_work_plan", permission="cases.dispatch", audit_verb="work_plan_ended")
def end(ctx: Context, id: int, reason: str = "") -> None:
    """A plan is over: nobody is reminded any longer. Cases that are still open go on. Raises
    NoSuchWorkPlan, WrongPlanState, ReasonNeeded."""
    plan = changeable(ctx, id, reason)
    if plan.state != "running":
        raise WrongPlanState(f"work_plan:{id}", id=id, state=plan.state, tasks=0)
    store.unwatch(ctx.connection, id)
    store.change_plan(ctx.connection, id, {"state": "ended", "ended_at": ctx.now})
    record_change(ctx, id, None, "ended", reason, {}, {})
    ctx.note(f"work_plan:{id}")


def found(ctx: Context, id: int, lock: bool = False) -> Any:
    """Raises NoSuchWorkPlan."""
    plan = store.plan(ctx.connection, id, lock)
    if plan is None:
        raise NoSuchWorkPlan(id=id)
    return plan


def changeable(ctx: Context, id: int, reason: str, version: int | None = None) -> Any:
    """A plan, locked, that may be changed now. Raises NoSuchWorkPlan, PlanChanged,
    WrongPlanState, ReasonNeeded."""
    plan = found(ctx, id, lock=True)
    where = f"work_plan:{id}"
    if version is not None and version != plan.version:
        raise PlanChanged(where, id=id, version=plan.version)
    if plan.state == "ended":
        raise WrongPlanState(where, id=id, state=plan.state, tasks=0)
    if plan.state == "running" and not reason.strip():
        raise ReasonNeeded(where, id=id)
    return plan


def record_change(
    ctx: Context,
    plan: int,
    task: int | None,
    what: str,
    reason: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """What was changed, by whom and why."""
    values: dict[str, Any] = {"plan": plan, "task": task, "at": ctx.now}
    values["actor"] = ctx.identity.label
    values |= {"what": what, "reason": reason.strip(), "before": before, "after": after}
    store.add_change(ctx.connection, values)


def frame_of(ctx: Context, plan: Any, without: int | None = None) -> Frame:
    """What tasks of a plan are read against; ``without`` the number of one that is rewritten."""
    starts, ends = date.fromisoformat(plan.starts), date.fromisoformat(plan.ends)
    rows = store.tasks(ctx.connection, plan.id)
    taken = frozenset(one.number for one in rows if one.id != without)
    return _frame(ctx, starts, ends, "", taken)


def _frame(
    ctx: Context, starts: date, ends: date, rhythm: str, taken: frozenset[str] = frozenset()
) -> Frame:
    watch = Watch(ctx)
    return Frame(_units(ctx), starts, ends, watch.zone, rhythm or watch.policy.rhythm, taken)


def _units(ctx: Context) -> dict[str, int | None]:
    """Organisations by every word that names one."""
    units: dict[str, int | None] = {}
    records: list[Organisation] = cache.records(ctx.connection, "organisations")
    for one in records:
        words = {one.code, one.name("zh-CN"), one.name("en")} - {""}
        for word in {each.strip().lower() for each in words}:
            units[word] = None if units.get(word, one.id) != one.id else one.id
        units[f"#{one.id}"] = one.id
    return units


def _read(ctx: Context, rows: Sequence[Mapping[str, Any]], frame: Frame, first: int) -> list[Draft]:
    read, faults = drafts.read(rows, frame, first)
    if faults:
        raise BadTasks(faults)
    return read


def _write(ctx: Context, plan: int, draft: Draft) -> int:
    blank = {"case": None, "percent": None, "reached": None, "removed": False}
    blank |= {"seen_to": None, "watch_at": None}
    values = draft.values() | blank | {"plan": plan}
    return store.add_task(ctx.connection, values, draft.milestones)


def _plan_values(ctx: Context, given: PlanGiven) -> dict[str, Any]:
    """What is said of a plan, checked. Raises BadPlanValue, NoSuchClass."""
    title = {lang: str(given.title.get(lang, "")).strip() for lang in LANGUAGES}
    title = {lang: text for lang, text in title.items() if text}
    _check(bool(title), "title", "", "missing")
    longest = max(title.values(), key=len)
    _check(len(longest) <= MOST_TITLE, "title", longest, "too_long", most=MOST_TITLE)
    _check(len(given.basis) <= MOST_BASIS, "basis", given.basis, "too_long", most=MOST_BASIS)
    _check(given.starts <= given.ends, "ends", given.ends, "before_start")
    _check(given.rhythm in ("", *RHYTHMS), "rhythm", given.rhythm, "unknown")
    owner = None
    if given.owner not in (None, ""):
        word = str(given.owner).strip().lower()
        owner = _units(ctx).get(f"#{given.owner}" if type(given.owner) is int else word)
        _check(owner is not None, "owner", given.owner, "unknown")
    if given.case_class:
        opening.class_for(ctx, given.case_class)
    return {
        "title": title,
        "basis": given.basis.strip(),
        "starts": given.starts.isoformat(),
        "ends": given.ends.isoformat(),
        "owner": owner,
        "case_class": given.case_class,
    }


def _check(good: bool, name: str, value: object, why: str, **fields: object) -> None:
    if not good:
        raise BadPlanValue(name, name=name, value=str(value)[:200], why=why, **fields)
