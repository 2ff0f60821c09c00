"""The command post (指挥部): one transaction's work on an incident.

Every change of an incident goes through here, so that its tasks, the command log and the
timelines of its cases cannot disagree. Nothing is written before ``flush``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yiwang.cases.desk import Desk
from yiwang.cases.emergency import catalogue, jobs, store, telling
from yiwang.cases.emergency.errors import Ended, NoSuchIncident, NoSuchTask
from yiwang.cases.emergency.jobs import Job
from yiwang.cases.emergency.plans import Plan
from yiwang.cases.model.dispatch import Assignment, Wanted
from yiwang.notices import service as notices
from yiwang.notices.model import Notice
from yiwang.registry import cache
from yiwang.security.actions import Context

AUTOMATIC = "system:emergency"


class Post:
    """An incident that exists, its row held until the transaction ends. Raises
    NoSuchIncident."""

    def __init__(self, ctx: Context, no: int) -> None:
        row = store.incident(ctx.connection, no, lock=ctx.writes)
        if row is None:
            raise NoSuchIncident(no=no)
        self.ctx = ctx
        self.no = no
        self.row = row
        self.plan: Plan = catalogue.by_id(ctx, row.plan)
        self.jobs: list[Job] = store.jobs(ctx.connection, no)
        self.desk = Desk(ctx)
        self._lines: list[tuple[dict[str, Any], Job | None]] = []
        self._notices: list[Notice] = []
        self._changes: dict[str, Any] = {}
        self._touched: dict[int, Job] = {}

    def running(self) -> Post:
        """Raises Ended."""
        if not self.row.running:
            raise Ended(f"emergency:{self.no}", no=self.no)
        return self

    def job(self, number: int) -> Job:
        """Raises NoSuchTask."""
        for job in self.jobs:
            if job.id == number:
                return job
        raise NoSuchTask(f"emergency:{self.no}", no=self.no, task=number)

    # Tasks

    def to_level(self, level: str, reason: str) -> tuple[int, int]:
        """Open what a level asks for and drop what it does not; how many of each."""
        more, less = jobs.difference(self.plan, level, self.jobs)
        at = self.ctx.now
        for job in less:
            job.dropped = True
            self.settle(job, "cancelled", reason=reason)
            self.line("task", "dropped", job=job, text=reason, actor=AUTOMATIC)
        there = jobs.newest(self.jobs)
        for task in more:
            round_ = there[task.name].round + 1 if task.name in there else 1
            job = jobs.of(task, self.no, round_, at)
            self.jobs.append(job)
            self.touch(job)
        self.change(level=level, level_at=at)
        self.open_ready()
        return len(more), len(less)

    def open_ready(self) -> None:
        """Open every task that waits for nothing, to whoever is responsible and on duty."""
        for job in jobs.ready(self.jobs):
            job.open(self.ctx.now)
            self.give(job, self.responsible(job.function, job.named))
            self.line("task", "opened", job=job, details=_where(job))

    def settle(self, job: Job, state: str, *, reason: str = "", text: str = "") -> None:
        job.settle(state, self.ctx.now)
        job.reason = reason or job.reason
        job.text = text or job.text
        job.actor = self.ctx.identity.label
        self.touch(job)

    def give(self, job: Job, found: Assignment) -> None:
        job.organisation = found.organisation
        job.handler = found.handler
        job.handler_name = found.handler_name
        job.reasons = [{"code": one.code, "fields": dict(one.fields)} for one in found.reasons]
        self.touch(job)
        to = telling.recipients(self.ctx, found, job.function, self.row.grid)
        self._notices.append(telling.task(self.row, self.plan, job, to))

    def responsible(self, function: str, named: str = "") -> Assignment:
        """Who has a function at the place of the incident now; a named organisation first."""
        for one in cache.records(self.ctx.connection, "organisations") if named else ():
            if one.code == named:
                return self.on_duty(function, one.id)
        return self.desk.city.assign(self._wanted(function), self.ctx.now)

    def on_duty(self, function: str, organisation: int) -> Assignment:
        """The person on duty in an organisation that somebody chose."""
        return self.desk.city.person_for(self._wanted(function), organisation, self.ctx.now)

    def _wanted(self, function: str) -> Wanted:
        return Wanted(function, grid=self.row.grid, lon=self.row.lon, lat=self.row.lat)

    def touch(self, job: Job) -> None:
        if id(job) not in self._touched:
            self._touched[id(job)] = job
            job.version += 1 if job.id else 0

    # The log, those told, and the row

    def line(
        self,
        kind: str,
        event: str,
        *,
        text: str = "",
        job: Job | None = None,
        actor: str = "",
        at: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        values = {
            "incident": self.no,
            "at": self.ctx.now if at is None else at,
            "recorded_at": self.ctx.now,
            "kind": kind,
            "event": event,
            "actor": actor or self.ctx.identity.label,
            "text": text,
            "details": dict(details or {}),
        }
        self._lines.append((values, job))

    def tell(self, functions: Iterable[str], event: str, job: Job | None = None) -> None:
        """Tell the organisations with these functions; the log keeps who they were."""
        told = []
        for function in dict.fromkeys(functions):
            found = self.responsible(function)
            to = telling.recipients(self.ctx, found, function, self.row.grid)
            row = _told(function, found, self._contact(found.organisation))
            told.append(row | {"people": [one.key for one in to]})
            level = str(self._changes.get("level", self.row.level))
            self._notices.append(
                telling.news(self.row, self.plan, level, event, self.ctx.now, job, to)
            )
        if told:
            self.line("message", event, job=job, actor=AUTOMATIC, details={"to": told})

    def _contact(self, number: int | None) -> tuple[str, str]:
        unit = self.desk.city.organisation(number) if number is not None else None
        return (unit.name(), unit.contact) if unit else ("", "")

    def tell_cases(self, step: str, text: str = "", **details: Any) -> None:
        """Write into the timelines of the incident's cases."""
        for case in store.cases_of(self.ctx.connection, self.no):
            record = self.desk.record(case)
            said = {"incident": self.no, "exercise": self.row.exercise} | details
            self.desk.line(record, step, self.ctx.now, text=text, details=said)

    def change(self, **values: Any) -> None:
        self._changes.update(values)

    def flush(self) -> None:
        connection = self.ctx.connection
        store.change_incident(connection, self.no, self._changes)
        store.write_jobs(connection, self._touched.values())
        lines = [values | {"task": job.id if job else None} for values, job in self._lines]
        store.add_lines(connection, lines)
        self.desk.flush()
        notices.send(self.ctx, *(one for one in self._notices if one.to))


def _where(job: Job) -> dict[str, Any]:
    return {"organisation": job.organisation, "handler": job.handler, "due_at": job.due_at}


def _told(function: str, found: Assignment, contact: tuple[str, str]) -> dict[str, Any]:
    name, phone = contact
    return {
        "function": function,
        "organisation": found.organisation,
        "name": name,
        "contact": phone,
        "handler": found.handler,
        "handler_name": found.handler_name,
    }
