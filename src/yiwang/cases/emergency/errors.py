"""What emergencies refuse."""

from typing import ClassVar

from yiwang.cases.errors import BadClass
from yiwang.kernel.errors import Kind, YiwangError


class BadPlan(BadClass):
    """A plan in a pack's ``plans.yaml`` that could not work."""

    code: ClassVar[str] = "cases.emergency.bad_plan"


class NoLevels(BadPlan):
    code: ClassVar[str] = "cases.emergency.no_levels"


class PlanCircle(BadPlan):
    code: ClassVar[str] = "cases.emergency.circle"


class TitleMissing(BadPlan):
    code: ClassVar[str] = "cases.emergency.title_missing"


class UnknownPlanName(BadPlan):
    code: ClassVar[str] = "cases.emergency.unknown_name"


class NoSuchPlan(YiwangError):
    code: ClassVar[str] = "cases.emergency.no_such_plan"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchLevel(YiwangError):
    code: ClassVar[str] = "cases.emergency.no_such_level"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchIncident(YiwangError):
    code: ClassVar[str] = "cases.emergency.no_such_incident"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchTask(YiwangError):
    code: ClassVar[str] = "cases.emergency.no_such_task"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class CaseOver(YiwangError):
    """A plan is started for open cases."""

    code: ClassVar[str] = "cases.emergency.case_over"
    kind: ClassVar[Kind] = Kind.CONFLICT


class OtherPlan(YiwangError):
    """The case belongs to another running incident."""

    code: ClassVar[str] = "cases.emergency.other_plan"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NotForClass(YiwangError):
    code: ClassVar[str] = "cases.emergency.not_for_class"
    kind: ClassVar[Kind] = Kind.INVALID


class Ended(YiwangError):
    code: ClassVar[str] = "cases.emergency.ended"
    kind: ClassVar[Kind] = Kind.CONFLICT


class ReasonMissing(YiwangError):
    code: ClassVar[str] = "cases.emergency.reason_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class SameLevel(YiwangError):
    code: ClassVar[str] = "cases.emergency.same_level"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NotYours(YiwangError):
    """The task is another organisation's, or only the command centre does this."""

    code: ClassVar[str] = "cases.emergency.not_yours"
    kind: ClassVar[Kind] = Kind.DENIED


class WrongTaskState(YiwangError):
    code: ClassVar[str] = "cases.emergency.wrong_state"
    kind: ClassVar[Kind] = Kind.CONFLICT


class TaskChanged(YiwangError):
    code: ClassVar[str] = "cases.emergency.task_changed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class EvidenceMissing(YiwangError):
    code: ClassVar[str] = "cases.emergency.evidence_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class TasksLeft(YiwangError):
    code: ClassVar[str] = "cases.emergency.tasks_left"
    kind: ClassVar[Kind] = Kind.CONFLICT


class AnswersMissing(YiwangError):
    code: ClassVar[str] = "cases.emergency.answers_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownWord(YiwangError):
    code: ClassVar[str] = "cases.emergency.unknown_word"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSender(YiwangError):
    """Actual alerts need to say whose they are."""

    code: ClassVar[str] = "cases.emergency.no_sender"
    kind: ClassVar[Kind] = Kind.CONFLICT


class AlertInForce(YiwangError):
    """One alert at a time; and an incident does not end while the public is warned."""

    code: ClassVar[str] = "cases.emergency.alert_in_force"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoAlert(YiwangError):
    """There is nothing to update or cancel."""

    code: ClassVar[str] = "cases.emergency.no_alert"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadAlert(YiwangError):
    code: ClassVar[str] = "cases.emergency.bad_alert"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchAlert(YiwangError):
    code: ClassVar[str] = "cases.emergency.no_such_alert"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
