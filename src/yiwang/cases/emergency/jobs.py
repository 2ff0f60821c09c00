"""The tasks of a running incident and what moves them: pure.

A task waits until those it comes after are settled, is open to whom it was given, taken, and
in the end done or cancelled. ``late`` is a mark and no state: a late task is still to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from yiwang.cases.emergency.plans import Plan, Task
from yiwang.kernel.clock import MINUTE

STATES = ("waiting", "open", "taken", "done", "cancelled")
SETTLED = ("done", "cancelled")

FROM: Mapping[str, tuple[str, ...]] = {
    "take": ("open",),
    "report": ("open", "taken"),
    "cannot": ("open", "taken"),
    "assign": ("open", "taken"),
    "cancel": ("waiting", "open", "taken"),
}
"""What is done with a task, and the states from which it is possible."""

CENTRE_ONLY = ("assign", "cancel")
REASONED = ("cannot", "cancel")


@dataclass(slots=True)
class Job:
    """The columns of ``incident_tasks``. ``id`` is 0 until it is written."""

    incident: int
    code: str
    title: Mapping[str, str]
    function: str
    minutes: int
    added_at: int
    round: int = 1
    named: str = ""
    after: list[str] = field(default_factory=list)
    place: str = "case"
    photos_needed: int = 0
    text_needed: bool = False
    escalate: str = ""
    state: str = "waiting"
    version: int = 1
    organisation: int | None = None
    handler: str = ""
    handler_name: str = ""
    reasons: list[dict[str, Any]] = field(default_factory=list)
    escalated: int = 0
    opened_at: int | None = None
    due_at: int | None = None
    watch_at: int | None = None
    taken_at: int | None = None
    settled_at: int | None = None
    late: bool = False
    actor: str = ""
    text: str = ""
    photos: list[str] = field(default_factory=list)
    reason: str = ""
    dropped: bool = False
    """Cancelled because a level did not ask for it, and not by somebody's decision."""
    id: int = 0

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    def open(self, at: int) -> None:
        self.state = "open"
        self.opened_at = at
        self.due_at = self.watch_at = at + self.minutes * MINUTE

    def take(self, at: int) -> None:
        self.state = "taken"
        self.taken_at = at

    def settle(self, state: str, at: int) -> None:
        """Raises nothing: whoever settles has asked ``FROM``."""
        if self.due_at is not None and at > self.due_at:
            self.late = True
        self.state = state
        self.settled_at = at
        self.watch_at = None


COLUMNS = tuple(item.name for item in fields(Job) if item.name != "id")


def of(task: Task, incident: int, round_: int, at: int) -> Job:
    """A task of a plan as it stands in an incident."""
    return Job(
        incident=incident,
        code=task.name,
        title=dict(task.title),
        function=task.function,
        minutes=task.minutes,
        added_at=at,
        round=round_,
        named=task.organisation,
        after=list(task.after),
        place=task.place,
        photos_needed=task.photos,
        text_needed=task.text,
        escalate=task.escalate,
    )


def newest(jobs: Iterable[Job]) -> dict[str, Job]:
    """The last round of each task."""
    found: dict[str, Job] = {}
    for job in jobs:
        if job.code not in found or found[job.code].round < job.round:
            found[job.code] = job
    return found


def ready(jobs: Sequence[Job]) -> list[Job]:
    """Waiting tasks that wait for nothing: what they come after is settled, or is no task of
    this incident. A task that was cancelled holds nobody up."""
    held = {job.code for job in newest(jobs).values() if not job.settled}
    return [job for job in jobs if job.state == "waiting" and not held & set(job.after)]


def difference(plan: Plan, level: str, jobs: Sequence[Job]) -> tuple[list[Task], list[Job]]:
    """What a level asks for and is not there, and what is there and it does not ask for.

    A task that is done is not done again, and one that somebody cancelled stays so; one that
    an earlier level dropped is asked for anew. Tasks that the command ordered by itself are no
    plan's and stay.
    """
    wanted = {task.name: task for task in plan.wanted(level)}
    there = newest(jobs)
    more = [task for name, task in wanted.items() if name not in there or there[name].dropped]
    known = {task.name for task in plan.tasks}
    less = [
        job
        for job in there.values()
        if not job.settled and job.code in known and job.code not in wanted
    ]
    return more, less


def lacking(job: Job, text: str, photos: Sequence[str]) -> list[str]:
    """What a report needs and does not bring: ``text``, ``photos``."""
    missing = ["text"] if job.text_needed and not text.strip() else []
    return missing + (["photos"] if len(set(photos)) < job.photos_needed else [])
