"""What the SL 651 entrance refuses; the codes stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.sensing.errors import Refused


class BadElement(Refused):
    """One element of a report has no value that can be read; the others are stored."""

    code: ClassVar[str] = "sensing.bad_element"

    def __init__(self, element: str, problem: str) -> None:
        super().__init__(element, element=element, problem=problem)
