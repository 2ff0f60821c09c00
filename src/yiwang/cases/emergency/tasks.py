"""What is done with the tasks of an incident, by those who have them."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.cases.emergency import jobs, store
from yiwang.cases.emergency.errors import (
    EvidenceMissing,
    NotYours,
    ReasonMissing,
    TaskChanged,
    UnknownWord,
    WrongTaskState,
)
from yiwang.cases.emergency.jobs import Job
from yiwang.cases.emergency.post import AUTOMATIC, Post
from yiwang.cases.emergency.sight import may_act, may_command, visible
from yiwang.cases.errors import BadTarget, NoSuchPicture
from yiwang.cases.model.dispatch import Assignment, Reason
from yiwang.cases.pictures.cleaning import Picture
from yiwang.security.actions import Caller, Context, action, query
from yiwang.store.blobs import Blobs

_BATCH = 50


@dataclass(frozen=True)
class Doing:
    """``organisation`` is to whom a task is given (``assign``); ``version`` the one that the
    person saw."""

    text: str = ""
    reason: str = ""
    photos: tuple[str, ...] = ()
    organisation: int | None = None
    version: int | None = None


@action("cases.emergency_task", permission="cases.handle", audit_verb="emergency_task")
def act(ctx: Context, no: int, task: int, what: str, given: Doing) -> str:
    """Take a task, report it done, say that it cannot be done; the command also gives it to
    another organisation or cancels it. Returns its state.

    Raises NoSuchIncident (also for one that the caller may not see), Ended, NoSuchTask,
    UnknownWord, NotYours, TaskChanged, WrongTaskState, ReasonMissing, EvidenceMissing,
    BadTarget.
    """
    post = Post(ctx, no)
    visible(post, ctx.identity)
    post.running()
    job = post.job(task)
    _check(post, job, what, given)
    _DOING[what](post, job, given)
    post.touch(job)
    post.open_ready()
    post.flush()
    ctx.note(f"emergency:{no}", task=task, what=what, state=job.state)
    return job.state


def _check(post: Post, job: Job, what: str, given: Doing) -> None:
    where = f"emergency:{post.no}, task {job.id}"
    if what not in jobs.FROM:
        raise UnknownWord(name="step", value=what, known=", ".join(jobs.FROM))
    identity = post.ctx.identity
    allowed = may_command(identity) if what in jobs.CENTRE_ONLY else may_act(job, identity)
    if not allowed:
        raise NotYours(where, what=what)
    if given.version is not None and given.version != job.version:
        raise TaskChanged(where, state=job.state, actor=job.actor or "-")
    if job.state not in jobs.FROM[what]:
        raise WrongTaskState(where, what=what, state=job.state)
    if what in jobs.REASONED and not given.reason.strip():
        raise ReasonMissing(where, what=what)
    known = store.photos_of(post.ctx.connection, job.id) if given.photos else set()
    for sha in given.photos:
        if sha not in known:
            raise NoSuchPicture(where, sha=sha)
    missing = jobs.lacking(job, given.text, given.photos) if what == "report" else []
    if missing:
        needed = job.photos_needed
        raise EvidenceMissing(where, missing=", ".join(missing), photos=needed)


def _take(post: Post, job: Job, given: Doing) -> None:
    job.take(post.ctx.now)
    job.actor = post.ctx.identity.label
    post.line("task", "taken", job=job, text=given.text.strip())


def _report(post: Post, job: Job, given: Doing) -> None:
    if job.taken_at is None:
        job.take(post.ctx.now)
    job.photos = list(dict.fromkeys(given.photos))
    post.settle(job, "done", text=given.text.strip())
    details = {"photos": job.photos, "late": job.late}
    post.line("task", "done", job=job, text=given.text.strip(), details=details)


def _cannot(post: Post, job: Job, given: Doing) -> None:
    """It goes to the function that it escalates to, and from there to the command centre."""
    reason = given.reason.strip()
    post.line("task", "cannot", job=job, text=reason, details={"organisation": job.organisation})
    found = post.responsible(job.escalate) if job.escalate else None
    if found is None or found.organisation in (None, job.organisation) or job.escalated:
        found = Assignment(None, "", "", (Reason("to_centre"),))
    job.state = "open"
    job.escalated += 1
    job.reason = reason
    post.give(job, found)
    post.tell([job.escalate] if job.escalate else [], "escalated", job)


def _assign(post: Post, job: Job, given: Doing) -> None:
    unit = post.desk.city.organisation(given.organisation or 0)
    if unit is None:
        raise BadTarget(value=given.organisation, what="organisation")
    post.give(job, post.on_duty(job.function, unit.id))
    job.state = "open"
    details = {"organisation": unit.id}
    post.line("instruction", "given", job=job, text=given.reason.strip(), details=details)


def _cancel(post: Post, job: Job, given: Doing) -> None:
    post.settle(job, "cancelled", reason=given.reason.strip())
    post.line("decision", "cancelled", job=job, text=given.reason.strip())


_DOING = {
    "take": _take,
    "report": _report,
    "cannot": _cannot,
    "assign": _assign,
    "cancel": _cancel,
}


@action("cases.emergency_photo", permission="cases.handle", audit_verb="emergency_photo_added")
def add_photo(ctx: Context, no: int, task: int, picture: Picture) -> str:
    """Attach a picture, cleaned, to a task; returns the name of the blob. Raises
    NoSuchIncident, Ended, NoSuchTask, NotYours."""
    post = Post(ctx, no)
    visible(post, ctx.identity)
    job = post.running().job(task)
    if not may_act(job, ctx.identity):
        raise NotYours(f"emergency:{no}, task {task}", what="photo")
    sha = ctx.port(Blobs).put(picture.content)
    if sha not in store.photos_of(ctx.connection, task):
        values = {"incident": no, "sha": sha, "task": task, "type": picture.type}
        values |= {"size": len(picture.content), "at": ctx.now, "actor": ctx.identity.label}
        store.add_photo(ctx.connection, values)
    ctx.note(f"emergency:{no}", task=task, photo=sha)
    return sha


@query("cases.emergency_show_photo", permission="cases.read")
def show_photo(ctx: Context, no: int, sha: str) -> tuple[str, bytes]:
    """Type and content of a photo of an incident that the caller may see. Raises
    NoSuchIncident, NoSuchPicture."""
    visible(Post(ctx, no), ctx.identity)
    row = store.photo(ctx.connection, no, sha)
    if row is None:
        raise NoSuchPicture(sha, sha=sha)
    try:
        return row.type, ctx.port(Blobs).get(sha)
    except FileNotFoundError:
        raise NoSuchPicture(sha, sha=sha) from None


def sweep(caller: Caller) -> int:
    """Mark the tasks whose time is over; how many. Leaves no trace where there are none."""
    marked = 0
    while True:
        with caller.database.read() as connection:
            if not store.late(connection, caller.clock.now(), 1):
                return marked
        marked += watch_tasks(caller)


@action("cases.emergency_watch", permission="cases.sweep", audit_verb="emergency_tasks_watched")
def watch_tasks(ctx: Context) -> int:
    """Mark late tasks, tell those they escalate to, and write it into the log at the time when
    it was so."""
    marked = 0
    for no in store.late(ctx.connection, ctx.now, _BATCH):
        post = Post(ctx, no)
        for job in post.jobs:
            if job.watch_at is None or job.watch_at > ctx.now:
                continue
            at, job.watch_at, job.late = job.watch_at, None, True
            post.touch(job)
            post.line("task", "late", job=job, actor=AUTOMATIC, at=at)
            post.tell([job.escalate] if job.escalate else [], "late", job)
            marked += 1
        post.flush()
    ctx.note("emergencies", marked=marked)
    return marked
