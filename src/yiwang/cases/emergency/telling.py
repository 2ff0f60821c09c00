"""Telling the people of an emergency: who is meant, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.cases.crew import HANDLER
from yiwang.cases.emergency.jobs import Job
from yiwang.cases.emergency.plans import Plan, Titles
from yiwang.cases.model.dispatch import Assignment
from yiwang.kernel.text import LANGUAGES, find, render
from yiwang.notices.model import EMAIL, IN_APP, SMS, Notice, Recipient, account, person
from yiwang.notices.recipients import working_for
from yiwang.registry import service as registry
from yiwang.security.actions import Context

CHANNELS = (IN_APP, EMAIL, SMS)


def recipients(
    ctx: Context, found: Assignment, function: str, grid: int | None
) -> tuple[Recipient, ...]:
    """The person on duty that was found, else everybody of the organisation who is on duty for
    the function or as handler, else everybody who works for it: an emergency waits for no
    roster."""
    if found.handler:
        return (account(found.handler),)
    if found.organisation is None:
        return ()
    on = [
        one.person.id
        for role in (function, HANDLER)
        for one in registry.on_duty(ctx, grid, role, ctx.now, found.organisation)
        if one.person is not None
    ]
    people = [person(number) for number in dict.fromkeys(on)]
    return tuple(people or working_for(ctx, found.organisation))


def task(row: Any, plan: Plan, job: Job, to: tuple[Recipient, ...]) -> Notice:
    """Somebody has a task. A task given again is another notice."""
    round_ = f"{job.code}.{job.round}.{job.version}"
    fields = {"task": dict(job.title), "due_at": {"at": job.due_at}}
    return _notice(row, plan, f"task/{round_}", "task", fields, to)


def news(
    row: Any, plan: Plan, level: str, event: str, at: int, job: Job | None,
    to: tuple[Recipient, ...],
) -> Notice:  # fmt: skip
    """Something has happened with the emergency (a text under ``cases.emergency.event``)."""
    found = plan.level(level)
    fields: dict[str, Any] = {
        "event": {
            lang: find(f"cases.emergency.event.{event}", lang) or event for lang in LANGUAGES
        },
        "level": dict(found.title) if found else level,
        "task": {lang: f" · {_of(job.title, lang)}" if job else "" for lang in LANGUAGES},
    }
    about = f"{event}/{job.code}.{job.round}" if job else event
    return _notice(row, plan, f"{about}/{at}", "news", fields, to)


def _notice(
    row: Any, plan: Plan, event: str, template: str, fields: Mapping[str, Any],
    to: tuple[Recipient, ...],
) -> Notice:  # fmt: skip
    titles = {lang: title(plan.title, row.exercise, lang) for lang in LANGUAGES}
    return Notice(
        f"emergency:{row.no}/{event}",
        f"emergency.{template}",
        f"emergency:{row.no}",
        f"cases.emergency.notice.{template}",
        dict(fields) | {"title": titles, "place": row.place_name or "–"},
        to,
        CHANNELS,
        True,
        f"/emergencies/{row.no}",
    )


def title(titles: Titles, exercise: bool, lang: str) -> str:
    """The name of an incident: an exercise says so."""
    plain = _of(titles, lang)
    return render("cases.emergency.exercise", lang, {"title": plain}) if exercise else plain


def _of(titles: Titles, lang: str) -> str:
    return titles.get(lang) or next(iter(titles.values()), "")
