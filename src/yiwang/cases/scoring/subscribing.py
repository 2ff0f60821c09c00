"""Who is told when a report of a day, week or month was made: people subscribe themselves, and
whoever assesses all may subscribe others; names in ``scoring.yaml`` come on top."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from yiwang.cases.scoring.errors import BadAssessment, NotYourSubscription
from yiwang.cases.scoring.schemes import Schemes
from yiwang.cases.scoring.tables import report_subscribers
from yiwang.kernel.periods import SPANS
from yiwang.security.actions import Context, action, query
from yiwang.security.model import allowed
from yiwang.store.upsert import upsert

_MOST_NAME = 64


@query("cases.report_subscribers", permission="cases.assess")
def subscribers(ctx: Context) -> list[dict[str, Any]]:
    """By span: whether the caller is told (``mine``), and, for those who assess all, who else is
    (``names``; ``fixed`` are those of the file)."""
    fixed = ctx.caller.ports.get(Schemes, Schemes()).subscribers
    everybody = allowed(ctx.identity, "cases.assess_all")
    held = of_spans(ctx.connection)
    return [
        {
            "span": span,
            "mine": ctx.identity.name in held[span],
            "names": held[span] if everybody else [],
            "fixed": list(fixed.get(span, ())) if everybody else [],
        }
        for span in SPANS
    ]


@action("cases.subscribe_report", permission="cases.assess", audit_verb="report_subscribed")
def subscribe(ctx: Context, span: str, user: str, told: bool) -> None:
    """Have somebody told of every report of a span, or no more. Raises BadAssessment, and
    NotYourSubscription for another than oneself."""
    if span not in SPANS:
        raise BadAssessment("span", name="span", value=span, wanted=", ".join(SPANS))
    if not 0 < len(user) <= _MOST_NAME:
        raise BadAssessment("user", name="user", value=user[:80], wanted="1 … 64")
    if user != ctx.identity.name and not allowed(ctx.identity, "cases.assess_all"):
        raise NotYourSubscription("user", user=user)
    own = report_subscribers.c
    if told:
        row = {"span": span, "user": user, "since": ctx.now}
        upsert(ctx.connection, report_subscribers, row, ["span", "user"], [])
    else:
        mine = (own.span == span) & (own.user == user)
        ctx.connection.execute(delete(report_subscribers).where(mine))
    ctx.note(f"report:{span}", user=user, told=told)


def of_spans(connection: Connection) -> dict[str, list[str]]:
    """The accounts that subscribed, by span."""
    own = report_subscribers.c
    found: dict[str, list[str]] = {span: [] for span in SPANS}
    query_ = select(own.span, own.user).order_by(own.span, own.user)
    for row in connection.execute(query_):
        found.setdefault(row.span, []).append(row.user)
    return found
