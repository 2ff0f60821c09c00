"""What the desk shows: contacts, callers, their history, articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from yiwang.cases import city, lists
from yiwang.cases import store as case_store
from yiwang.cases import views as case_views
from yiwang.cases.hotline import board, shelf, store
from yiwang.cases.hotline.tables import hotline_requests
from yiwang.cases.model.masking import masked
from yiwang.cases.record import Brief
from yiwang.cases.tables import cases
from yiwang.kernel import clock
from yiwang.security.actions import Context

MOST_SHOWN = 20


def history(ctx: Context, caller: Row[Any] | None, lang: str) -> dict[str, Any]:
    """A caller with earlier contacts and cases, the newest first."""
    if caller is None:
        return {"caller": None, "contacts": [], "cases": []}
    earlier = store.contacts(ctx.connection, 0, MOST_SHOWN, caller.id)
    numbers = store.cases_of(ctx.connection, caller.id, MOST_SHOWN)
    return {
        "caller": _caller(ctx, caller),
        "contacts": listed(ctx, earlier, lang),
        "cases": of_numbers(ctx, numbers, lang),
    }


def _caller(ctx: Context, row: Row[Any]) -> dict[str, Any]:
    rules = board.of(ctx)
    since = ctx.now - rules.frequent_within
    count = store.contacts_since(ctx.connection, [row.id], since).get(row.id, 0)
    return {
        "id": row.id,
        "number": row.number,
        "email": row.email,
        "name": row.name,
        "language": row.language,
        "first_at": clock.render(row.first_at),
        "last_at": clock.render(row.last_at),
        "recent": count,
        "frequent": count >= rules.frequent_from,
    }


def of_numbers(ctx: Context, numbers: Sequence[int], lang: str) -> list[dict[str, Any]]:
    """Summaries of cases in this order."""
    records = {one.no: one for one in case_store.many(ctx.connection, cases.c.no, numbers)}
    kept = [records[no] for no in numbers if no in records]
    return case_views.summaries(ctx, kept, lang)


def contact(ctx: Context, row: Row[Any], lang: str) -> dict[str, Any]:
    """A contact with its caller and their history."""
    shown = listed(ctx, [row], lang)[0]
    caller = store.caller(ctx.connection, row.caller)
    told = history(ctx, caller, lang)
    told["contacts"] = [one for one in told["contacts"] if one["id"] != row.id]
    return shown | told


def listed(ctx: Context, rows: Sequence[Row[Any]], lang: str) -> list[dict[str, Any]]:
    """Contacts with their requests, without who called."""
    rules = board.of(ctx)
    requests: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in store.requests(ctx.connection, [row.id for row in rows]):
        requests[one.contact].append(_request(one))
    return [
        {
            "id": row.id,
            "at": clock.render(row.at),
            "ended_at": None if row.ended_at is None else clock.render(row.ended_at),
            "line": row.line,
            "line_title": title(rules.lines.get(row.line), row.line, lang),
            "channel": row.channel,
            "channel_title": title(rules.channels.get(row.channel), row.channel, lang),
            "caller_id": row.caller,
            "operator": row.operator,
            "language": row.language,
            "emotion": row.emotion,
            "urgent": row.urgent,
            "repeated": row.repeated,
            "requests": requests[row.id],
        }
        for row in rows
    ]


def title(entry: board.Entry | None, code: str, lang: str) -> str:
    titles = entry.title if entry is not None else {}
    return titles.get(lang) or next(iter(titles.values()), code)


def request_of(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    row = ctx.connection.execute(select(hotline_requests).where(hotline_requests.c.id == id)).one()
    found = of_numbers(ctx, [row.case], lang) if row.case is not None else []
    return _request(row) | {"shown_case": found[0] if found else None}


def _request(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": clock.render(row.at),
        "kind": row.kind,
        "outcome": row.outcome,
        "text": row.text,
        "case": row.case,
        "article": row.article,
        "helpful": row.helpful,
        "missing": row.missing,
        "call_back": row.call_back,
    }


def calls(ctx: Context, rows: Sequence[Row[Any]], lang: str) -> list[dict[str, Any]]:
    """Calls that wait, with so much of the number that an operator knows which is which."""
    rules = board.of(ctx)
    ids = {row.caller for row in rows if row.caller is not None}
    callers = store.callers(ctx.connection, ids)
    counts = store.contacts_since(ctx.connection, ids, ctx.now - rules.frequent_within)
    return [
        {
            "id": row.id,
            "at": clock.render(row.at),
            "line": row.line,
            "line_title": title(rules.lines.get(row.line), row.line, lang),
            "channel": row.channel,
            "caller_id": row.caller,
            "masked": masked(callers[row.caller].number) if row.caller in callers else "",
            "frequent": counts.get(row.caller, 0) >= rules.frequent_from,
            "mine": row.operator != "",
        }
        for row in rows
    ]


def articles(ctx: Context, rows: Sequence[Row[Any]], lang: str) -> list[dict[str, Any]]:
    """Articles with the text of the version that is published, else of the newest."""
    shown = {row.id: row.published or row.version for row in rows}
    bodies = shelf.bodies(ctx.connection, list(shown.items()))
    units = {row.organisation for row in rows if row.organisation is not None}
    names = city.organisation_names(ctx, units, lang)
    return [
        bodies[(row.id, shown[row.id])]
        | {
            "id": row.id,
            "code": row.code or "",
            "organisation": row.organisation,
            "organisation_name": names.get(row.organisation or 0, ""),
            "state": row.state,
            "version": row.version,
            "published": row.published,
            "review_on": row.review_on,
            "changed_at": clock.render(row.changed_at),
            "used": row.used,
            "helpful": row.helpful,
            "unhelpful": row.unhelpful,
        }
        for row in rows
    ]


def near(ctx: Context, lon: float, lat: float, most: int) -> list[Brief]:
    """Open cases within about a kilometre that the caller may see, the newest first."""
    box = (lon - 0.012, lat - 0.009, lon + 0.012, lat + 0.009)
    return lists.page(ctx.connection, ctx.identity, lists.Filter(kind="open", box=box), most, None)
