"""Reminders of milestones and reports, each once, and the marks of those that were missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.cases.crew import HANDLER
from yiwang.cases.desk import Desk
from yiwang.cases.record import Record
from yiwang.cases.tasks import model, store
from yiwang.cases.tasks.model import Item, Reminder
from yiwang.cases.tasks.watching import Watch
from yiwang.kernel.text import LANGUAGES, find
from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, IN_APP, SMS, Notice, Recipient, account, person
from yiwang.notices.recipients import working_for
from yiwang.registry import service as registry
from yiwang.security.actions import Caller, Context, action

ACTOR = "system:tasks"
_BATCH = 200
_RUNS = ("new", "working")


def sweep(caller: Caller) -> int:
    """Remind of all that is due, whatever its number; how many tasks were looked at. Leaves no
    trace where there is nothing to do."""
    seen = 0
    while True:
        with caller.database.read() as connection:
            if not store.waits(connection, caller.clock.now()):
                return seen
        seen += watch(caller)


@action("cases.watch_plan_tasks", permission="cases.sweep", audit_verb="plan_tasks_watched")
def watch(ctx: Context) -> int:
    """As ``sweep``, at most two hundred tasks: what is reminded of and that it was is written
    in one transaction."""
    tasks = store.due(ctx.connection, ctx.now, _BATCH)
    round_ = _Round(ctx, tasks)
    for task in tasks:
        round_.look(task)
    round_.desk.flush()
    notices.send(ctx, *round_.notices)
    ctx.note("plan_tasks", seen=len(tasks), told=len(round_.notices))
    return len(tasks)


class _Round:
    """One look at some tasks."""

    def __init__(self, ctx: Context, tasks: list[Any]) -> None:
        self.notices: list[Notice] = []
        self.desk = Desk(ctx)
        self._ctx = ctx
        self._watch = Watch(ctx)
        numbers = [one.id for one in tasks]
        self._milestones = store.milestones(ctx.connection, numbers)
        self._reports = store.reports(ctx.connection, numbers)
        ids = {one.plan for one in tasks}
        self._plans = {one.id: one for one in store.plans(ctx.connection, ids)}
        self.desk.load(one.case for one in tasks)
        self._people: dict[int, list[Recipient]] = {}

    def look(self, task: Any) -> None:
        now, plan = self._ctx.now, self._plans[task.plan]
        record = self.desk.record(task.case)
        reported = {one.period for one in self._reports[task.id]}
        since, named = record.opened_at, self._milestones[task.id]
        items = self._watch.items(task, since, named, reported, task.seen_to, now)
        remind = self._watch.policy.remind
        if plan.state == "running" and record.kind in _RUNS:
            for item in items:
                if task.seen_to < item.due_at <= now:
                    self._missed(task, record, item)
            for one in model.passed(items, remind, task.seen_to, now):
                self.notices.append(self._notice(plan, task, record, one))
        next_at = model.next_at(items, remind, now) if plan.state == "running" else None
        values = {"seen_to": now, "watch_at": next_at}
        store.change_task(self._ctx.connection, task.id, values)

    def _missed(self, task: Any, record: Record, item: Item) -> None:
        """The time is over: said in the case at the instant when it was so."""
        if item.kind == "report":
            store.mark_missing(self._ctx.connection, task.id, item.name, item.due_at)
        step = "report_missing" if item.kind == "report" else "milestone_late"
        details = {"item": item.name, "due_at": item.due_at}
        text = item.title or item.name
        self.desk.line(record, step, item.due_at, actor=ACTOR, text=text, details=details)

    def _notice(self, plan: Any, task: Any, record: Record, one: Reminder) -> Notice:
        item = one.item
        what = {
            lang: f"{find(f'cases.tasks.item.{item.kind}', lang)} {item.title or item.name}"
            for lang in LANGUAGES
        }
        fields: Mapping[str, Any] = {
            "what": what,
            "days": abs(one.days),
            "due_at": {"at": item.due_at},
            "task": f"{task.number} {task.title}",
            "plan": dict(plan.title),
        }
        to = self._lead(record)
        if one.stage == "after":
            to = [*to, *(self._unit(plan.owner) if plan.owner else ())]
        return Notice(
            f"plan-task:{task.id}/{item.kind}:{item.name}/{item.due_at}/{one.days}",
            f"task.{one.stage}",
            f"case:{record.no}",
            f"cases.tasks.notice.{one.stage}",
            fields,
            list(dict.fromkeys(to)),
            (IN_APP, EMAIL, SMS) if one.stage == "after" else (IN_APP, EMAIL),
            path=f"/cases/{record.no}",
        )

    def _lead(self, record: Record) -> list[Recipient]:
        if record.handler:
            return [account(record.handler)]
        return self._unit(record.organisation) if record.organisation else []

    def _unit(self, organisation: int) -> list[Recipient]:
        """Who is on duty as handler in an organisation, else everybody who works for it."""
        if organisation not in self._people:
            on = registry.on_duty(self._ctx, None, HANDLER, self._ctx.now, organisation)
            people = [person(one.person.id) for one in on if one.person is not None]
            self._people[organisation] = people or working_for(self._ctx, organisation)
        return self._people[organisation]
