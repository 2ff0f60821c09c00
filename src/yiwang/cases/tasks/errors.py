"""What supervised tasks refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import render


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: the task (from 1) or the row of the file, the field, and
    why (a text under ``cases.tasks.fault``)."""

    row: int
    column: str
    why: str
    value: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def shown(self, lang: str) -> dict[str, Any]:
        words = render(f"cases.tasks.fault.{self.why}", lang, self.fields | {"value": self.value})
        column = render(f"cases.tasks.column.{self.column}", lang, {})
        return {
            "row": self.row,
            "column": self.column,
            "column_title": column,
            "value": self.value,
            "why": self.why,
            "text": words,
        }


class BadTasks(YiwangError):
    """One or more tasks cannot be taken in; nothing was."""

    code: ClassVar[str] = "cases.tasks.bad_tasks"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        where = f"{first.row}, {first.column}"
        super().__init__(where, count=len(faults), row=first.row, column=first.column)
        self.faults = list(faults)


class BadFile(YiwangError):
    """A file that is neither of the workbooks nor of the texts that tasks come in."""

    code: ClassVar[str] = "cases.tasks.bad_file"
    kind: ClassVar[Kind] = Kind.INVALID


class BadPlanValue(YiwangError):
    code: ClassVar[str] = "cases.tasks.bad_value"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchWorkPlan(YiwangError):
    code: ClassVar[str] = "cases.tasks.no_such_plan"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchPlanTask(YiwangError):
    code: ClassVar[str] = "cases.tasks.no_such_task"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class PlanChanged(YiwangError):
    """Somebody else changed it since it was read."""

    code: ClassVar[str] = "cases.tasks.plan_changed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class WrongPlanState(YiwangError):
    code: ClassVar[str] = "cases.tasks.wrong_state"
    kind: ClassVar[Kind] = Kind.CONFLICT


class ReasonNeeded(YiwangError):
    """A running plan changes with a reason."""

    code: ClassVar[str] = "cases.tasks.reason_needed"
    kind: ClassVar[Kind] = Kind.INVALID


class NotLead(YiwangError):
    """Progress is reported by the unit that has the task."""

    code: ClassVar[str] = "cases.tasks.not_lead"
    kind: ClassVar[Kind] = Kind.DENIED


class BadReport(YiwangError):
    code: ClassVar[str] = "cases.tasks.bad_report"
    kind: ClassVar[Kind] = Kind.INVALID
