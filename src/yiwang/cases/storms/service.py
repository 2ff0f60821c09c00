"""Storms: what the centre sees of them, and what it does with a whole one at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.cases import store as case_store
from yiwang.cases import views
from yiwang.cases.actions import flow, steps
from yiwang.cases.desk import Desk
from yiwang.cases.model.guards import Given
from yiwang.cases.record import Record
from yiwang.cases.storms import gathering, store
from yiwang.cases.storms.errors import NoSuchStorm, NotInStorm, ReasonMissing, StormOver
from yiwang.cases.tables import cases
from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query

APART = 0
"""``cases.storm`` of a case that somebody took out of one."""
_SHOWN = 500


@query("cases.list_storms", permission="cases.dispatch")
def list_storms(
    ctx: Context, state: str, limit: int, after: int | None, lang: str
) -> list[dict[str, Any]]:
    """Storms, newest first. ``state``: open (some case of it is), over, or empty for all."""
    return _shown(ctx, store.storms(ctx.connection, state, limit, after), lang)


@query("cases.show_storm", permission="cases.dispatch")
def show_storm(ctx: Context, number: int, lang: str) -> dict[str, Any]:
    """One storm with its cases, the first 500 of them. Raises NoSuchStorm."""
    row = _row(ctx, number)
    numbers = store.members(ctx.connection, number)[:_SHOWN]
    records = sorted(case_store.many(ctx.connection, cases.c.no, numbers), key=lambda one: one.no)
    shown = views.summaries(ctx, records, lang)
    cleared = {one.no: _all_cleared(one) for one in records}
    items = [one | {"cleared": cleared[one["no"]]} for one in shown]
    return _shown(ctx, [row], lang)[0] | {"cases": items}


@action("cases.acknowledge_storm", permission="cases.dispatch", audit_verb="storm_acknowledged")
def acknowledge_storm(ctx: Context, number: int) -> int:
    """Take note of a storm once for all its cases: those that wait to be accepted are accepted
    and go where the lead is. Returns how many. Raises NoSuchStorm, StormOver."""
    row = _going_on(ctx, number)
    desk = Desk(ctx)
    records = _open_members(desk, number)
    lead = desk.record(row.lead)
    moved = sum(_accept(desk, one, lead) for one in records)
    if row.acknowledged_at is None:
        values = {"acknowledged_at": ctx.now, "acknowledged_by": ctx.identity.label}
        store.change_storm(ctx.connection, number, **values)
        desk.line(lead, "storm_acknowledged", ctx.now, details={"storm": number, "cases": moved})
    desk.flush()
    ctx.note(f"storm:{number}", cases=moved)
    return moved


@action("cases.close_cleared", permission="cases.dispatch", audit_verb="storm_cases_closed")
def close_cleared(ctx: Context, number: int, reason: str) -> list[int]:
    """Close all cases of a storm whose findings have all ended and that nobody else reported;
    returns their numbers. Raises NoSuchStorm, StormOver, ReasonMissing."""
    said = _reason(reason)
    _going_on(ctx, number)
    desk = Desk(ctx)
    ready = [one for one in _open_members(desk, number) if _all_cleared(one)]
    for record in ready:
        flow.end(desk, record, "close", ctx.now, said, ctx.identity.label)
    desk.flush()
    ctx.note(f"storm:{number}", cases=len(ready))
    return [one.no for one in ready]


@action("cases.dissolve_storm", permission="cases.dispatch", audit_verb="storm_dissolved")
def dissolve_storm(ctx: Context, number: int, reason: str) -> None:
    """A storm that was none: its cases stand for themselves again, and are gathered no more.
    Raises NoSuchStorm, StormOver, ReasonMissing."""
    said = _reason(reason)
    _going_on(ctx, number)
    desk = Desk(ctx)
    numbers = store.members(ctx.connection, number)
    desk.load(numbers)
    for no in numbers:
        _leave(desk, desk.record(no), number, said)
    store.change_storm(
        ctx.connection,
        number,
        members=0,
        dissolved_at=ctx.now,
        dissolved_by=ctx.identity.label,
    )
    desk.flush()
    ctx.note(f"storm:{number}", cases=len(numbers))


@action("cases.take_out", permission="cases.dispatch", audit_verb="case_taken_out_of_storm")
def take_out(ctx: Context, number: int, no: int, reason: str) -> None:
    """Take one case out of a storm; where it led, the next one leads. Raises NoSuchStorm,
    StormOver, NoSuchCase, NotInStorm, ReasonMissing."""
    said = _reason(reason)
    row = _going_on(ctx, number)
    desk = Desk(ctx)
    record = desk.record(no)
    if record.storm != number:
        raise NotInStorm(f"case:{no}", no=no, storm=number)
    _leave(desk, record, number, said)
    left = [other for other in store.members(ctx.connection, number) if other != no]
    values: dict[str, Any] = {"members": row.members - 1}
    if not left:
        values |= {"dissolved_at": ctx.now, "dissolved_by": ctx.identity.label}
    elif row.lead == no:
        first = desk.record(left[0])
        values |= {"lead": first.no, "lon": first.lon, "lat": first.lat}
        desk.line(first, "storm_leads", ctx.now, details={"storm": number})
    store.change_storm(ctx.connection, number, **values)
    desk.flush()
    ctx.note(f"storm:{number}", case=no)


def _accept(desk: Desk, record: Record, lead: Record) -> bool:
    """Accept a case that waits for it, and give it to those who have the lead."""
    machine = desk.class_of(record).machine
    if record.kind != "new":
        return False
    was, rule = record.state, machine.steps.get("accept")
    if rule is not None and record.state in rule.sources:
        steps.apply(desk, record, "accept", Given())
    if record.no != lead.no:
        gathering.follow(desk, record, lead, desk.ctx.now)
    return record.state != was


def _leave(desk: Desk, record: Record, number: int, reason: str) -> None:
    record.storm = APART
    desk.line(record, "storm_left", desk.ctx.now, reason=reason, details={"storm": number})


def _open_members(desk: Desk, number: int) -> list[Record]:
    numbers = store.members(desk.ctx.connection, number)
    desk.load(numbers)
    return [record for no in numbers if (record := desk.record(no)).open]


def _all_cleared(record: Record) -> bool:
    """Findings there were, all have ended, and nobody reported it besides."""
    only = record.findings == record.sources
    return record.open and only and record.findings > 0 and record.live_findings == 0


def _reason(reason: str) -> str:
    said = reason.strip()
    if not said or len(said) > 1000:
        raise ReasonMissing("reason", most=1000)
    return said


def _row(ctx: Context, number: int) -> Any:
    row = store.storm(ctx.connection, number)
    if row is None:
        raise NoSuchStorm(storm=number)
    return row


def _going_on(ctx: Context, number: int) -> Any:
    row = _row(ctx, number)
    if row.dissolved_at is not None:
        raise StormOver(f"storm:{number}", storm=number)
    return row


def _shown(ctx: Context, rows: Sequence[Any], lang: str) -> list[dict[str, Any]]:
    counts = store.open_members(ctx.connection, [row.id for row in rows])
    leads = list(case_store.many(ctx.connection, cases.c.no, [row.lead for row in rows]))
    shown = {one["no"]: one for one in views.summaries(ctx, leads, lang)}
    return [
        {
            "storm": row.id,
            "cause": row.cause,
            "lead": shown[row.lead],
            "first_at": clock.render(row.first_at),
            "last_at": clock.render(row.last_at),
            "formed_at": clock.render(row.formed_at),
            "members": row.members,
            "open": counts.get(row.id, 0),
            "acknowledged_at": _instant(row.acknowledged_at),
            "acknowledged_by": row.acknowledged_by,
            "dissolved_at": _instant(row.dissolved_at),
            "dissolved_by": row.dissolved_by,
        }
        for row in rows
    ]


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
