"""What time alone brings about: reports of months and years that are over, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.periods import day_of
from yiwang.kernel.text import LANGUAGES, render
from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, IN_APP, Notice
from yiwang.notices.recipients import holding
from yiwang.security.actions import Caller, Context, action
from yiwang.sharing.catalogue import scoring
from yiwang.sharing.evaluation import reports, tally

LATE = clock.HOUR
"""How long after midnight the reports of a period are made: what is recorded later is not in
them."""
KEPT_DAYS = 3 * 366
"""How long days of renewals are kept."""


class Rounds:
    """Called with every tick; does nothing most of the time."""

    def __init__(self) -> None:
        self._hour = -1

    def __call__(self, caller: Caller) -> None:
        now = caller.clock.now()
        if now // clock.HOUR == self._hour:
            return
        zone = caller.calendar.zone
        for span, first, until in reports.due(caller, day_of(now - LATE, zone)):
            make_due(caller, reports.build(caller, span, first, until))
        self._hour = now // clock.HOUR


@action("sharing.make_due_report", permission="sharing.operate", audit_verb="report_made")
def make_due(ctx: Context, body: dict[str, Any]) -> int:
    """Issue the report of a month or year that is over, and tell the data bureau and the stewards
    of the departments in it (通报); its number. One that was issued meanwhile is not issued
    again."""
    span, first = body["span"], body["from"]
    held = reports.issued(ctx, span, first)
    if held is not None:
        return held
    number = reports.keep(ctx, body)
    scoring.forget_renewals(ctx, tally.today(ctx) - timedelta(days=KEPT_DAYS))
    shown = reports.show(ctx, number)
    inside = {one["key"] for one in shown["body"]["items"]}
    to = holding(ctx, "data_bureau")
    for organisation in sorted(inside):
        to += holding(ctx, "data_steward", organisation)
    title = f"sharing.evaluation.span.{span}"
    notice = Notice(
        f"sharing:report:{span}:{first}",
        "sharing.report",
        f"report:{number}",
        "sharing.evaluation.notice",
        {
            "span": {lang: render(title, lang, {}) for lang in LANGUAGES},
            "days": f"{first} – {shown['last']}",
        },
        to,
        (IN_APP, EMAIL),
        path=f"/sharing/evaluation/{number}",
    )
    if to:
        notices.send(ctx, notice)
    ctx.note(f"report:{number}", told=len(to))
    return number
