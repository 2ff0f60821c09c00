"""Calls that a telephone system announces, and what operators do with them (screen pop)."""

from __future__ import annotations

from typing import Any

from yiwang.cases.hotline import board, service, store, views
from yiwang.cases.hotline.errors import BadContact, NoSuchCall
from yiwang.cases.hotline.service import Contact, Who
from yiwang.cases.hotline.tables import hotline_calls
from yiwang.kernel.clock import MINUTE
from yiwang.security.actions import Context, action, query

WAITS = 15 * MINUTE
"""A call that nobody took or ended for so long is over."""
MOST = 50


@action("cases.ring", permission="cases.ring", audit_verb="call_announced")
def ring(
    ctx: Context, number: str, line: str, channel: str, external: str = "", operator: str = ""
) -> int:
    """Somebody calls: returns the number of the call. ``external``: the telephone system's own
    id, so that a call told twice is one. Raises BadNumber, BadContact."""
    rules = board.of(ctx)
    by_number = {one.number: code for code, one in rules.lines.items() if one.number}
    line = by_number.get(line, line)
    for name, value, known in (("line", line, rules.lines), ("channel", channel, rules.channels)):
        if value not in known:
            raise BadContact(name, name=name, value=value[:100], known=", ".join(known))
    held = store.call_of(ctx.connection, external[:128]) if external else None
    if held is not None:
        ctx.note(f"call:{held.id}", again=True)
        return int(held.id)
    caller = service.keep_caller(ctx, Who(number))
    made = store.add(
        ctx.connection,
        hotline_calls,
        external=external[:128] or None,
        at=ctx.now,
        line=line,
        channel=channel,
        caller=caller,
        operator=operator[:64],
        contact=None,
        ended_at=None,
    )
    ctx.note(f"call:{made}", caller=caller, line=line)
    return made


@action("cases.hang_up", permission="cases.ring", audit_verb="call_ended")
def hang_up(ctx: Context, external: str) -> int:
    """The caller has given up or hung up: a call that nobody took waits no longer. Raises
    NoSuchCall."""
    held = store.call_of(ctx.connection, external[:128])
    if held is None:
        raise NoSuchCall(id=external[:100])
    if held.ended_at is None:
        store.change(ctx.connection, hotline_calls, held.id, ended_at=ctx.now)
    ctx.note(f"call:{held.id}")
    return int(held.id)


@query("cases.waiting_calls", permission="cases.hotline")
def waiting_calls(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """Calls that ring now, without their numbers, the oldest first."""
    since, name = ctx.now - WAITS, ctx.identity.name
    return views.calls(ctx, store.waiting_calls(ctx.connection, since, name, MOST), lang)


@action("cases.take_call", permission="cases.hotline", audit_verb="call_taken")
def take_call(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """Take a call: the contact that it becomes, with the caller's history; of two at once one
    has it. Raises NoSuchCall."""
    call = store.call(ctx.connection, id)
    if call is None:
        raise NoSuchCall(id=id)
    caller = store.caller(ctx.connection, call.caller)
    who = Who(caller.number) if caller is not None else Who()
    contact = service.begin(ctx, Contact(call.line, call.channel, who))
    if not store.take_call(ctx.connection, id, contact.id):
        raise NoSuchCall(id=id)
    ctx.note(f"caller:{contact.caller}", call=id, contact=contact.id)
    return views.contact(ctx, contact, lang)
