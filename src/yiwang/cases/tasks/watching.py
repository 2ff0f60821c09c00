"""What a task is to be reminded of, and when next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from yiwang.cases.tasks import model
from yiwang.cases.tasks.model import Item
from yiwang.cases.tasks.policy import TaskPolicy, built_in
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Context

_LONGEST_PERIOD = 31 * DAY


class Watch:
    """The city's policy and time zone as one transaction uses them."""

    def __init__(self, ctx: Context) -> None:
        self.policy: TaskPolicy = ctx.caller.ports.get(TaskPolicy) or built_in()
        calendar = ctx.caller.calendar
        self.zone = calendar.zone

    def items(
        self,
        task: Any,
        since: int,
        milestones: Sequence[Any],
        reported: Collection[str],
        seen_to: int,
        until: int,
    ) -> list[Item]:
        """What is due around ``seen_to`` to ``until`` and not done: milestones, and the reports
        of periods that go on after ``since``, the opening of the task's case."""
        found = [
            Item("milestone", str(one.id), one.due_at, one.title)
            for one in milestones
            if one.done_at is None
        ]
        reach = model.horizon(self.policy.remind)
        begin = max(since, seen_to - reach - _LONGEST_PERIOD)
        end = until + reach + 2 * _LONGEST_PERIOD
        found += [
            Item("report", one.name, one.due_at)
            for one in model.periods(task.rhythm, begin, end, self.zone)
            if one.name not in reported
        ]
        return found

    def next_at(
        self,
        task: Any,
        since: int,
        milestones: Sequence[Any],
        now: int,
        reported: Collection[str] = (),
    ) -> int | None:
        """When the task is looked at next."""
        items = self.items(task, since, milestones, reported, now, now)
        return model.next_at(items, self.policy.remind, now)
