"""Reports of months and years: issued once, kept as they were issued, compared with what a
recomputation says."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select

from yiwang.kernel import clock
from yiwang.kernel.periods import last_full
from yiwang.security.actions import Caller, Context, action, query
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.evaluation import model, schemes, service, tally
from yiwang.sharing.evaluation.errors import BadQuestion, NoSuchReport
from yiwang.sharing.evaluation.tables import share_reports

FORM = 1
"""Of the body; a reader of old reports can tell how they are built."""
SPANS = ("month", "year")
_OWN = ("period",)
_t = share_reports.c


def make(caller: Caller, span: str, first: date, until: date) -> int:
    """Issue the report of the days from ``first`` to before ``until`` as things are known now; its
    number. It is worked out before anything is written, for that may take seconds. Raises BadDays,
    BadQuestion."""
    return keep(caller, build(caller, span, first, until))


@action("sharing.keep_report", permission="sharing.operate", audit_verb="report_made")
def keep(ctx: Context, body: dict[str, Any]) -> int:
    """Keep a report that was worked out; its number."""
    values = {
        "span": body["span"],
        "first_day": body["from"],
        "until_day": body["until"],
        "made_at": ctx.now,
        "actor": ctx.identity.label,
        "digest": digest(body),
        "body": body,
    }
    statement = insert(share_reports).values(values).returning(_t.id)
    number = int(ctx.connection.execute(statement).scalar_one())
    ctx.note(f"report:{number}", span=body["span"], first=body["from"], digest=values["digest"])
    return number


@query("sharing.build_report", permission="sharing.operate")
def build(ctx: Context, span: str, first: date, until: date) -> dict[str, Any]:
    """The body of a report: the figures of every department and of the city, those of the city
    before, the scores by every scheme that is valid on the first day, and digests of what was
    counted. ``span``: month, year or period. Raises BadDays, BadQuestion."""
    if span not in (*SPANS, *_OWN):
        known = ", ".join((*SPANS, *_OWN))
        raise BadQuestion("span", name="span", value=span[:80], known=known)
    if span in SPANS and last_full(span, until) != (first, until):
        days = f"{first} – {until}"
        raise BadQuestion("from, until", name=span, value=days, known="2026-07-01 – 2026-08-01")
    period, found = tally.days(ctx, first, until), schemes.valid(ctx, first)
    terms = schemes.terms(found)
    before = tally.asked(ctx, tally.days(ctx, *_before(span, first, until)), terms)
    return {
        "form": FORM,
        "span": span,
        "made_at": clock.render(ctx.now),
        **service.shown_period(period),
        **service.evaluated(ctx, period, found),
        "before": tally.whole(tally.tallied(ctx, before)).figures(),
        "inputs": tally.digests(ctx, tally.asked(ctx, period, terms)),
    }


def digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()


def _before(span: str, first: date, until: date) -> tuple[date, date]:
    """The days before: the month or year before, else as many days."""
    return last_full(span, first) if span in SPANS else (first - (until - first), first)


def due(caller: Caller, today: date) -> list[tuple[str, date, date]]:
    """The last month and year that are over and have no report; none while nothing was ever
    published."""
    with caller.database.read() as connection:
        published = select(share_resources.c.id).where(share_resources.c.published_at.is_not(None))
        if connection.execute(published.limit(1)).first() is None:
            return []
        wanted = [(span, *last_full(span, today)) for span in SPANS]
        least = min(first for _, first, _ in wanted).isoformat()
        held = select(_t.span, _t.first_day).where(_t.first_day >= least)
        known = {(row.span, row.first_day) for row in connection.execute(held)}
    return [one for one in wanted if (one[0], one[1].isoformat()) not in known]


def issued(ctx: Context, span: str, first: str) -> int | None:
    """The newest report of a month or year."""
    chosen = select(_t.id).where(_t.span == span, _t.first_day == first)
    found: int | None = ctx.connection.execute(chosen.order_by(_t.id.desc()).limit(1)).scalar()
    return found


@query("sharing.evaluation_reports", permission="sharing.read")
def listing(ctx: Context, span: str, limit: int, after: int | None) -> list[dict[str, Any]]:
    """Reports without their bodies, the newest first."""
    columns = [column for column in _t if column.key != "body"]
    chosen = select(*columns).order_by(_t.id.desc()).limit(limit)
    if span:
        chosen = chosen.where(_t.span == span)
    if after is not None:
        chosen = chosen.where(_t.id < after)
    return [_listed(row) for row in ctx.connection.execute(chosen)]


@query("sharing.evaluation_report", permission="sharing.read")
def show(ctx: Context, number: int) -> dict[str, Any]:
    """A report as it was issued. A department sees its own figures, those of the city, and the
    points and ranks of all. Raises NoSuchReport."""
    row = _held(ctx, number)
    body: dict[str, Any] = row.body
    if not service.sees_all(ctx.identity):
        body = _own_of(body, ctx.identity.organisation)
    return _listed(row) | {"body": body}


@query("sharing.compare_report", permission="sharing.review")
def compare(ctx: Context, number: int) -> dict[str, Any]:
    """A report beside what is worked out for the same days now: which figures differ, which
    sources have changed, and whether the report is still the one whose digest was taken. Raises
    NoSuchReport."""
    row = _held(ctx, number)
    body = row.body
    first, until = date.fromisoformat(row.first_day), date.fromisoformat(row.until_day)
    again = build(ctx, row.span, first, until)
    return {
        "report": number,
        "intact": digest(body) == row.digest,
        "at": clock.render(ctx.now),
        "differences": model.differences(body, again),
        "sources": [
            name for name, one in again["inputs"].items() if one != body["inputs"].get(name)
        ],
        "schemes": _schemes(body) != _schemes(again),
    }


def _held(ctx: Context, number: int) -> Any:
    row = ctx.connection.execute(select(share_reports).where(_t.id == number)).first()
    if row is None:
        raise NoSuchReport(report=number)
    return row


def _listed(row: Any) -> dict[str, Any]:
    return {
        "report": row.id,
        "span": row.span,
        "from": row.first_day,
        "until": row.until_day,
        "last": (date.fromisoformat(row.until_day) - timedelta(days=1)).isoformat(),
        "made_at": clock.render(row.made_at),
        "made_by": row.actor,
        "digest": row.digest,
    }


def _own_of(body: dict[str, Any], own: int | None) -> dict[str, Any]:
    """What a department sees: of others, no more than points and ranks."""
    ranking = ("key", "title", "rank", "ranked", "points")
    scores = [
        scored
        | {
            "items": [
                one if one["key"] == own else {name: one[name] for name in ranking}
                for one in scored["items"]
            ]
        }
        for scored in body["scores"]
    ]
    return {
        **body,
        "items": [one for one in body["items"] if one["key"] == own],
        "scores": scores,
    }


def _schemes(body: dict[str, Any]) -> list[str]:
    return [scored["scheme"]["digest"] for scored in body["scores"]]
