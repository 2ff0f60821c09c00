"""What the assessment refuses."""

from typing import ClassVar

from yiwang.kernel.documents import DocumentError
from yiwang.kernel.errors import Kind, YiwangError


class BadAssessment(YiwangError):
    """A word in a question that is none of those known."""

    code: ClassVar[str] = "cases.bad_assessment"
    kind: ClassVar[Kind] = Kind.INVALID


class BadDays(YiwangError):
    code: ClassVar[str] = "cases.bad_days"
    kind: ClassVar[Kind] = Kind.INVALID


class BadScheme(DocumentError):
    code: ClassVar[str] = "cases.bad_scheme"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownIndicator(DocumentError):
    code: ClassVar[str] = "cases.unknown_indicator"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchScheme(YiwangError):
    code: ClassVar[str] = "cases.no_such_scheme"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchReport(YiwangError):
    code: ClassVar[str] = "cases.no_such_report"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotYourSubscription(YiwangError):
    code: ClassVar[str] = "cases.not_your_subscription"
    kind: ClassVar[Kind] = Kind.DENIED
