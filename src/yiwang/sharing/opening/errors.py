"""What opening refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NotReleasable(YiwangError):
    """The review for secrecy and privacy found something; nothing was released."""

    code: ClassVar[str] = "sharing.opening.not_releasable"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def __init__(self, findings: Sequence[dict[str, Any]], **fields: object) -> None:
        first = findings[0]
        super().__init__(str(first["column"]), count=len(findings), why=first["why"], **fields)
        self.findings = list(findings)


class NotReleased(YiwangError):
    code: ClassVar[str] = "sharing.opening.not_released"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadChoice(YiwangError):
    """A value that is none of those that are taken."""

    code: ClassVar[str] = "sharing.opening.bad_choice"
    kind: ClassVar[Kind] = Kind.INVALID


class OwnReview(YiwangError):
    """Who entered a resource does not release it."""

    code: ClassVar[str] = "sharing.opening.own_review"
    kind: ClassVar[Kind] = Kind.DENIED


class AnsweredBefore(YiwangError):
    code: ClassVar[str] = "sharing.opening.answered_before"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchWish(YiwangError):
    code: ClassVar[str] = "sharing.opening.no_such_wish"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoRows(YiwangError):
    """The resource is opened, but its data cannot be had at the moment."""

    code: ClassVar[str] = "sharing.opening.no_rows"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
