"""Incidents as people see them: JSON-able, words in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.cases import city
from yiwang.cases import store as case_store
from yiwang.cases import views as case_views
from yiwang.cases.actions.steps import seen
from yiwang.cases.desk import Desk
from yiwang.cases.emergency import alerts, catalogue, jobs, resources, review, store, telling
from yiwang.cases.emergency.jobs import Job
from yiwang.cases.emergency.plans import Plan
from yiwang.cases.emergency.post import Post
from yiwang.cases.emergency.sight import may_act, may_command, visible
from yiwang.cases.emergency.start import titled
from yiwang.cases.model.guards import sees_all
from yiwang.cases.tables import cases
from yiwang.kernel import clock
from yiwang.kernel.text import find
from yiwang.registry import cache
from yiwang.registry.model import Person
from yiwang.security.actions import Context, query

_INSTANTS = ("started_at", "first_taken_at", "all_done_at", "ended_at", "at")


@query("cases.emergency_plans", permission="cases.read")
def list_plans(ctx: Context, lang: str, case: int | None = None) -> list[dict[str, Any]]:
    """The plans that can be started, with a case those for its class and the level that each
    proposes. Raises NoSuchCase."""
    record = None if case is None else seen(ctx, Desk(ctx), case)
    found = []
    for _, plan in catalogue.active(ctx):
        if record is not None and plan.classes and record.class_code not in plan.classes:
            continue
        proposed = plan.proposed(record.class_code, record.severity) if record else ""
        found.append(_plan(plan, lang) | {"proposed": proposed})
    return found


@query("cases.emergencies", permission="cases.read")
def list_incidents(ctx: Context, lang: str, running: bool | None = None) -> list[dict[str, Any]]:
    """The incidents that the caller may see, the running ones first."""
    identity = ctx.identity
    if not sees_all(identity) and identity.organisation is None:
        return []
    organisation = None if sees_all(identity) else identity.organisation
    rows = store.listed(ctx.connection, running, organisation)
    return [_summary(ctx, row, store.jobs(ctx.connection, row.no), lang) for row in rows]


@query("cases.emergencies_of", permission="cases.read")
def of_case(ctx: Context, case: int, lang: str) -> list[dict[str, Any]]:
    """The incidents that a case belongs or belonged to, the newest first. Raises NoSuchCase."""
    seen(ctx, Desk(ctx), case)
    found = []
    for no in store.incidents_of(ctx.connection, case):
        row = store.incident(ctx.connection, no)
        found.append(_summary(ctx, row, store.jobs(ctx.connection, no), lang))
    return found


@query("cases.emergency", permission="cases.read")
def show(ctx: Context, no: int, lang: str) -> dict[str, Any]:
    """One incident: levels, tasks, cases, log, resources near, contacts and review. Raises
    NoSuchIncident, also where the caller has no part in it."""
    post = Post(ctx, no)
    visible(post, ctx.identity)
    row, plan = post.row, post.plan
    log = store.log(ctx.connection, no)
    figures = review.figures(row, post.jobs, log, ctx.now)
    numbers = store.cases_of(ctx.connection, no)
    records = sorted(case_store.many(ctx.connection, cases.c.no, numbers), key=lambda one: one.no)
    return _summary(ctx, row, post.jobs, lang) | {
        "reason": row.reason,
        "started_by": row.started_by,
        "levels": [_level(one, lang) for one in plan.levels],
        "tasks": _tasks(ctx, post.jobs, lang),
        "cases": case_views.summaries(ctx, records, lang),
        "commanders": _commanders(ctx, plan, row.commanders, lang),
        "contacts": _contacts(post, lang),
        "resources": resources.near(ctx, plan, row.lon, row.lat, lang),
        "alerts": alerts.of_incident(ctx.connection, no, lang, ctx.now),
        "log": _log(ctx, log, post.jobs, lang),
        "questions": [{"name": one.name, "title": titled(one.title, lang)} for one in plan.review],
        "figures": _rendered(figures),
        "review": _review(row.review),
        "may_command": may_command(ctx.identity),
    }


def _summary(ctx: Context, row: Any, all_jobs: Sequence[Job], lang: str) -> dict[str, Any]:
    plan = catalogue.by_id(ctx, row.plan)
    level = plan.level(row.level)
    counts = {state: sum(job.state == state for job in all_jobs) for state in jobs.STATES}
    late = sum(job.late and not job.settled for job in all_jobs)
    return {
        "no": row.no,
        "title": telling.title(plan.title, row.exercise, lang),
        "plan": row.plan_code,
        "level": row.level,
        "level_title": titled(level.title, lang) if level else row.level,
        "colour": level.colour if level else "",
        "exercise": row.exercise,
        "running": row.running,
        "started_at": clock.render(row.started_at),
        "level_at": clock.render(row.level_at),
        "ended_at": _instant(row.ended_at),
        "place_name": row.place_name,
        "lon": row.lon,
        "lat": row.lat,
        "counts": counts | {"late": late},
    }


def _plan(plan: Plan, lang: str) -> dict[str, Any]:
    return {
        "code": plan.code,
        "title": titled(plan.title, lang),
        "pack": plan.pack,
        "classes": list(plan.classes),
        "levels": [_level(one, lang) for one in plan.levels],
        "tasks": len(plan.tasks),
    }


def _level(level: Any, lang: str) -> dict[str, Any]:
    return {"name": level.name, "title": titled(level.title, lang), "colour": level.colour}


def _tasks(ctx: Context, all_jobs: Sequence[Job], lang: str) -> list[dict[str, Any]]:
    names = city.organisation_names(
        ctx, {job.organisation for job in all_jobs if job.organisation is not None}, lang
    )
    titles = {job.code: titled(job.title, lang) for job in all_jobs}
    return [_task(ctx, job, names, titles, lang) for job in all_jobs]


def _task(
    ctx: Context, job: Job, names: Mapping[int, str], titles: Mapping[str, str], lang: str
) -> dict[str, Any]:
    mine = may_act(job, ctx.identity)
    steps = [
        step
        for step, states in jobs.FROM.items()
        if job.state in states and (may_command(ctx.identity) if step in jobs.CENTRE_ONLY else mine)
    ]
    return {
        "id": job.id,
        "code": job.code,
        "title": titled(job.title, lang),
        "state": job.state,
        "state_title": find(f"cases.emergency.state.{job.state}", lang) or job.state,
        "late": job.late,
        "version": job.version,
        "after": [titles.get(code, code) for code in job.after if code in titles],
        "minutes": job.minutes,
        "place": job.place,
        "photos_needed": job.photos_needed,
        "text_needed": job.text_needed,
        "organisation": job.organisation,
        "organisation_name": names.get(job.organisation or 0, ""),
        "handler": job.handler,
        "handler_name": job.handler_name,
        "why": "; ".join(case_views.reasons(ctx, job.reasons, lang)),
        "escalated": job.escalated,
        "opened_at": _instant(job.opened_at),
        "due_at": _instant(job.due_at),
        "taken_at": _instant(job.taken_at),
        "settled_at": _instant(job.settled_at),
        "actor": job.actor,
        "text": job.text,
        "reason": job.reason,
        "photos": list(job.photos),
        "steps": steps,
    }


def _commanders(
    ctx: Context, plan: Plan, held: Sequence[Mapping[str, Any]], lang: str
) -> list[dict[str, Any]]:
    roles = {one.name: one for one in plan.roles}
    names = city.organisation_names(
        ctx, {one["organisation"] for one in held if one["organisation"]}, lang
    )
    return [
        {
            "role": one["role"],
            "title": titled(roles[one["role"]].title, lang),
            "organisation_name": names.get(one["organisation"] or 0, ""),
            "handler_name": one["handler_name"],
        }
        for one in held
    ]


def _contacts(post: Post, lang: str) -> list[dict[str, Any]]:
    """The plan's phone list; without a number of its own, an entry has that of the person on
    duty, else of the organisation."""
    people = {one.user: one for one in cache.records(post.ctx.connection, "people") if one.user}
    found = []
    for contact in post.plan.contacts:
        phone, name = contact.phone, ""
        if not phone:
            one = post.responsible(contact.function)
            unit = post.desk.city.organisation(one.organisation or 0)
            person = people.get(one.handler)
            name = one.handler_name or (unit.name(lang) if unit else "")
            phone = (person.phone if person else "") or (unit.contact if unit else "")
        found.append({"title": titled(contact.title, lang), "name": name, "phone": phone})
    return found


def _log(
    ctx: Context, log: Sequence[Any], all_jobs: Sequence[Job], lang: str
) -> list[dict[str, Any]]:
    """The command log; units that were told by their names of now."""
    told = [one for line in log if line.kind == "message" for one in line.details.get("to", ())]
    numbers = {one["organisation"] for one in told if one["organisation"] is not None}
    names = city.organisation_names(ctx, numbers, lang)
    people = cache.by_user(ctx.connection)
    return [_line(line, all_jobs, names, people, lang) for line in log]


def _line(
    line: Any,
    all_jobs: Sequence[Job],
    names: Mapping[int, str],
    people: Mapping[str, Person],
    lang: str,
) -> dict[str, Any]:
    details = line.details
    if line.kind == "message" and "to" in details:
        to = [one | {"name": names.get(one["organisation"], one["name"])} for one in details["to"]]
        details = details | {"to": to}
    job = next((one for one in all_jobs if one.id == line.task), None)
    return {
        "at": clock.render(line.at),
        "recorded_at": clock.render(line.recorded_at),
        "kind": line.kind,
        "kind_title": find(f"cases.emergency.kind.{line.kind}", lang) or line.kind,
        "event": line.event,
        "event_title": find(f"cases.emergency.event.{line.event}", lang) or line.event,
        "actor": line.actor,
        "actor_name": cache.called(people, line.actor),
        "text": line.text,
        "task": line.task,
        "task_title": titled(job.title, lang) if job else "",
        "details": details,
    }


def _review(held: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return dict(held) | {"figures": _rendered(held["figures"])}


def _rendered(figures: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in figures.items():
        if name in _INSTANTS:
            found[name] = _instant(value)
        elif name in ("levels", "told"):
            found[name] = [one | {"at": clock.render(one["at"])} for one in value]
        else:
            found[name] = value
    return found


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
