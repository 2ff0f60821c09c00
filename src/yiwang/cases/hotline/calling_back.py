"""Call-backs (回访): callers whose case has ended are asked how it went."""

from __future__ import annotations

from typing import Any

from yiwang.cases.actions.steps import apply, seen
from yiwang.cases.desk import Desk
from yiwang.cases.hotline import board, store, views
from yiwang.cases.hotline.errors import NotCalledBack
from yiwang.cases.hotline.tables import hotline_requests
from yiwang.cases.model.guards import Given
from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query

MOST = 200


@query("cases.call_backs", permission="cases.hotline")
def call_backs(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """Who is to be called, by the time until which; without their numbers, which the contact
    shows."""
    within = board.of(ctx).call_back_within
    rows = store.call_backs(ctx.connection, MOST)
    shown = {one["no"]: one for one in views.of_numbers(ctx, [row.case for row in rows], lang)}
    return [
        {
            "request": row.id,
            "contact": row.contact,
            "kind": row.kind,
            "text": row.text,
            "tries": row.tries,
            "tried_at": None if row.tried_at is None else clock.render(row.tried_at),
            "due_at": clock.render(row.closed_at + within),
            "late": row.closed_at + within < ctx.now,
            "case": shown[row.case],
        }
        for row in rows
    ]


@action("cases.call_back", permission="cases.hotline", audit_verb="called_back")
def call_back(ctx: Context, request: int, reached: bool, given: Given) -> dict[str, Any]:
    """What a call-back heard: the assessment, by the step ``assess`` (not solved reopens the
    case as its class says, and the caller is called again after the next end). Not reached: one
    try more, and given up after as many as the city allows.

    Raises NotCalledBack, and what the step raises.
    """
    row = store.waits(ctx.connection, request)
    desk = Desk(ctx)
    record = None if row is None else seen(ctx, desk, row.case)
    if row is None or record is None or record.kind != "done":
        raise NotCalledBack(f"request:{request}", id=request)
    tries = row.tries + 1
    waits = tries < board.of(ctx).call_back_tries
    if reached:
        # What one operator heard of several callers is one assessment and words for the rest.
        step = "comment" if desk.facts(record).assessed else "assess"
        if step == "assess" or given.text.strip():
            apply(desk, record, step, given)
        desk.flush()
        waits = record.open
        tries = 0 if waits else tries
    values = {"call_back": waits, "tries": tries, "tried_at": ctx.now}
    store.change(ctx.connection, hotline_requests, request, **values)
    ctx.note(f"case:{record.no}", caller=row.caller, reached=reached)
    return {"request": request, "waits": waits, "tries": tries, "state": record.state}
