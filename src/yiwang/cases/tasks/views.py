"""Plans and their tasks as people see them: progress, lights with their reasons, history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yiwang.cases import catalogue, city
from yiwang.cases import store as case_store
from yiwang.cases.actions.steps import seen
from yiwang.cases.choices import state_title
from yiwang.cases.desk import Desk
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.model import guards
from yiwang.cases.model.classes import named
from yiwang.cases.record import Record
from yiwang.cases.tables import cases
from yiwang.cases.tasks import model, plans, standing, store
from yiwang.cases.tasks.errors import NoSuchPlanTask, NoSuchWorkPlan
from yiwang.cases.tasks.model import Light
from yiwang.cases.tasks.watching import Watch
from yiwang.kernel import clock
from yiwang.kernel.text import render
from yiwang.registry import cache
from yiwang.registry.model import Person
from yiwang.security.actions import Context, query
from yiwang.security.model import allowed

MOST_MINE = 500


@query("cases.work_plans", permission="cases.read")
def listing(ctx: Context, lang: str, after: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """The plans of which the caller may see something, the newest first (before number
    ``after``), with their progress."""
    identity = None if guards.sees_all(ctx.identity) else ctx.identity
    rows = store.listed(ctx.connection, identity, after, limit)
    tasks = standing.of_plans(ctx, [row.id for row in rows])
    owners = city.organisation_names(ctx, {row.owner for row in rows if row.owner}, lang)
    return [_plan(row, tasks[row.id], owners, lang) for row in rows]


@query("cases.show_work_plan", permission="cases.read")
def show(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """A plan with those of its tasks that the caller may see, the units that lead them, and its
    history. Raises NoSuchWorkPlan, also where the caller may see no task."""
    row = store.plan(ctx.connection, id)
    tasks = store.seen_by(ctx.connection, ctx.identity, {id})
    everything = guards.sees_all(ctx.identity)
    if row is None or not (tasks or everything):
        raise NoSuchWorkPlan(id=id)
    desk = _Shown(ctx, tasks, {id: row}, lang)
    shown = [desk.task(one) for one in tasks]
    history = store.changes(ctx.connection, id) if everything else []
    owner = city.organisation_names(ctx, {row.owner}, lang) if row.owner else {}
    return _plan(row, shown, owner, lang) | {
        "basis": row.basis,
        "titles": dict(row.title),
        "case_class": row.case_class,
        "made_at": clock.render(row.made_at),
        "made_by": row.made_by,
        "may_change": allowed(ctx.identity, "cases.dispatch") and row.state != "ended",
        "tasks": shown,
        "units": _units(shown),
        "history": [_change(one, desk.people, lang) for one in history],
    }


@query("cases.my_plan_tasks", permission="cases.read")
def mine(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """The open tasks of running plans that the caller's own unit leads or has a part in, the
    most urgent first; the first 500 of them."""
    tasks = store.mine(ctx.connection, ctx.identity, MOST_MINE)
    rows = store.plans(ctx.connection, {one.plan for one in tasks})
    desk = _Shown(ctx, tasks, {one.id: one for one in rows}, lang)
    own = ctx.identity.organisation
    shown = [desk.task(one) for one in tasks]
    return [
        one
        for one in shown
        if one["yours"] or (own is not None and own in {unit["id"] for unit in one["joint"]})
    ]


@query("cases.show_plan_task", permission="cases.read")
def task(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """One task with its milestones and reports. Raises NoSuchPlanTask."""
    row = store.task(ctx.connection, id)
    if row is None or row.removed:
        raise NoSuchPlanTask(id=id)
    if row.case is None:
        if not guards.sees_all(ctx.identity):
            raise NoSuchPlanTask(id=id)
    else:
        try:
            seen(ctx, Desk(ctx), row.case)
        except NoSuchCase:
            raise NoSuchPlanTask(id=id) from None
    plan = plans.found(ctx, row.plan)
    desk = _Shown(ctx, [row], {plan.id: plan}, lang)
    return desk.task(row) | desk.inside(row)


@query("cases.plan_task_of_case", permission="cases.read")
def of_case(ctx: Context, no: int, lang: str) -> dict[str, Any] | None:
    """The task that a case carries out, as ``task``; None for any other case. Raises
    NoSuchCase."""
    seen(ctx, Desk(ctx), no)
    row = store.task_of(ctx.connection, no)
    return None if row is None or row.removed else task(ctx, row.id, lang)


class _Shown:
    """Some tasks with all that is shown of them, read with a few statements."""

    def __init__(
        self, ctx: Context, tasks: Sequence[Any], plans: Mapping[int, Any], lang: str
    ) -> None:
        self._ctx, self._lang, self._plans = ctx, lang, plans
        self._watch = Watch(ctx)
        self.people = cache.by_user(ctx.connection)
        numbers = [one.id for one in tasks]
        opened = sorted({one.case for one in tasks if one.case is not None})
        found = case_store.many(ctx.connection, cases.c.no, opened)
        self._records = {one.no: one for one in found}
        self._milestones = store.milestones(ctx.connection, numbers)
        self._reports = store.reports(ctx.connection, numbers)
        self._missing = store.missing(ctx.connection, numbers)
        joint = [no for no, record in self._records.items() if record.parts]
        self._parts = store.parts(ctx.connection, joint)
        units = {one.lead for one in tasks} | {each for one in tasks for each in one.joint}
        units |= {one.organisation for one in self._records.values() if one.organisation}
        units |= {each.organisation for every in self._parts.values() for each in every}
        self._names = city.organisation_names(ctx, units, lang)

    def task(self, row: Any) -> dict[str, Any]:
        record = self._records.get(row.case) if row.case is not None else None
        plan = self._plans[row.plan]
        named, reports = self._milestones[row.id], self._reports[row.id]
        done = sum(one.done_at is not None for one in named)
        late = sum(one.done_at is None and one.due_at < self._ctx.now for one in named)
        missing = sum(one.report is None for one in self._missing[row.id])
        held = standing.standing(
            self._watch.policy.lights, self._ctx.now, row, record, len(named), done, late, missing
        )
        due_at = record.due_at if record else row.due_at
        lead = (record.organisation if record else None) or row.lead
        return held | {
            "id": row.id,
            "plan": row.plan,
            "plan_title": _said(plan.title, self._lang),
            "number": row.number,
            "title": row.title,
            "wanted": row.wanted,
            "lead": lead,
            "lead_name": self._names.get(lead, ""),
            "joint": self._joint(row, record),
            "due_at": None if due_at is None else clock.render(due_at),
            "severity": record.severity if record else row.severity,
            "target": row.target,
            "reached": row.reached,
            "unit": row.unit,
            "case": row.case,
            "state_title": self._state(record),
            "supervision": record.supervision if record else 0,
            "urges": record.urges if record else 0,
            "overdue": record.overdue if record else False,
            "marks": [self._milestone(one) for one in named],
            "last_report": reports[-1].text if reports else "",
            "light": self._light(held["light"], held["kind"]),
            "yours": record is not None and self._handles(record),
        }

    def inside(self, row: Any) -> dict[str, Any]:
        """What the page of one task shows beyond the list."""
        record = self._records.get(row.case) if row.case is not None else None
        plan, now = self._plans[row.plan], self._ctx.now
        present = model.period_of(row.rhythm, now, self._watch.zone)
        reports = self._reports[row.id]
        runs = plan.state == "running" and record is not None and record.open
        return {
            "plan_state": plan.state,
            "may_report": runs and record is not None and self._handles(record),
            "period": None if present is None else present.name,
            "period_due_at": None if present is None else clock.render(present.due_at),
            "period_reported": present is not None
            and any(one.period == present.name for one in reports),
            "reports": [_report(one, self.people) for one in reversed(reports)],
            "missing": [
                {
                    "period": one.period,
                    "due_at": clock.render(one.due_at),
                    "came": one.report is not None,
                }
                for one in self._missing[row.id]
            ],
        }

    def _handles(self, record: Record) -> bool:
        may = allowed(self._ctx.identity, "cases.handle")
        facts = record.facts(self._ctx.now)
        return may and guards.WHO["handler"].holds(facts, self._ctx.identity)

    def _joint(self, row: Any, record: Record | None) -> list[dict[str, Any]]:
        if record is None:
            held = [(one, "") for one in row.joint]
        else:
            held = [(one.organisation, one.state) for one in self._parts.get(record.no, ())]
        return [{"id": id, "name": self._names.get(id, ""), "state": state} for id, state in held]

    def _state(self, record: Record | None) -> str:
        if record is None:
            return render("cases.tasks.draft", self._lang, {})
        case_class = catalogue.by_id(self._ctx, record.case_class)
        return state_title(case_class, record.state, self._lang)

    def _milestone(self, one: Any) -> dict[str, Any]:
        end = self._ctx.now if one.done_at is None else one.done_at
        return {
            "id": one.id,
            "title": one.title,
            "due_at": clock.render(one.due_at),
            "done_at": None if one.done_at is None else clock.render(one.done_at),
            "late": end > one.due_at,
            "report": one.report,
        }

    def _light(self, light: Light | None, kind: str) -> dict[str, Any]:
        """The colour, what it is called, and why, in words."""
        if light is None or kind == "void":
            return {"colour": "none", "title": "–", "why": []}
        words = [
            render(
                f"cases.tasks.why.{one.figure}", self._lang, {"n": one.value, "least": one.least}
            )
            for one in light.why
        ]
        code = "done" if kind == "done" else light.colour
        plain = render(f"cases.tasks.light.{code}", self._lang, {})
        fallback = render(f"cases.tasks.why.{'done' if kind == 'done' else 'good'}", self._lang, {})
        return {"colour": light.colour, "title": plain, "why": words or [fallback]}


def _said(titles: Mapping[str, str], lang: str) -> str:
    return named(titles, lang, "")


def _plan(
    row: Any, tasks: Sequence[dict[str, Any]], owners: Mapping[int, str], lang: str
) -> dict[str, Any]:
    counted = [one for one in tasks if one["kind"] != "void"]
    return {
        "id": row.id,
        "title": _said(row.title, lang),
        "state": row.state,
        "state_title": render(f"cases.tasks.state.{row.state}", lang, {}),
        "version": row.version,
        "starts": row.starts,
        "ends": row.ends,
        "owner": row.owner,
        "owner_name": owners.get(row.owner, ""),
        "percent": _percent(counted),
        **_counts(counted),
    }


def _percent(tasks: Iterable[dict[str, Any]]) -> int | None:
    return model.weighted([(one["weight"], one["percent"]) for one in tasks])


def _counts(tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    colours = [_colour(one["light"]) for one in tasks if one["open"]]
    return {
        "task_count": len(tasks),
        "done": sum(one["kind"] == "done" for one in tasks),
        "red": colours.count("red"),
        "yellow": colours.count("yellow"),
        "green": colours.count("green"),
        "milestones": sum(one["milestones"] for one in tasks),
        "milestones_done": sum(one["milestones_done"] for one in tasks),
        "milestones_late": sum(one["milestones_late"] for one in tasks),
        "reports_missing": sum(one["reports_missing"] for one in tasks),
    }


def _colour(light: Light | Mapping[str, Any] | None) -> str:
    if isinstance(light, Mapping):
        return str(light["colour"])
    return light.colour if light is not None else ""


def _units(tasks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """How far the tasks of each unit that leads are, the slowest first."""
    held: dict[int, list[dict[str, Any]]] = {}
    for one in tasks:
        if one["kind"] != "void":
            held.setdefault(one["lead"], []).append(one)
    found = [
        {"id": id, "name": mine[0]["lead_name"], "tasks": len(mine), "percent": _percent(mine)}
        | _counts(mine)
        for id, mine in held.items()
    ]
    return sorted(found, key=lambda one: (one["percent"] or 0, one["name"]))


def _report(row: Any, people: Mapping[str, Person]) -> dict[str, Any]:
    return {
        "id": row.id,
        "period": row.period,
        "at": clock.render(row.at),
        "actor": row.actor.partition(":")[2],
        "actor_name": cache.called(people, row.actor),
        "percent": row.percent,
        "reached": row.reached,
        "text": row.text,
        "evidence": row.evidence,
        "late": row.late,
    }


def _change(row: Any, people: Mapping[str, Person], lang: str) -> dict[str, Any]:
    return {
        "at": clock.render(row.at),
        "actor": row.actor.partition(":")[2],
        "actor_name": cache.called(people, row.actor),
        "task": row.task,
        "what": row.what,
        "title": render(f"cases.tasks.change.{row.what}", lang, {}),
        "reason": row.reason,
        "before": row.before,
        "after": row.after,
    }
