"""What time alone brings about in the assessment: results of old cases, reports of periods that
are over."""

from __future__ import annotations

from yiwang.cases.scoring import reports, results, sending
from yiwang.kernel import clock as time
from yiwang.kernel.periods import day_of
from yiwang.security.actions import Caller

LATE = time.HOUR
"""How long after midnight the reports of a period are made: what is recorded later is not in
them."""


class Rounds:
    """Called with every tick; does nothing most of the time."""

    def __init__(self) -> None:
        self._taken_up = False
        self._hour = -1

    def __call__(self, caller: Caller) -> None:
        if not self._taken_up:
            results.take_up(caller)
            self._taken_up = True
        now = caller.clock.now()
        if now // time.HOUR == self._hour:
            return
        calendar = caller.calendar
        for span, first, until in reports.due(caller, day_of(now - LATE, calendar.zone)):
            sending.make_due(caller, span, first, until)
        self._hour = now // time.HOUR
