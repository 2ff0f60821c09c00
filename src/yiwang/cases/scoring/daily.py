"""What time alone brings about in the assessment."""

from __future__ import annotations

from yiwang.cases.scoring import results
from yiwang.security.actions import Caller


class Rounds:
    """Called with every tick; does nothing most of the time."""

    def __init__(self) -> None:
        self._taken_up = False

    def __call__(self, caller: Caller) -> None:
        if not self._taken_up:
            results.take_up(caller)
            self._taken_up = True
