"""What the JT/T 808 entrance refuses; the codes stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.sensing.errors import Refused


class NoFix(Refused):
    """The position of a report is not to be used; its other values are."""

    code: ClassVar[str] = "sensing.no_fix"

    def __init__(self, reason: str) -> None:
        super().__init__("position", reason=reason)


class NotAuthenticated(Refused):
    """A terminal sends data before it authenticated, or in another one's name."""

    code: ClassVar[str] = "sensing.not_authenticated"

    def __init__(self, message: str) -> None:
        super().__init__(message=message)
