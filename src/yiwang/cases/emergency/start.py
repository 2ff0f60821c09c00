"""Starting a plan for a case, seeing beforehand what it will do, and adding more cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from yiwang.cases import city
from yiwang.cases.actions.steps import seen
from yiwang.cases.desk import Desk
from yiwang.cases.emergency import catalogue, resources, store
from yiwang.cases.emergency.errors import (
    CaseOver,
    NoSuchLevel,
    NotForClass,
    OtherPlan,
    ReasonMissing,
)
from yiwang.cases.emergency.plans import Plan
from yiwang.cases.emergency.post import Post
from yiwang.cases.model import dispatch
from yiwang.cases.record import Record
from yiwang.registry import functions
from yiwang.security.actions import Context, action, query


class Started(NamedTuple):
    """``created`` is False when the plan was running for the case already."""

    no: int
    created: bool


@dataclass(frozen=True)
class Wanted:
    """Which plan, at which level (empty: the one the plan proposes), for real or to train."""

    plan: str
    level: str = ""
    reason: str = ""
    exercise: bool = False


@query("cases.emergency_preview", permission="cases.command")
def preview(ctx: Context, case: int, plan: str, level: str, lang: str) -> dict[str, Any]:
    """What starting a plan would open, whom it would tell and what is near, without doing it.
    Raises NoSuchCase, NoSuchPlan, NoSuchLevel, NotForClass."""
    desk = Desk(ctx)
    record = seen(ctx, desk, case)
    _, chosen = catalogue.one(ctx, plan)
    _fits(chosen, record)
    found = chosen.level(level or chosen.proposed(record.class_code, record.severity))
    if found is None:
        raise _no_level(chosen, level)
    lon, lat, _ = _where(ctx, record)

    def whose(function: str) -> dict[str, Any]:
        need = dispatch.Wanted(function, grid=record.grid, lon=lon, lat=lat)
        one = desk.city.assign(need, ctx.now)
        unit = desk.city.organisation(one.organisation) if one.organisation else None
        return {
            "function": function,
            "function_title": functions.title(ctx, function, lang),
            "organisation": one.organisation,
            "organisation_name": unit.name(lang) if unit else "",
            "contact": unit.contact if unit else "",
            "handler_name": one.handler_name,
        }

    tasks = [
        whose(one.function)
        | {"code": one.name, "title": titled(one.title, lang), "minutes": one.minutes}
        | {"after": list(one.after), "place": one.place}
        for one in chosen.wanted(found.name)
    ]
    return {
        "plan": chosen.code,
        "level": found.name,
        "proposed": chosen.proposed(record.class_code, record.severity),
        "running": store.running_of(ctx.connection, case),
        "tasks": tasks,
        "told": [whose(name) for name in found.notify],
        "resources": resources.near(ctx, chosen, lon, lat, lang),
    }


@action("cases.emergency_start", permission="cases.command", audit_verb="emergency_started")
def start(ctx: Context, case: int, wanted: Wanted) -> Started:
    """Start a plan for an open case: its tasks open, those concerned are told, the command log
    begins. Started again it is the same incident.

    Raises NoSuchCase, CaseOver, NoSuchPlan, NoSuchLevel, NotForClass, OtherPlan, ReasonMissing.
    """
    store.lock_case(ctx.connection, case)
    record = _open_case(ctx, case)
    number, plan = catalogue.one(ctx, wanted.plan)
    there = store.running_of(ctx.connection, case)
    if there is not None:
        row = store.incident(ctx.connection, there)
        if row is not None and row.plan_code == plan.code and row.exercise == wanted.exercise:
            ctx.note(f"emergency:{there}", case=case, again=True)
            return Started(there, False)
        raise OtherPlan(f"case:{case}", case=case, incident=there)
    _fits(plan, record)
    proposed = plan.proposed(record.class_code, record.severity)
    level = plan.level(wanted.level or proposed)
    if level is None:
        raise _no_level(plan, wanted.level)
    if level.name != proposed and not wanted.reason.strip():
        raise ReasonMissing(f"case:{case}", what=level.name)
    no = _add(ctx, number, plan, level.name, record, wanted)
    post = Post(ctx, no)
    post.change(commanders=_commanders(post))
    title = {"plan": plan.code, "level": level.name, "exercise": wanted.exercise}
    post.line("decision", "started", text=wanted.reason.strip(), details=title | {"case": case})
    post.tell(level.notify, "started")
    post.to_level(level.name, wanted.reason.strip())
    post.tell_cases("emergency_started", text=wanted.reason.strip(), **title)
    post.flush()
    ctx.note(f"emergency:{no}", case=case, **title)
    return Started(no, True)


@action("cases.emergency_join", permission="cases.command", audit_verb="emergency_case_added")
def join(ctx: Context, no: int, case: int) -> None:
    """Add another open case to a running incident; a second time changes nothing. Raises
    NoSuchIncident, Ended, NoSuchCase, CaseOver, OtherPlan."""
    post = Post(ctx, no).running()
    store.lock_case(ctx.connection, case)
    _open_case(ctx, case)
    there = store.running_of(ctx.connection, case)
    if there == no:
        ctx.note(f"emergency:{no}", case=case, again=True)
        return
    if there is not None:
        raise OtherPlan(f"case:{case}", case=case, incident=there)
    store.add_case(ctx.connection, no, case, ctx.now)
    post.line("case", "case_added", details={"case": case})
    said = {"incident": no, "exercise": post.row.exercise, "level": post.row.level}
    post.desk.line(post.desk.record(case), "emergency_joined", ctx.now, details=said)
    post.flush()
    ctx.note(f"emergency:{no}", case=case)


def titled(texts: Any, lang: str) -> str:
    """A text in one language, or in the other where that is missing."""
    found: str = texts.get(lang) or next(iter(texts.values()), "")
    return found


def _open_case(ctx: Context, case: int) -> Record:
    record = seen(ctx, Desk(ctx), case)
    if not record.open:
        raise CaseOver(f"case:{case}", case=case)
    return record


def _fits(plan: Plan, record: Record) -> None:
    if plan.classes and record.class_code not in plan.classes:
        known = ", ".join(plan.classes)
        raise NotForClass(plan=plan.code, case_class=record.class_code, known=known)


def _no_level(plan: Plan, level: str) -> NoSuchLevel:
    known = ", ".join(one.name for one in plan.levels)
    return NoSuchLevel(plan=plan.code, level=level, known=known)


def _where(ctx: Context, record: Record) -> tuple[float | None, float | None, str]:
    """Position and name of a case's place; a case without a position has its place's."""
    site = city.sites(ctx, [record.place], "zh-CN").get(record.place) if record.place else None
    lon = record.lon if record.lon is not None else (site.lon if site else None)
    lat = record.lat if record.lat is not None else (site.lat if site else None)
    return lon, lat, record.address or (site.name if site else "")


def _add(ctx: Context, number: int, plan: Plan, level: str, record: Record, wanted: Wanted) -> int:
    lon, lat, name = _where(ctx, record)
    values = {
        "plan": number,
        "plan_code": plan.code,
        "level": level,
        "exercise": wanted.exercise,
        "running": True,
        "started_at": ctx.now,
        "level_at": ctx.now,
        "started_by": ctx.identity.label,
        "reason": wanted.reason.strip(),
        "lon": lon,
        "lat": lat,
        "grid": record.grid,
        "place_name": name,
        "commanders": [],
    }
    no = store.add_incident(ctx.connection, values)
    store.add_case(ctx.connection, no, record.no, ctx.now)
    return no


def _commanders(post: Post) -> list[dict[str, Any]]:
    """Who holds each role in the command, as the roster says it at the start."""
    found: list[dict[str, Any]] = []
    for role in post.plan.roles:
        one = post.responsible(role.function)
        found.append(
            {
                "role": role.name,
                "organisation": one.organisation,
                "handler": one.handler,
                "handler_name": one.handler_name,
            }
        )
    return found
