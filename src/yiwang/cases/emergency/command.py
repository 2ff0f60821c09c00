"""What the command does with an incident: levels, orders, the log, the end with its review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.cases.emergency import alerts, review, store
from yiwang.cases.emergency.errors import (
    AlertInForce,
    AnswersMissing,
    NoSuchLevel,
    ReasonMissing,
    SameLevel,
    TasksLeft,
    UnknownWord,
)
from yiwang.cases.emergency.jobs import Job
from yiwang.cases.emergency.post import Post
from yiwang.security.actions import Context, action

ENTRIES = ("instruction", "report", "decision")
"""What people write into the command log; the rest of it writes itself."""
MOST_MINUTES = 30 * 24 * 60


@dataclass(frozen=True)
class Order:
    """A task that the plan does not have."""

    title: str
    function: str
    minutes: int
    organisation: str = ""
    photos: int = 0
    text: bool = True


@action("cases.emergency_level", permission="cases.command", audit_verb="emergency_level_changed")
def change_level(ctx: Context, no: int, level: str, reason: str) -> None:
    """Raise or lower the level: tasks are added and dropped. Raises NoSuchIncident, Ended,
    NoSuchLevel, SameLevel, ReasonMissing."""
    post = Post(ctx, no).running()
    wanted = post.plan.level(level)
    before = post.row.level
    if wanted is None:
        known = ", ".join(one.name for one in post.plan.levels)
        raise NoSuchLevel(plan=post.plan.code, level=level, known=known)
    if level == before:
        raise SameLevel(f"emergency:{no}", level=level)
    said = _said(reason, f"emergency:{no}", "level")
    event = "raised" if post.plan.rank(level) > post.plan.rank(before) else "lowered"
    post.line("decision", event, text=said, details={"from": before, "to": level})
    more, less = post.to_level(level, said)
    post.tell(wanted.notify, event)
    post.tell_cases("emergency_level", text=said, **{"from": before, "to": level})
    post.flush()
    ctx.note(f"emergency:{no}", level=level, was=before, added=more, dropped=less)


@action("cases.emergency_order", permission="cases.command", audit_verb="emergency_ordered")
def order(ctx: Context, no: int, given: Order) -> int:
    """Give a task that the plan does not have; returns its number. Raises NoSuchIncident,
    Ended, ReasonMissing, UnknownWord."""
    post = Post(ctx, no).running()
    title = _said(given.title, f"emergency:{no}", "title")
    if not 1 <= given.minutes <= MOST_MINUTES:
        raise UnknownWord(name="minutes", value=given.minutes, known=f"1 … {MOST_MINUTES}")
    ordered = sum(job.code.startswith("order_") for job in post.jobs) + 1
    job = Job(
        incident=no,
        code=f"order_{ordered}",
        title={"zh-CN": title, "en": title},
        function=given.function,
        minutes=given.minutes,
        added_at=ctx.now,
        named=given.organisation,
        photos_needed=max(0, given.photos),
        text_needed=given.text,
    )
    post.jobs.append(job)
    post.line("instruction", "ordered", text=title, job=job)
    post.open_ready()
    post.flush()
    ctx.note(f"emergency:{no}", task=job.id)
    return job.id


@action("cases.emergency_log", permission="cases.command", audit_verb="emergency_logged")
def write_log(ctx: Context, no: int, kind: str, text: str) -> None:
    """Write an instruction, report or decision into the command log. Raises NoSuchIncident,
    Ended, UnknownWord, ReasonMissing."""
    post = Post(ctx, no).running()
    if kind not in ENTRIES:
        raise UnknownWord(name="kind", value=kind, known=", ".join(ENTRIES))
    post.line(kind, "written", text=_said(text, f"emergency:{no}", "text"))
    post.flush()
    ctx.note(f"emergency:{no}", kind=kind)


@action("cases.emergency_end", permission="cases.command", audit_verb="emergency_ended")
def end(ctx: Context, no: int, answers: Mapping[str, str], reason: str = "") -> None:
    """End an incident with its review: every task is settled and every question of the plan
    answered. Raises NoSuchIncident, Ended, TasksLeft, AlertInForce, AnswersMissing."""
    post = Post(ctx, no).running()
    left = [job for job in post.jobs if not job.settled]
    if left:
        names = ", ".join(job.title.get("zh-CN", job.code) for job in left)
        raise TasksLeft(f"emergency:{no}", no=no, count=len(left), tasks=names)
    warned = alerts.in_force(ctx.connection, no, ctx.now)
    if warned is not None:
        raise AlertInForce(no=no, identifier=warned.identifier)
    questions = {one.name for one in post.plan.review}
    given = {name: text.strip() for name, text in answers.items() if text.strip()}
    if questions - set(given):
        missing = ", ".join(sorted(questions - set(given)))
        raise AnswersMissing(f"emergency:{no}", missing=missing)
    post.line("decision", "ended", text=reason.strip())
    post.tell_cases("emergency_ended", text=reason.strip())
    post.change(running=False, ended_at=ctx.now)
    post.flush()
    kept = {name: given[name] for name in sorted(questions)}
    figures = review.figures(post.row, post.jobs, store.log(ctx.connection, no), ctx.now)
    figures["ended_at"] = ctx.now
    held = {"answers": kept, "figures": figures, "by": ctx.identity.label}
    store.change_incident(ctx.connection, no, {"review": held})
    store.release_cases(ctx.connection, no)
    ctx.note(f"emergency:{no}", late=figures["late"])


def _said(text: str, where: str, what: str) -> str:
    if not text.strip():
        raise ReasonMissing(where, what=what)
    return text.strip()
