"""The work list of proposals: what the centre has to answer, and how it refuses one. It accepts
one, or chooses otherwise, by the step itself: a dispatch, or a change of class."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select, update

from yiwang.cases import views
from yiwang.cases.actions.steps import seen
from yiwang.cases.desk import Desk
from yiwang.cases.errors import NoProposal, WordsTooLong
from yiwang.cases.learning import classes, proposals
from yiwang.cases.learning.tables import case_class_proposals, case_proposals
from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.tables import cases
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Context, action, query

WHAT = ("dispatch", "class")
LEAST_SURE = 0.5
"""A class that is less sure is not worth the centre's time."""
LOOKED_BACK = 90 * DAY
MOST_REASON = 1000


@query("cases.waiting_proposals", permission="cases.dispatch")
def waiting(
    ctx: Context, what: str, after: int | None, limit: int, lang: str
) -> list[dict[str, Any]]:
    """Open cases with a proposal that nobody has answered, behind the one numbered ``after``.
    ``dispatch``: those that nobody has had, the oldest first. ``class``: those whose reporter chose
    none of the classes shown, of 90 days, the newest first. Each has its ``proposal``."""
    asked = _dispatches(after) if what == "dispatch" else _classes(ctx.now, after)
    rows = ctx.connection.execute(asked.limit(limit)).all()
    desk = Desk(ctx)
    desk.load([row.no for row in rows])
    records = [desk.record(row.no) for row in rows]
    shown = views.summaries(ctx, records, lang)
    codes = {code for row in rows for code in classes.codes_of(row)} if what == "class" else set()
    titles = classes.titles(ctx, codes, lang)
    return [
        one
        | {
            "id": row.id,
            "description": record.description[:500],
            "proposal": proposals.as_shown(ctx, row, record, lang)
            if what == "dispatch"
            else classes.as_shown(row, titles),
        }
        for one, record, row in zip(shown, records, rows, strict=True)
    ]


def _dispatches(after: int | None) -> Select[Any]:
    own = case_proposals.c
    newer = case_proposals.alias()
    newest = select(func.max(newer.c.id)).where(newer.c.case == cases.c.no).scalar_subquery()
    asked = (
        select(cases.c.no, *(one for one in own))
        .join(cases, cases.c.no == own.case)
        .where(cases.c.organisation.is_(None), cases.c.open, own.id == newest)
        .where(own.answer == "", ~own.sent)
        .order_by(cases.c.no)
    )
    return asked if after is None else asked.where(cases.c.no > after)


def _classes(now: int, after: int | None) -> Select[Any]:
    own = case_class_proposals.c
    asked = (
        select(cases.c.no, *(one for one in own))
        .join(cases, cases.c.no == own.case)
        .where(own.answer == "", own.took == "other", own.at > now - LOOKED_BACK)
        .where(cases.c.kind.in_(OPEN_KINDS), own.confidence >= LEAST_SURE)
        .where(own.chosen == cases.c.class_code)
        .order_by(own.id.desc())
    )
    return asked if after is None else asked.where(own.id < after)


@action("cases.refuse_proposal", permission="cases.dispatch", audit_verb="proposal_refused")
def refuse(ctx: Context, no: int, what: str, reason: str) -> None:
    """None of what is proposed for a case is right: it leaves the work list, and stays where it
    is. Stands in the timeline. Raises NoSuchCase, NoProposal where nothing waits to be answered,
    WordsTooLong."""
    if len(reason) > MOST_REASON:
        raise WordsTooLong("reason", name="reason", most=MOST_REASON)
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    found = classes.refused(ctx, no) if what == "class" else _refused(ctx, no)
    if not found:
        raise NoProposal(f"case:{no}", no=no)
    details = {"what": what}
    desk.line(record, "proposal_refused", ctx.now, reason=reason.strip(), details=details)
    desk.flush()
    ctx.note(f"case:{no}", what=what)


def _refused(ctx: Context, no: int) -> bool:
    """Only the newest is shown, and so answered."""
    own = case_proposals.c
    newest = select(func.max(own.id)).where(own.case == no)
    id = ctx.connection.execute(newest).scalar()
    mine = update(case_proposals).where(own.id == id, own.answer == "", ~own.sent)
    values = {"answer": "refused", "answered_at": ctx.now, "answered_by": ctx.identity.label}
    return ctx.connection.execute(mine.values(**values)).rowcount > 0
