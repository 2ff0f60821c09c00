"""What the evaluation refuses."""

from typing import ClassVar

from yiwang.kernel.documents import DocumentError
from yiwang.kernel.errors import Kind, YiwangError


class BadQuestion(YiwangError):
    """A word in a question that is none of those known."""

    code: ClassVar[str] = "sharing.evaluation.bad_question"
    kind: ClassVar[Kind] = Kind.INVALID


class BadDays(YiwangError):
    code: ClassVar[str] = "sharing.evaluation.bad_days"
    kind: ClassVar[Kind] = Kind.INVALID


class BadScheme(DocumentError):
    code: ClassVar[str] = "sharing.evaluation.bad_scheme"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownFigure(DocumentError):
    code: ClassVar[str] = "sharing.evaluation.unknown_figure"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchReport(YiwangError):
    code: ClassVar[str] = "sharing.evaluation.no_such_report"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
