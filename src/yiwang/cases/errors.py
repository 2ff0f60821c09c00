"""What cases refuse."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import find, render


class NoSuchCase(YiwangError):
    code: ClassVar[str] = "cases.no_such_case"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchClass(YiwangError):
    code: ClassVar[str] = "cases.no_such_class"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class StepError(YiwangError):
    """A step that is not taken. The field ``why`` is the code of the reason (a text under
    ``cases.why``), which is said too."""

    code: ClassVar[str] = "cases.step_not_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def what(self, lang: str = "en") -> str:
        fields = dict(self.fields)
        step = str(fields.get("step", ""))
        fields["step"] = find(f"cases.step.{step}", lang) or step
        said = render(f"{self.code}.what", lang, fields)
        for name in ("state", "needed"):
            words = str(fields.get(name, "")).split(", ")
            fields[name] = ", ".join(find(f"cases.state.{word}", lang) or word for word in words)
        why = render(f"cases.why.{fields.get('why', '')}", lang, fields)
        return f"{said} {why}"


class StepRefused(StepError):
    """The step exists, but not for this person."""

    code: ClassVar[str] = "cases.step_refused"
    kind: ClassVar[Kind] = Kind.DENIED


class StepImpossible(StepError):
    """The step does not lead on from the state that the case is in."""

    code: ClassVar[str] = "cases.step_impossible"
    kind: ClassVar[Kind] = Kind.CONFLICT


class StepIncomplete(StepError):
    """Something that the step needs was not given."""

    code: ClassVar[str] = "cases.step_incomplete"
    kind: ClassVar[Kind] = Kind.INVALID


class ChangedMeanwhile(YiwangError):
    code: ClassVar[str] = "cases.changed_meanwhile"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadTarget(YiwangError):
    """``what`` names a kind of target (a text under ``cases.target``)."""

    code: ClassVar[str] = "cases.bad_target"
    kind: ClassVar[Kind] = Kind.INVALID

    def what(self, lang: str = "en") -> str:
        what = str(self.fields.get("what", ""))
        words = find(f"cases.target.{what}", lang) or what
        return render(f"{self.code}.what", lang, dict(self.fields) | {"what": words})


class TooMuchTime(YiwangError):
    code: ClassVar[str] = "cases.too_much_time"
    kind: ClassVar[Kind] = Kind.INVALID


class NotToCome(YiwangError):
    """A time that should lie ahead does not."""

    code: ClassVar[str] = "cases.not_to_come"
    kind: ClassVar[Kind] = Kind.INVALID


class PlaceMissing(YiwangError):
    code: ClassVar[str] = "cases.place_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class TextMissing(YiwangError):
    code: ClassVar[str] = "cases.text_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class WordsTooLong(YiwangError):
    """A reason or a text of a step that nobody would read."""

    code: ClassVar[str] = "cases.words_too_long"
    kind: ClassVar[Kind] = Kind.INVALID


class NoProposal(YiwangError):
    """Nothing is proposed for a case that somebody could refuse, or it was answered."""

    code: ClassVar[str] = "cases.no_proposal"
    kind: ClassVar[Kind] = Kind.CONFLICT


class AnswerMissing(YiwangError):
    code: ClassVar[str] = "cases.answer_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class BadAnswer(YiwangError):
    """An answer to a question of the class's form that cannot be one."""

    code: ClassVar[str] = "cases.bad_answer"
    kind: ClassVar[Kind] = Kind.INVALID


class NotAPicture(YiwangError):
    code: ClassVar[str] = "cases.not_a_picture"
    kind: ClassVar[Kind] = Kind.INVALID


class PictureTooLarge(YiwangError):
    code: ClassVar[str] = "cases.picture_too_large"
    kind: ClassVar[Kind] = Kind.TOO_LARGE


class PictureTooWide(YiwangError):
    code: ClassVar[str] = "cases.picture_too_wide"
    kind: ClassVar[Kind] = Kind.TOO_LARGE


class TooManyPictures(YiwangError):
    code: ClassVar[str] = "cases.too_many_pictures"
    kind: ClassVar[Kind] = Kind.TOO_MANY


class NoSuchPicture(YiwangError):
    code: ClassVar[str] = "cases.no_such_picture"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadClass(YiwangError):
    """A case class in a pack's ``cases.yaml`` that could not work."""

    code: ClassVar[str] = "cases.bad_class"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownState(BadClass):
    code: ClassVar[str] = "cases.unknown_state"


class DeadEnd(BadClass):
    code: ClassVar[str] = "cases.dead_end"


class NoDeadline(BadClass):
    code: ClassVar[str] = "cases.no_deadline"


class UnknownFilter(YiwangError):
    code: ClassVar[str] = "cases.unknown_filter"
    kind: ClassVar[Kind] = Kind.INVALID
