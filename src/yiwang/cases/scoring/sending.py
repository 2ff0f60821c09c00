"""Reports of a schedule: made by the platform, and told to who subscribed."""

from __future__ import annotations

from datetime import date, timedelta

from yiwang.cases.scoring import subscribing
from yiwang.cases.scoring.reports import make_report
from yiwang.cases.scoring.schemes import Schemes
from yiwang.kernel.text import LANGUAGES, find
from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, IN_APP, Notice, account
from yiwang.security.actions import Context, action


@action("cases.make_due_report", permission="cases.assess_all", audit_verb="report_made")
def make_due(ctx: Context, span: str, first: date, until: date) -> int:
    """Make and keep the report of a span that is over, and send its subscribers a link to it:
    what they see there is what they may see. Returns its number."""
    number = make_report(ctx, span, first, until)
    named = ctx.caller.ports.get(Schemes, Schemes()).subscribers.get(span, ())
    to = list(dict.fromkeys([*named, *subscribing.of_spans(ctx.connection).get(span, [])]))
    last = until - timedelta(days=1)
    notice = Notice(
        f"report:{span}:{first}",
        "report.made",
        f"report:{number}",
        "cases.figure.notice",
        {
            "span": {lang: find(f"cases.figure.span_{span}", lang) or span for lang in LANGUAGES},
            "days": f"{first}" if first == last else f"{first} – {last}",
        },
        [account(name) for name in to],
        (IN_APP, EMAIL),
        path="/assessment/reports",
    )
    if to:
        notices.send(ctx, notice)
    ctx.note(f"report:{number}", subscribers=len(to))
    return number
