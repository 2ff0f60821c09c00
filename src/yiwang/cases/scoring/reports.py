"""Reports of days, weeks and months: made once, kept as they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select

from yiwang.cases.scoring import rates, schemes, service
from yiwang.cases.scoring.counts import BY
from yiwang.cases.scoring.errors import BadAssessment, NoSuchReport
from yiwang.cases.scoring.sight import PERSONS, sees_all
from yiwang.cases.scoring.tables import case_reports, case_results
from yiwang.cases.scoring.tally import ALL
from yiwang.cases.scoring.trend import trend
from yiwang.kernel import clock as time
from yiwang.kernel.periods import SPANS, last_full, midnight
from yiwang.registry.tables import people
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.model import Identity, allowed

FORM = 1
"""Of the body; a reader of old reports can tell how they are built."""
_OWN = ("period",)


@action("cases.make_report", permission="cases.assess_all", audit_verb="report_made")
def make_report(ctx: Context, span: str, first: date, until: date) -> int:
    """Work out the report of the days from ``first`` to before ``until`` as things are known
    now, and keep it; returns its number. ``span``: day, week, month or period. Raises BadDays,
    BadAssessment."""
    if span not in (*SPANS, *_OWN):
        known = ", ".join((*SPANS, *_OWN))
        raise BadAssessment("span", name="span", value=span, known=known)
    body = build(ctx, span, first, until)
    digest = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
    values = {
        "span": span,
        "first_day": first.isoformat(),
        "until_day": until.isoformat(),
        "made_at": ctx.now,
        "actor": ctx.identity.label,
        "digest": digest,
        "body": body,
    }
    statement = insert(case_reports).values(values).returning(case_reports.c.id)
    number = int(ctx.connection.execute(statement).scalar_one())
    ctx.note(f"report:{number}", span=span, first=first.isoformat(), digest=digest)
    return number


def build(ctx: Context, span: str, first: date, until: date) -> dict[str, Any]:
    """The body of a report: the figures of the city, of those before, of every group and day,
    and the scores by every scheme that is valid on the first day."""
    period = rates.days(ctx, first, until)
    terms = schemes.terms(ctx, first)
    said = rates.asked(ctx, terms, period.end)
    earlier = rates.days(ctx, *_before(span, first, until))
    said_before = rates.asked(ctx, terms, earlier.end)
    zone = ctx.caller.calendar.zone
    days = [first + timedelta(days=i) for i in range((until - first).days + 1)]
    lines = trend(ctx, [midnight(day, zone) for day in days], said, ALL)
    scored = [
        {
            "scheme": service.shown_scheme(one),
            "items": service.scores(ctx, one, period, rates.asked(ctx, one.terms, period.end)),
        }
        for _, one in sorted(schemes.valid(ctx, first).items())
    ]
    groups = {by: rates.grouped(ctx, by, period.start, said) for by in BY}
    return {
        "form": FORM,
        "span": span,
        **service.shown_period(period),
        "made_at": time.render(ctx.now),
        "terms": service.shown_terms(terms),
        "total": groups["class"].all,
        "before": rates.total(ctx, earlier.start, said_before, ALL),
        "groups": {by: service.named(ctx, by, found.groups) for by, found in groups.items()},
        "scores": scored,
        "days": [line | {"day": day.isoformat()} for day, line in zip(days, lines, strict=False)],
    }


def _before(span: str, first: date, until: date) -> tuple[date, date]:
    """The period before: of a month the month before, else as many days."""
    if span == "month":
        return (first - timedelta(days=1)).replace(day=1), first
    return first - (until - first), first


def due(caller: Caller, today: date) -> list[tuple[str, date, date]]:
    """The last full day, week and month of which there is no report yet; none while there are
    no cases."""
    with caller.database.read() as connection:
        if connection.execute(select(case_results.c.case).limit(1)).first() is None:
            return []
        wanted = [(span, *last_full(span, today)) for span in SPANS]
        table = case_reports.c
        known = {
            (row.span, row.first_day)
            for row in connection.execute(
                select(table.span, table.first_day).where(
                    table.first_day >= min(first for _, first, _ in wanted).isoformat()
                )
            )
        }
    return [one for one in wanted if (one[0], one[1].isoformat()) not in known]


@query("cases.list_reports", permission="cases.assess")
def list_reports(ctx: Context, span: str, limit: int, after: int | None) -> list[dict[str, Any]]:
    """Reports without their bodies, the newest first."""
    table = case_reports
    columns = [column for column in table.c if column.key != "body"]
    chosen = select(*columns).order_by(table.c.id.desc()).limit(limit)
    if span:
        chosen = chosen.where(table.c.span == span)
    if after is not None:
        chosen = chosen.where(table.c.id < after)
    return [_listed(row) for row in ctx.connection.execute(chosen)]


def _listed(row: Any) -> dict[str, Any]:
    return {
        "report": row.id,
        "span": row.span,
        "from": row.first_day,
        "until": row.until_day,
        "made_at": time.render(row.made_at),
        "made_by": row.actor,
        "digest": row.digest,
    }


@query("cases.show_report", permission="cases.assess")
def show_report(ctx: Context, number: int) -> dict[str, Any]:
    """A report as it was made; of departments and persons what the caller may see. Raises
    NoSuchReport."""
    row = ctx.connection.execute(select(case_reports).where(case_reports.c.id == number)).first()
    if row is None:
        raise NoSuchReport(report=number)
    body: dict[str, Any] = row.body
    if not sees_all(ctx.identity):
        body = _own_of(ctx, body)
    return _listed(row) | {"body": body}


def _own_of(ctx: Context, body: Mapping[str, Any]) -> dict[str, Any]:
    seen = {"organisation": {ctx.identity.organisation}, "person": _persons(ctx, ctx.identity)}

    def mine(by: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for one in items if by not in seen or one["key"] in seen[by]]

    groups = {by: mine(by, items) for by, items in body["groups"].items()}
    scores = [
        scored | {"items": mine(scored["scheme"]["of"], scored["items"])}
        for scored in body["scores"]
    ]
    return {**body, "groups": groups, "scores": scores}


def _persons(ctx: Context, identity: Identity) -> set[Any]:
    """Whose figures somebody may see: their own, and as a head those of their department."""
    if identity.organisation is None or not allowed(identity, PERSONS):
        return {identity.name}
    of = select(people.c.user).where(people.c.organisation == identity.organisation)
    return {identity.name} | {row.user for row in ctx.connection.execute(of) if row.user}
